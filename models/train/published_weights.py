"""Weights to begin with: those of the published networks, for the light ones of their layout.

At a smaller side and with fewer channels they say little of use at once, but they have eyes: a
thousand steps from there get further than twelve thousand from random weights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError, did_you_mean
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store, StoredModel
from blazetrack.store.prune_outputs import prune_outputs
from blazetrack.store.tflite_file import operator_names, parse_model
from models.distill.detector_targets import USED_ANCHORS
from models.zoo import blazeface_lite, blazepose_lite
from models.zoo.backbones.efficientnet_lite import Stage

__all__ = ["PRETRAINED", "begin_with"]

PRETRAINED: Mapping[str, str] = {"full": "blazepose_lite", "pose_detector": "blazeface_lite"}
"""Name of the published network → the network of the zoo that has its layout."""

OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "full": ("landmarks", "score", "world", "heatmap"),
    "pose_detector": ("boxes", "scores"),
}
HEATMAP = "heatmap"
# The published detector: values of a row, its box and four points; stages that rows come from, and
# the sides in pixels of their cells.
BOX_VALUES = 12
ROWS_FROM = {2: 8, 4: 16, 5: 32}
# The mean place under the softmax of a heatmap leans to the middle of the crop. Of published
# heatmaps at half the side, tripled ones hit as well as their highest cell does, nearly.
SHARPER = 3.0

Array = NDArray[np.float32]
Convolutions = dict[str, tuple[Array, Array]]  # layer → kernel, bias


def begin_with(network: Any, name: str, store: Store | None = None) -> set[str]:
    """Give a network the weights of the published one of its layout; which layers took some.

    Encoder, decoder and pyramid take all they can. Heatmaps of the published keypoints are kept;
    the first feature maps begin as such, and the points where those are high. A detector's rows
    are kept but for points that are not asked for. All else begins anew.

    Args:
        network: of the architecture in `PRETRAINED`, with all channels;
            `models.train.channel_pruning` goes on from there.
        name: of `PRETRAINED`.
        store: where models are; None is the user's own cache.

    Raises:
        InputError: there are no weights of this name.
        ModelError: the network or the file is of another layout.
    """
    if name not in PRETRAINED:
        raise InputError(f"no pretrained weights '{name}'; {did_you_mean(name, PRETRAINED)}")
    if network.name != PRETRAINED[name]:
        raise ModelError(f"pretrained {name}: expected {PRETRAINED[name]}, got '{network.name}'")
    stored = (store or Store()).find(name)
    arrays, layers = _read(stored), {layer.name for layer in network.layers}
    arrays["stem"] = _of_unit_range(*arrays["stem"], stored.info.input_range)
    if name == "pose_detector":
        arrays |= _answering_rows(arrays, network.output["boxes"].shape[-1])
    taken = layers & arrays.keys() - {HEATMAP}
    for layer in taken:
        network.get_layer(layer).set_weights(arrays[layer])
    if HEATMAP in layers:
        _begin_offsets(network)
        if network.get_layer(HEATMAP).kernel.shape[-1] == len(BLAZEPOSE33):
            _begin_keypoints(network, *arrays[HEATMAP])
            taken.add(HEATMAP)
    return taken


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
    maps = network.get_layer(blazepose_lite.FEATURE_MAPS)
    drawn, zero = maps.get_weights()
    known = min(keypoints, len(zero))
    drawn[..., :known], zero[:known] = kernel[..., :known], bias[:known]
    maps.set_weights([SHARPER * drawn, SHARPER * zero])
    points = network.get_layer("points")
    weights, middle = points.get_weights()
    for keypoint in range(known):
        for axis in range(2):  # features are x y of each map; points are x y z of each keypoint
            weights[:, 3 * keypoint + axis] = 0.0
            weights[2 * keypoint + axis, 3 * keypoint + axis] = 1.0
    points.set_weights([weights, middle])


def _of_unit_range(kernel: Array, bias: Array, reads: tuple[float, float]) -> tuple[Array, Array]:
    """Of a network's first convolution, for pixels of 0..1."""
    low, high = reads
    return kernel * np.float32(high - low), bias + np.float32(low) * kernel.sum(axis=(0, 1, 2))


