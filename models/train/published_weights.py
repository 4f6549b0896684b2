"""Published weights as initial weights of the small networks with the same layout.

At a smaller side and with fewer channels they are inaccurate before training, but their features
transfer: a thousand steps from them reach more than twelve thousand from random weights.
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
from models.zoo.heads.blazepose import MIDDLE

__all__ = ["PRETRAINED", "load_published"]

PRETRAINED: Mapping[str, str] = {
    "lite": "blazepose_lite",
    "full": "blazepose_lite",
    "pose_detector": "blazeface_lite",
}
"""Published network → architecture of the zoo with its layout."""

LANDMARK_OUTPUTS = ("landmarks", "score", "world", "heatmap")
OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "lite": LANDMARK_OUTPUTS,
    "full": LANDMARK_OUTPUTS,
    "pose_detector": ("boxes", "scores"),
}
HEATMAP = "heatmap"
# The published detector: values per row (box and four points); stage of each map with rows → side
# of its cells in pixels.
BOX_VALUES = 12
CELL_SIDES = {2: 8, 4: 16, 5: 32}
# The soft-argmax of a heatmap is biased to the centre of the crop. Of published heatmaps at half
# the side, three times the logits are nearly as accurate as the argmax.
LOGIT_SCALE = 3.0
# Share of the soft-argmax in the initial points where the published regression is loaded too: their
# errors are independent in part (PCK@0.2 of 150 people of `lspet_dev` with 0, 0.5 and 1: `lite`
# 0.536, 0.570, 0.564, `full` 0.599, 0.621, 0.609). At another side than the published one the
# regression is off at first: there it has no share (`lite` at 224: 0.398, 0.493 with 0.5 and 1).
SOFT_ARGMAX_SHARE = 0.5
TAIL = "tail"  # name prefix of its layers
REGRESSION = ("landmarks", "world", "score")  # the last convolutions of the file

Array = NDArray[np.float32]
Convolutions = dict[str, tuple[Array, Array]]  # layer → kernel, bias


def load_published(network: Any, name: str, store: Store | None = None) -> set[str]:
    """Load the weights of the published network with the same layout; the names of these layers.

    Encoder, decoder and pyramid are loaded as far as they exist, the tail where it has the
    published channels and blocks. With the published keypoints, heatmaps are loaded too, the first
    feature maps are copies of them, and the points their soft-argmax; with the tail, the mean of
    these and of the published regression. Rows of a detector are loaded without the points that
    it lacks. All other layers keep their fresh weights.

    Args:
        network: of the architecture in `PRETRAINED`, with all channels;
            `models.train.channel_pruning` reduces it.
        name: in `PRETRAINED`.
        store: of the models; None is the user's cache.

    Raises:
        InputError: there are no weights of this name.
        ModelError: the network or the file has another layout.
    """
    if name not in PRETRAINED:
        raise InputError(f"no pretrained weights '{name}'; {did_you_mean(name, PRETRAINED)}")
    if network.name != PRETRAINED[name]:
        raise ModelError(f"pretrained {name}: expected {PRETRAINED[name]}, got '{network.name}'")
    stored = (store or Store()).find(name)
    arrays, layers = _read(stored, name), {layer.name for layer in network.layers}
    arrays["stem"] = _of_unit_range(*arrays["stem"], stored.info.input_range)
    if name == "pose_detector":
        arrays |= _anchor_rows(arrays, network.output["boxes"].shape[-1])
    loaded = layers & arrays.keys() - {HEATMAP, *REGRESSION}
    tail = {layer for layer in layers | arrays.keys() if layer.startswith(TAIL)}
    whole_tail = bool(tail) and tail <= loaded and _fits(network, f"{TAIL}_in_project", arrays)
    if not whole_tail:
        loaded -= tail
    other = sorted(layer for layer in loaded if not _fits(network, layer, arrays))
    if other:
        raise ModelError(
            f"pretrained {name}: {len(other)} layers of the network have another shape, as"
            f" {other[0]}; it needs the published layout and all channels"
        )
    for layer in loaded:
        network.get_layer(layer).set_weights(arrays[layer])
    if HEATMAP in layers:
        _init_offsets(network)
        if network.get_layer(HEATMAP).kernel.shape[-1] == len(BLAZEPOSE33):
            _init_keypoints(network, *arrays[HEATMAP])
            loaded.add(HEATMAP)
            if whole_tail:
                loaded |= _init_regression(network, arrays, stored.info.input_hw[0])
    return loaded


def _fits(network: Any, layer: str, arrays: Convolutions) -> bool:
    return tuple(network.get_layer(layer).kernel.shape) == arrays[layer][0].shape


def _init_offsets(network: Any) -> None:
    """Offsets near zero: the size of the features is unknown."""
    offsets = network.get_layer("offsets")
    random, zero = offsets.get_weights()
    offsets.set_weights([0.01 * random, zero])


def _init_keypoints(network: Any, kernel: Array, bias: Array) -> None:
    """Published heatmaps, feature maps as copies of them, points as their soft-argmax."""
    keypoints = len(BLAZEPOSE33)
    kernel, bias = kernel[..., :keypoints], bias[:keypoints]
    network.get_layer(HEATMAP).set_weights([kernel, bias])
    maps = network.get_layer(blazepose_lite.FEATURE_MAPS)
    kernels, biases = maps.get_weights()
    known = min(keypoints, len(biases))
    kernels[..., :known], biases[:known] = kernel[..., :known], bias[:known]
    maps.set_weights([LOGIT_SCALE * kernels, LOGIT_SCALE * biases])
    points = network.get_layer("points")
    weights, bias = points.get_weights()
    for keypoint in range(known):
        for axis in range(2):  # features are x y of each map; points are x y z of each keypoint
            weights[:, 3 * keypoint + axis] = 0.0
            weights[2 * keypoint + axis, 3 * keypoint + axis] = 1.0
    points.set_weights([weights, bias])


def _init_regression(network: Any, arrays: Convolutions, side: int) -> set[str]:
    """The dense layers, from the published regression on the tail; `side` is that of its input.

    Returns:
        Names of these layers.
    """
    keypoints = len(BLAZEPOSE33)
    kernels, biases = {}, {}
    for name, values in zip(REGRESSION, (5, 3, 1), strict=True):
        kernel, bias = arrays[name]
        kernels[name] = kernel.reshape(-1, kernel.shape[-1] // values, values)
        biases[name] = bias.reshape(-1, values)
    places, _ = network.get_layer("points").get_weights()
    features = len(places) - len(kernels["score"])  # of the soft-argmax, come first
    dense: dict[str, tuple[Array, Array]] = {
        "visibility": (kernels["landmarks"][:, :keypoints, 3], biases["landmarks"][:keypoints, 3]),
        "presence": (kernels["landmarks"][:, :keypoints, 4], biases["landmarks"][:keypoints, 4]),
        "world": (kernels["world"][:, :keypoints], biases["world"][:keypoints]),
        "score": (kernels["score"], biases["score"]),
    }
    for name, (kernel, bias) in dense.items():
        flat = kernel.reshape(len(kernel), -1)
        fresh = np.zeros((features, flat.shape[1]), np.float32)
        network.get_layer(name).set_weights([np.concatenate([fresh, flat]), bias.reshape(-1)])
    soft = SOFT_ARGMAX_SHARE if network.input_shape[1] == side else 1.0
    share = np.ones((keypoints + 2, 3), np.float32)  # of the regression
    share[: min(features // 2, keypoints), :2] -= soft
    rows = kernels["landmarks"][:, : keypoints + 2, :3] / side
    middle = biases["landmarks"][: keypoints + 2, :3] / side - np.array(MIDDLE, np.float32)
    places[:features] *= soft
    places[features:] = (rows * share).reshape(len(rows), -1)
    alignment = places[:features].reshape(features, -1, 3)[:, keypoints:]
    alignment[:] = 0.0
    depth = places[:features].reshape(features, -1, 3)[..., 2]
    depth[:] = 0.0
    network.get_layer("points").set_weights([places, (middle * share).reshape(-1)])
    return {"points", *dense}


def _of_unit_range(kernel: Array, bias: Array, range_: tuple[float, float]) -> tuple[Array, Array]:
    """The first convolution, for pixels in 0..1 instead of `range_`."""
    low, high = range_
    return kernel * np.float32(high - low), bias + np.float32(low) * kernel.sum(axis=(0, 1, 2))


def _anchor_rows(arrays: Convolutions, values: int) -> Convolutions:
    """The last convolutions of the detector."""
    rows = {}
    for level in blazeface_lite.PYRAMID:
        anchor = USED_ANCHORS[CELL_SIDES[level]]
        first = anchor * BOX_VALUES
        rows[f"scores{level}"] = _rows(arrays, f"scores{level}", slice(anchor, anchor + 1))
        rows[f"boxes{level}"] = _rows(arrays, f"boxes{level}", slice(first, first + values))
    return rows


def _rows(arrays: Convolutions, name: str, kept: slice) -> tuple[Array, Array]:
    """One 2×2 convolution with the result of three operators of the file.

    These are depth-to-space by two, a depthwise 3×3 convolution of stride two, and a 1×1
    convolution, of whose values those at `kept` are taken.
    """
    (kernel3, between), (project, bias) = arrays[f"{name}_depthwise"], arrays[f"{name}_project"]
    channels, project = len(between), project[0, 0]
    kernel = np.zeros((2, 2, 2, 2, channels, project.shape[-1]), np.float32)
    for y in range(3):  # of the 3×3: previous or same cell, and its half
        for x in range(3):
            cells, halves = ((y + 1) // 2, (x + 1) // 2), ((y + 1) % 2, (x + 1) % 2)
            kernel[(*cells, *halves)] = kernel3[y, x] * project
    bias = bias + between @ project
    return kernel.reshape(2, 2, 4 * channels, -1)[..., kept], bias[kept]


def _read(stored: StoredModel, name: str) -> Convolutions:
    """Kernels and biases of a published file by the layer names of the zoo."""
    outputs = {meaning: stored.info.outputs[meaning] for meaning in OUTPUTS[name]}
    model = parse_model(prune_outputs(stored.path, outputs))
    graph = model.subgraphs[0]
    convolutions = []
    for operator, kind in zip(graph.operators, operator_names(model), strict=True):
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            tensors = [graph.tensors[index] for index in operator.inputs[1:]]
            kernel, bias = (
                np.frombuffer(bytes(model.buffers[one.buffer].data), np.float32).reshape(one.shape)
                for one in tensors
            )
            convolutions.append((kernel.transpose(1, 2, 3, 0), bias))  # (out, h, w, in) in a file
    layouts = blazepose_lite.LAYOUTS
    names = list(_landmark_order(layouts[name]) if name in layouts else _detector_order())
    if len(names) != len(convolutions):
        got = len(convolutions)
        raise ModelError(f"pretrained {name}: expected {len(names)} convolutions, got {got}")
    return dict(zip(names, convolutions, strict=True))


def _landmark_order(layout: blazepose_lite.Layout) -> Iterator[str]:
    """Layer names in the zoo of the file's convolutions, in the order of its operators."""
    yield from _encoder_order(layout.stages, "decoder", blazepose_lite.TAPS)
    yield from ("bottom_expand", "bottom_depthwise")
    yield from _separable("decoder_bottom")
    yield HEATMAP
    yield from _separable(f"{TAIL}_in")
    for part, blocks in enumerate(layout.tail_depth):
        for block in range(blocks):
            yield from _separable(f"{TAIL}{part}_{block}")
    yield from REGRESSION


def _detector_order() -> Iterator[str]:
    """Likewise for the detector."""
    yield from _encoder_order(blazeface_lite.STAGES, "lateral", blazeface_lite.PYRAMID)
    yield from ("top_expand", "top_depthwise")
    for level in blazeface_lite.PYRAMID:
        yield f"up{level}_project"
        for number in range(blazeface_lite.REPEATS):
            yield from _separable(f"pyramid{level}_{number}")
    for level in CELL_SIDES:
        yield from _separable(f"scores{level}")
        yield from _separable(f"boxes{level}")


def _encoder_order(layout: Sequence[Stage], tap: str, taps: Collection[int]) -> Iterator[str]:
    """Convolutions that read a stage's map come after the first one of the next stage."""
    yield "stem"
    for number, one in enumerate(layout):
        for block in range(len(one.inner) + 1):
            if block or one.expand > 1:
                yield f"stage{number}_{block}_expand"
            if block == 0 and number - 1 in taps:
                yield from _separable(f"{tap}{number - 1}")
            yield from _separable(f"stage{number}_{block}")


def _separable(name: str) -> tuple[str, str]:
    return f"{name}_depthwise", f"{name}_project"
