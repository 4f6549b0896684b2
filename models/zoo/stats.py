"""Parameters and multiply-adds of a network for inference: norms folded, training heads removed."""

from __future__ import annotations

from math import prod
from typing import Any

from keras import layers

from models.zoo import deployed

__all__ = ["network_stats"]


def network_stats(network: Any) -> tuple[int, int]:
    """Parameters and multiply-adds of one inference.

    The multiply-adds are those that `blazetrack.store.prune_outputs.count` finds in the exported
    file. The parameters are kernels and biases; a file shares equal biases.
    """
    parameters = work = 0
    for layer in deployed(network).operations:
        if isinstance(layer, layers.DepthwiseConv2D):
            kernel, reads = layer.kernel, prod(layer.kernel.shape[:2])
            biases = 0
        elif isinstance(layer, layers.Conv2D | layers.Dense):
            kernel, reads = layer.kernel, prod(layer.kernel.shape[:-1])
            biases = kernel.shape[-1]  # its own, or that of the batch norm behind it
        elif type(layer).__name__ == "Matmul":  # with a constant of as many rows as it reads
            work += prod(layer.output.shape[1:]) * layer.input.shape[-1]
            continue
        else:
            continue
        parameters += prod(kernel.shape) + biases
        work += prod(layer.output.shape[1:]) * reads
    return parameters, work
