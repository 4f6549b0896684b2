"""Parameters and multiply-adds of a network for inference: norms folded, training heads removed."""

from __future__ import annotations

from math import prod
from typing import Any

import keras
from keras import layers

from models.zoo import deployed

__all__ = ["network_stats", "paper_giga"]


def network_stats(network: Any) -> tuple[int, int]:
    """Parameters and multiply-adds of one inference.

    The multiply-adds are those that `blazetrack.store.prune_outputs.count` finds in the exported
    file; a layer counts as often as it is called. The parameters are kernels and biases; a file
    shares equal biases.
    """
    parameters: dict[int, int] = {}
    work = 0
    for layer, into, out in _calls(deployed(network)):
        if isinstance(layer, layers.Conv2DTranspose):  # each input cell adds to size² outputs
            work += prod(into) * prod(layer.kernel.shape[:3])
            parameters[id(layer)] = prod(layer.kernel.shape) + layer.kernel.shape[2]
            continue
        if isinstance(layer, layers.DepthwiseConv2D):
            kernel, reads = layer.kernel, prod(layer.kernel.shape[:2])
            biases = 0
        elif isinstance(layer, layers.Conv2D | layers.Dense):
            kernel, reads = layer.kernel, prod(layer.kernel.shape[:-1])
            biases = kernel.shape[-1]  # its own, or that of the batch norm behind it
        elif type(layer).__name__ == "Matmul":
            work += prod(out) * into[-1]
            continue
        else:
            continue
        parameters[id(layer)] = prod(kernel.shape) + biases
        work += prod(out) * reads
    return sum(parameters.values()), work


def _calls(network: Any) -> list[tuple[Any, tuple[int, ...], tuple[int, ...]]]:
    """Each call of a layer for one image: the layer, the shapes of its first input and output.

    The shapes are computed again for a batch of one: some layers see several rows per image.
    """
    calls = []

    def spec(layer: Any) -> Any:
        def run(*args: Any, **options: Any) -> Any:
            out = layer.compute_output_spec(*args, **options)
            first: Any = args[0] if args else None
            if hasattr(first, "shape") and hasattr(out, "shape"):
                calls.append((layer, tuple(first.shape), tuple(out.shape)))
            return out

        return run

    image = keras.KerasTensor((1, *network.input_shape[1:]), "float32")
    network._run_through_graph(image, spec)
    return calls


def paper_giga(network: Any) -> float:
    """Multiply-adds as the papers of 2018 and later count them, in "GFLOPs".

    The counts of HRNet's paper (arXiv 1902.09212, table 1), which those of others cite, are by a
    script of its repository (`lib/utils/utils.py`) with two habits: the unit is 2³⁰, and a
    transposed convolution counts its whole kernel at each output cell, the square of its stride
    too often.
    """
    extra = 0
    for layer in deployed(network).operations:
        if isinstance(layer, layers.Conv2DTranspose):
            cells = [prod(one.shape[1:3]) for one in (layer.output, layer.input)]
            extra += prod(layer.kernel.shape) * (cells[0] - cells[1])
    return float(network_stats(network)[1] + extra) / 2**30
