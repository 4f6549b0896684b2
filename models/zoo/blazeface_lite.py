"""Person detector with the layout of the released one, on as many or fewer pixels.

    image ─ stem ─ stages of inverted residuals ─ top
                         │               │         │
                      lateral         lateral ──── + ─ pyramid ──────────── rows of 1/16
                         │                              │
                         └───────────────────────────── + ─ pyramid ─────── rows of 1/8

The layout is that of the operators of `pose_detection.tflite` (Apache-2.0): an EfficientNet-Lite
(arXiv 1905.11946) under a feature pyramid (arXiv 1612.03144). Its weights fit
(`models.train.published_weights`). Of its ten anchors only two ever score, one at 1/8 and one at
1/16 of the side, both for people of all sizes; the others are left out. Two parts are simplified
with the same result: the 1×1 convolution comes before the upsampling instead of after it; and one
2×2 convolution replaces depth-to-space followed by a strided convolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from blazetrack.model_info import Anchors
from models.zoo.backbones.efficientnet_lite import Stage, encoder, full_depth
from models.zoo.heads.ssd import anchor_rows, check_points, ssd_outputs
from models.zoo.layers import check_sizes, conv, relu6

__all__ = ["ANCHORS", "PYRAMID", "REPEATS", "SIZES", "STAGES", "blazeface_lite"]

NAME = "blazeface_lite"
ANCHORS = Anchors(strides=(8, 16), per_map=1)
STAGES = (
    Stage(16, 3, 1, 1),
    Stage(24, 3, 2, 4, (3,)),
    Stage(40, 5, 2, 6, (5,)),
    Stage(80, 3, 2, 6, (3, 3)),
    Stage(112, 5, 1, 6, (5, 5)),
    Stage(192, 5, 2, 6, (5, 5, 5)),
)
PYRAMID: Mapping[int, int] = {4: 192, 2: 96}  # stage → channels of its level, coarse first
REPEATS = 2  # residual blocks per level

SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {"side": 128},
    "full": {},
}


def blazeface_lite(
    side: int = 224,
    points: int = 3,
    depth: Sequence[int] = full_depth(STAGES),
    keep: Sequence[float] | None = None,
) -> keras.Model:
    """The network, the same in training and inference.

    Args:
        side: of the input in pixels, a multiple of 32.
        points: P, per box: mid-hip, the point on the person's circle, mid-shoulder.
        depth: blocks of each stage after its first.
        keep: of each stage, the share of the channels inside its blocks that is built (the first
            is also that of the stem, the last that of the top); None is all.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → the outputs of `blazeface.blazeface`, with
        anchors of `ANCHORS`.

    Raises:
        InputError: a number is wrong, or `depth` exceeds the layout.
    """
    check_sizes(NAME, side, 32, depth=depth, points=points)
    check_points(NAME, points)
    image = keras.Input((side, side, 3), name="image")
    maps, x = encoder(image, NAME, STAGES, depth, keep, "top")
    levels: dict[int, Any] = {}
    for level, channels in PYRAMID.items():
        x = levels[level] = _merged(x, maps[level], level, channels)
    boxes, scores = (
        [_rows(levels[level], f"{name}{level}", values) for level in sorted(levels)]  # fine first
        for name, values in (("boxes", 4 + 2 * points), ("scores", 1))
    )
    return keras.Model(image, ssd_outputs(boxes, scores), name=NAME)


def _merged(coarse: Any, lateral: Any, level: int, channels: int) -> Any:
    """A level of the pyramid, from the coarser level and the encoder's map."""
    x = conv(coarse, f"up{level}_project", channels)
    x = relu6(layers.UpSampling2D(interpolation="bilinear")(x))
    x = layers.Add()([x, relu6(_separable(lateral, f"lateral{level}", channels))])
    for number in range(REPEATS):
        x = relu6(layers.Add()([x, _separable(x, f"pyramid{level}_{number}", channels)]))
    return x


def _separable(x: Any, name: str, channels: int) -> Any:
    """Depthwise 3×3 and 1×1 convolution, without an activation between them."""
    x = layers.DepthwiseConv2D(3, padding="same", name=f"{name}_depthwise")(x)
    return conv(x, f"{name}_project", channels)


def _rows(x: Any, name: str, values: int) -> Any:
    """A row per cell.

    Boxes and scores have a convolution each: channel-scaled steps are relative to the biases of a
    layer, 8-bit integers to the range of a tensor, which for boxes is pixels.
    """
    x = layers.ZeroPadding2D(((1, 0), (1, 0)))(x)
    x = layers.Conv2D(values, 2, dtype="float32", name=name)(x)
    return anchor_rows(x)
