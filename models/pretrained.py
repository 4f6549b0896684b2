"""Weights to begin with: those of the published landmark network, for networks on its encoder.

At half the side they say nothing of use by themselves, but they have eyes: a thousand steps
from there get further than twelve thousand from random weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError, did_you_mean
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.store.slim import slim
from models.export import schema_model
from models.zoo.blazepose_light import FEATURE_MAPS, TAPS
from models.zoo.encoder import STAGES

__all__ = ["PRETRAINED", "begin_with"]

PRETRAINED = ("full",)
NETWORKS = ("blazepose_light", "blazeface_light")  # on its encoder
OUTPUTS = ("landmarks", "score", "world", "heatmap")
HEATMAP = "heatmap"
# The mean place under the softmax of a heatmap leans to the middle of the crop. Of published
# heatmaps at half the side, tripled ones hit as well as their highest cell does, nearly.
SHARPER = 3.0

Array = NDArray[np.float32]
Convolutions = Mapping[str, tuple[Array, Array]]  # layer → kernel, bias


def begin_with(network: Any, name: str, store: Store | None = None) -> int:
    """Give a light network the weights of a published one; how many layers took some.

    Encoder and decoder take all they can. Heatmaps of the published keypoints are kept; the first
    feature maps begin as such, and the points where those are high. All else begins anew.

    Args:
        network: of `zoo.blazepose_light` or `zoo.blazeface_light`.
        name: of `PRETRAINED`.
        store: where models are; None is the user's own cache.

    Raises:
        InputError: there are no weights of this name.
        ModelError: the network or the file is of another layout.
    """
    if name not in PRETRAINED:
        raise InputError(f"no pretrained weights '{name}'; {did_you_mean(name, PRETRAINED)}")
    if network.name not in NETWORKS:
        known = " or ".join(NETWORKS)
        raise ModelError(f"pretrained {name}: expected {known}, got '{network.name}'")
    arrays, layers = _read(name, store or Store()), {layer.name for layer in network.layers}
    taken = layers & arrays.keys() - {HEATMAP}
    for layer in taken:
        network.get_layer(layer).set_weights(arrays[layer])
    if HEATMAP in layers:
        _begin_offsets(network)
        if network.get_layer(HEATMAP).kernel.shape[-1] == len(BLAZEPOSE33):
            _begin_keypoints(network, *arrays[HEATMAP])
            taken.add(HEATMAP)
    return len(taken)


def _begin_offsets(network: Any) -> None:
    """Near zero, for the features are of any size."""
    offsets = network.get_layer("offsets")
    drawn, zero = offsets.get_weights()
    offsets.set_weights([0.01 * drawn, zero])


def _begin_keypoints(network: Any, kernel: Array, bias: Array) -> None:
    """Heatmaps as published, feature maps like them, and points at the places of those."""
    keypoints = len(BLAZEPOSE33)
    kernel, bias = kernel[..., :keypoints], bias[:keypoints]
    network.get_layer(HEATMAP).set_weights([kernel, bias])
    maps = network.get_layer(FEATURE_MAPS)
    drawn, zero = maps.get_weights()
    drawn[..., :keypoints], zero[:keypoints] = kernel, bias
    maps.set_weights([SHARPER * drawn, SHARPER * zero])
    points = network.get_layer("points")
    weights, middle = points.get_weights()
    weights[:] = 0.0
    for keypoint in range(keypoints):
        for axis in range(2):  # features are x y of each map; points are x y z of each keypoint
            weights[2 * keypoint + axis, 3 * keypoint + axis] = 1.0
    points.set_weights([weights, middle])


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
    if len(names) > len(convolutions):
        got = len(convolutions)
        raise ModelError(f"pretrained {name}: expected {len(names)} convolutions, got {got}")
    return dict(zip(names, convolutions, strict=False))


def _order() -> Iterator[str]:
    """Names in the zoo of the published file's convolutions, in the order of its operators.

    Those of its tail, which come last, have none.
    """
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
    yield HEATMAP


def _separable(name: str) -> tuple[str, str]:
    return f"{name}_depthwise", f"{name}_project"
