"""Weights to begin with: those of the published landmark network, for a network of its layout.

A network of half its side with fewer blocks says nothing of use with these weights, but it has
eyes: it gets in a thousand steps to where random weights get in ten thousand.

The file has its batch norms folded into convolutions, and a training wants them back. Each gets
the mean and the spread that its channel has in the whole network on given pictures: so the full
network computes what the file does, and a lighter one keeps the scale of every channel while the
statistics of its own, smaller maps take over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError, did_you_mean
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.store.slim import slim
from models.export import schema_model
from models.zoo import build
from models.zoo.blazepose_light import NAME, NORM, STAGES, TAIL_DEPTH, TAPS

__all__ = ["PICTURES", "PRETRAINED", "SIDE", "begin_with"]

PRETRAINED = ("full",)
SIDE = 256  # of the published network's input
PICTURES = 64  # whose statistics do
BATCH = 8
OUTPUTS = ("landmarks", "score", "world", "heatmap")
HEADS = ("heatmap", "landmarks", "world", "score")

Array = NDArray[np.float32]
Convolutions = Mapping[str, tuple[Array, Array]]  # layer → kernel, bias


def begin_with(
    network: Any, name: str, pictures: Sequence[NDArray[np.uint8]], store: Store | None = None
) -> int:
    """Give a light network the weights of a published one; how many layers took some.

    Heads begin anew, for they read maps of another size; heatmaps of the published keypoints are
    kept.

    Args:
        network: of `zoo.blazepose_light`.
        name: of `PRETRAINED`.
        pictures: `(256, 256, 3)` uint8 each, crops as it will see.
        store: where models are; None is the user's own cache.

    Raises:
        InputError: there are no weights of this name, or no pictures.
        ModelError: the network or the file is of another layout.
    """
    if name not in PRETRAINED:
        raise InputError(f"no pretrained weights '{name}'; {did_you_mean(name, PRETRAINED)}")
    if network.name != NAME:
        raise ModelError(f"pretrained {name}: expected a network of {NAME}, got '{network.name}'")
    if not len(pictures):
        raise InputError(f"pretrained {name}: expected pictures to measure channels on, got none")
    known = _read(name, store or Store())
    body = {layer: arrays for layer, arrays in known.items() if layer not in HEADS}
    moments = _moments(body, pictures)
    there = {layer.name for layer in network.layers}
    for layer, (kernel, bias) in body.items():
        if layer in there:
            mean, variance = moments[layer]
            norm = network.get_layer(layer + NORM)
            network.get_layer(layer).set_weights([kernel])
            # The convolution alone has the same spread around a mean without the bias.
            spread = np.sqrt(variance + norm.epsilon)
            norm.set_weights([spread, mean, mean - bias, variance])
    _begin_heads(network, *known["heatmap"])
    return len(there & body.keys())


def _begin_heads(network: Any, kernel: Array, bias: Array) -> None:
    """Heatmaps as published; offsets near zero, for the features are of any size."""
    keypoints = network.get_layer("heatmap").kernel.shape[-1]
    if keypoints == len(BLAZEPOSE33):
        network.get_layer("heatmap").set_weights([kernel[..., :keypoints], bias[:keypoints]])
    offsets = network.get_layer("offsets")
    drawn, zero = offsets.get_weights()
    offsets.set_weights([0.01 * drawn, zero])


def _moments(body: Convolutions, pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Any]:
    """Mean and variance of every channel in the whole published network."""
    import keras

    whole = build(NAME, size="full")
    for layer, (kernel, bias) in body.items():
        norm = whole.get_layer(layer + NORM)
        ones, zeros = np.ones_like(bias), np.zeros_like(bias)
        whole.get_layer(layer).set_weights([kernel])
        norm.set_weights([ones, bias, zeros, ones - norm.epsilon])
    probe = keras.Model(
        whole.input, {layer: whole.get_layer(layer + NORM).output for layer in body}
    )
    sums: dict[str, Any] = {}
    for start in range(0, len(pictures), BATCH):
        batch = np.stack(pictures[start : start + BATCH]).astype(np.float32) / 255
        for layer, values in probe.predict_on_batch(batch).items():
            flat = np.asarray(values, np.float64).reshape(-1, values.shape[-1])
            new = np.stack([np.full(flat.shape[1], len(flat)), flat.sum(0), (flat**2).sum(0)])
            sums[layer] = sums.get(layer, 0.0) + new
    moments = {}
    for layer, (count, total, squares) in sums.items():
        mean = total / count
        moments[layer] = mean, np.maximum(squares / count - mean**2, 0.0)
    return moments


def _read(name: str, store: Store) -> Convolutions:
    """Kernels and biases of a published file by the names they have in the zoo."""
    stored = store.find(name)
    outputs = {meaning: stored.info.outputs[meaning] for meaning in OUTPUTS}
    schema, model = schema_model(slim(stored.path, outputs))
    graph, kinds = model.subgraphs[0], schema.BuiltinOperator
    convolutions = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) in (
            kinds.CONV_2D,
            kinds.DEPTHWISE_CONV_2D,
        ):
            tensors = [graph.tensors[place] for place in operator.inputs[1:]]
            kernel, bias = (
                np.frombuffer(bytes(model.buffers[one.buffer].data), np.float32).reshape(one.shape)
                for one in tensors
            )
            convolutions.append((kernel.transpose(1, 2, 3, 0), bias))  # (out, h, w, in) in a file
    names = list(_order())
    if len(names) != len(convolutions):
        raise ModelError(
            f"pretrained {name}: expected {len(names)} convolutions, got {len(convolutions)}"
        )
    return dict(zip(names, convolutions, strict=True))


def _order() -> Iterator[str]:
    """Names in the zoo of the published file's convolutions, in the order of its operators."""
    yield "stem"
    for number, one in enumerate(STAGES):
        for place in range(len(one.inner) + 1):
            if place or one.expand > 1:
                yield f"stage{number}_{place}_expand"
            if place == 0 and number - 1 in TAPS:
                yield from _separable(f"decoder{number - 1}")
            yield from _separable(f"stage{number}_{place}")
    yield from ("bottom_expand", "bottom_depthwise")
    yield from _separable("decoder_bottom")
    yield "heatmap"
    yield from _separable("tail_in")
    for part, count in enumerate(TAIL_DEPTH):
        for place in range(count + 1):
            yield from _separable(f"tail{part}_{place}")
    yield from ("landmarks", "world", "score")


def _separable(name: str) -> tuple[str, str]:
    return f"{name}_depthwise", f"{name}_project"
