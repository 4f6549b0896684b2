"""BlazePose with the encoder of the released networks and a spatial soft-argmax.

    image ─ stem ─ stages of inverted residuals ─ bottom ─────────── tail ─┬─ points, visibility,
                    │      │      │                 │                      │  presence, world, score
                    └──────┴──────┴─── decoder ─────┘                      │
                                       │   ║                               │
                     heatmap, offsets ─┘   ╚════════ feature points ───────┘
                     (training only)

Encoder, decoder and tail are those of the released files `pose_landmark_full.tflite` and
`pose_landmark_lite.tflite` (Apache-2.0; `backbones/efficientnet_lite.py`). There the input of the
regression is the tail alone, which at a smaller side has too few cells to locate a wrist. Here it
also has feature points of the decoder's largest map, as in deep spatial autoencoders
(arXiv 1509.06113): the mean position under a softmax over all cells of each feature map. Only the
regression trains them; the double line passes features and stops the gradient, as in the paper of
BlazePose (arXiv 2006.10204).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

from blazetrack.errors import InputError, did_you_mean
from models.zoo.backbones.efficientnet_lite import Stage, encoder, full_depth
from models.zoo.heads.blazepose import FEATURES, blazepose_layers
from models.zoo.layers import check_levels, check_sizes, relu6, separable

__all__ = ["FEATURE_MAPS", "LAYOUTS", "SIZES", "TAPS", "Layout", "blazepose_lite"]

NAME = "blazepose_lite"
FEATURE_MAPS = "feature_maps"  # name of the layer before the softmax
TAPS = (1, 2, 4)  # stages whose output is an input of the decoder


class Layout(NamedTuple):
    """Channels and blocks of a released network.

    Attributes:
        stages: of the encoder.
        decoder: channels of the decoder.
        tail: channels of the tail.
        tail_depth: residual blocks of the tail at 1/64 and at 1/128 of the side.
    """

    stages: tuple[Stage, ...]
    decoder: int
    tail: int
    tail_depth: tuple[int, int]


def _stages(*channels: int) -> tuple[Stage, ...]:
    blocks = (
        (3, 1, 1, ()),
        (3, 2, 4, (3,)),
        (5, 2, 6, (5,)),
        (3, 2, 6, (3, 3)),
        (5, 1, 6, (5, 5)),
        (5, 2, 6, (5, 5, 5)),
    )
    return tuple(Stage(count, *block) for count, block in zip(channels, blocks, strict=True))


LAYOUTS: Mapping[str, Layout] = {
    "lite": Layout(_stages(8, 16, 24, 40, 56, 96), 32, 192, (3, 4)),
    "full": Layout(_stages(16, 24, 32, 64, 88, 144), 48, 288, (5, 6)),
}
"""Released network → its layout."""


def _tail_of(layout: str) -> dict[str, Any]:
    wanted = LAYOUTS[layout]
    return {"tail": wanted.tail, "tail_strides": (2, 2), "tail_depth": wanted.tail_depth}


SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {"side": 256, "layout": "lite", **_tail_of("lite")},
    "full": {"side": 256, "layout": "full", **_tail_of("full")},
}


def blazepose_lite(
    side: int = 192,
    keypoints: int = 33,
    layout: str = "full",
    depth: Sequence[int] | None = None,
    keep: Sequence[float] | None = None,
    places: int = 36,
    tail: int = 96,
    tail_strides: Sequence[int] = (1, 2),
    tail_depth: Sequence[int] = (2, 2),
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, a multiple of 32.
        keypoints: K.
        layout: a name in `LAYOUTS`: channels of encoder and decoder.
        depth: blocks of each stage after its first; None is all of the layout.
        keep: of each stage, the share of the channels inside its blocks that is built (the first
            is also that of the stem, the last that of the bottom); None is all.
        places: number of feature points.
        tail: channels of the tail.
        tail_strides: of the first residual block of each part of the tail, 1 or 2.
        tail_depth: residual blocks of each part, 1 or more.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → the outputs of `blazepose.blazepose`.

    Raises:
        InputError: a number is wrong, or `depth` exceeds the layout.
    """
    if layout not in LAYOUTS:
        raise InputError(f"{NAME}: no layout '{layout}'; {did_you_mean(layout, LAYOUTS)}")
    wanted = LAYOUTS[layout]
    depth = full_depth(wanted.stages) if depth is None else depth
    check_levels(NAME, 2, tail_strides=tail_strides, tail_depth=tail_depth)
    sizes = {"keypoints": keypoints, "places": places, "tail": tail}
    check_sizes(NAME, side, 32, depth=depth, **sizes)
    if not all(part in (1, 2) for part in tail_strides) or min(tail_depth) < 1:
        raise InputError(
            f"{NAME}: expected tail_strides of 1 or 2 and tail_depth of 1 or more, got"
            f" {tail_strides} and {tail_depth}"
        )
    image = keras.Input((side, side, 3), name="image")
    maps, bottom = encoder(image, NAME, wanted.stages, depth, keep, "bottom")
    decoded = _decoder(bottom, maps, wanted.decoder)
    parts = [_soft_argmax(decoded, places), _tail(bottom, tail, tail_strides, tail_depth)]
    features = layers.Concatenate(name=FEATURES)(parts)
    return keras.Model(image, blazepose_layers(features, decoded, keypoints), name=NAME)


def _decoder(bottom: Any, maps: Sequence[Any], channels: int) -> Any:
    """The map of 1/4 of the side."""
    x = relu6(separable(bottom, "decoder_bottom", channels))
    for number in TAPS[::-1]:
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        skip = relu6(separable(maps[number], f"decoder{number}", channels))
        x = layers.Add()([x, skip])
    return x


def _soft_argmax(decoded: Any, count: int) -> Any:
    """Mean x y of each feature map, in parts of the side from the centre."""
    cells = decoded.shape[1]
    maps = layers.Conv2D(count, 1, name=FEATURE_MAPS)(ops.stop_gradient(decoded))
    maps = layers.Permute((2, 1))(layers.Reshape((cells * cells, count))(maps))
    centers = (np.arange(cells) + 0.5) / cells - 0.5
    grid = np.stack(np.meshgrid(centers, centers), axis=-1).reshape(-1, 2).astype(np.float32)
    means = ops.matmul(layers.Softmax(dtype="float32")(maps), ops.convert_to_tensor(grid))
    return layers.Flatten()(means)


def _tail(bottom: Any, channels: int, strides: Sequence[int], depth: Sequence[int]) -> Any:
    """Features of the whole crop, from the bottom: for visibility, depth and score."""
    x = relu6(separable(bottom, "tail_in", channels))
    for part, (stride, blocks) in enumerate(zip(strides, depth, strict=True)):
        for block in range(blocks):
            x = _residual(x, f"tail{part}_{block}", 1 if block else stride)
    return layers.Flatten()(x)


def _residual(x: Any, name: str, stride: int) -> Any:
    """Residual block; max pooling is the shortcut where the map is reduced."""
    y = separable(x, name, x.shape[-1], stride)
    if stride > 1:
        x = layers.MaxPooling2D(stride, padding="same")(x)
    return relu6(layers.Add()([x, y]))