def _answering_rows(arrays: Convolutions, values: int) -> Convolutions:
    """What the detector's last convolutions begin as."""
    rows = {}
    for level in blazeface_lite.PYRAMID:
        anchor = USED_ANCHORS[ROWS_FROM[level]]
        first = anchor * BOX_VALUES
        rows[f"scores{level}"] = _rows(arrays, f"scores{level}", slice(anchor, anchor + 1))
        rows[f"boxes{level}"] = _rows(arrays, f"boxes{level}", slice(first, first + values))
    return rows


def _rows(arrays: Convolutions, name: str, kept: slice) -> tuple[Array, Array]:
    """One convolution of 2×2 for what the file has in three steps.

    Channels are spread over a map of twice the side, four to two by two; a depthwise convolution of
    3×3 goes over it in steps of two; one of 1×1 makes rows, whose values in the places `kept` are
    taken.
    """
    (spread, between), (project, bias) = arrays[f"{name}_depthwise"], arrays[f"{name}_project"]
    channels, project = len(between), project[0, 0]
    kernel = np.zeros((2, 2, 2, 2, channels, project.shape[-1]), np.float32)
    for y in range(3):  # of the 3×3: cell before or same, and which half of it
        for x in range(3):
            cells, halves = ((y + 1) // 2, (x + 1) // 2), ((y + 1) % 2, (x + 1) % 2)
            kernel[(*cells, *halves)] = spread[y, x] * project
    bias = bias + between @ project
    return kernel.reshape(2, 2, 4 * channels, -1)[..., kept], bias[kept]


def _read(stored: StoredModel) -> Convolutions:
    """Kernels and biases of a published file by the names they have in the zoo."""
    name = stored.info.name
    outputs = {meaning: stored.info.outputs[meaning] for meaning in OUTPUTS[name]}
    model = parse_model(prune_outputs(stored.path, outputs))
    graph = model.subgraphs[0]
    convolutions = []
    for operator, kind in zip(graph.operators, operator_names(model), strict=True):
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            tensors = [graph.tensors[place] for place in operator.inputs[1:]]
            kernel, bias = (
                np.frombuffer(bytes(model.buffers[one.buffer].data), np.float32).reshape(one.shape)
                for one in tensors
            )
            convolutions.append((kernel.transpose(1, 2, 3, 0), bias))  # (out, h, w, in) in a file
    names = list(_landmark_order() if name == "full" else _detector_order())
    if len(names) > len(convolutions):
        got = len(convolutions)
        raise ModelError(f"pretrained {name}: expected {len(names)} convolutions, got {got}")
    return dict(zip(names, convolutions, strict=False))


def _landmark_order() -> Iterator[str]:
    """Names in the zoo of the published file's convolutions, in the order of its operators.

    Those of its tail, which come last, have none.
    """
    yield from _encoder_order(blazepose_lite.STAGES, "decoder", blazepose_lite.TAPS)
    yield from ("bottom_expand", "bottom_depthwise")
    yield from _separable("decoder_bottom")
    yield HEATMAP


def _detector_order() -> Iterator[str]:
    """Likewise for the published detector."""
    yield from _encoder_order(blazeface_lite.STAGES, "lateral", blazeface_lite.PYRAMID)
    yield from ("top_expand", "top_depthwise")
    for level in blazeface_lite.PYRAMID:
        yield f"up{level}_project"
        for number in range(blazeface_lite.REPEATS):
            yield from _separable(f"pyramid{level}_{number}")
    for level in ROWS_FROM:
        yield from _separable(f"scores{level}")
        yield from _separable(f"boxes{level}")


def _encoder_order(layout: Sequence[Stage], tap: str, taps: Collection[int]) -> Iterator[str]:
    """What reads a stage's map comes behind the next stage's first convolution."""
    yield "stem"
    for number, one in enumerate(layout):
        for place in range(len(one.inner) + 1):
            if place or one.expand > 1:
                yield f"stage{number}_{place}_expand"
            if place == 0 and number - 1 in taps:
                yield from _separable(f"{tap}{number - 1}")
            yield from _separable(f"stage{number}_{place}")


def _separable(name: str) -> tuple[str, str]:
    return f"{name}_depthwise", f"{name}_project"
