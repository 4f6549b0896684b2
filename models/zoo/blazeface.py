"""BlazeFace detector (arXiv 1907.05047), with the alignment points of BlazePose in its boxes.

Blaze blocks down to 1/16 of the side; two anchors per cell at 1/8 of the side, six at 1/16. A face
is located best on the fine map, the person around it on the coarse one: the coarse map is added to
the fine one before the heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from blazetrack.model_info import Anchors
from models.zoo.heads.ssd import check_points, ssd_layers
from models.zoo.layers import blaze_block, check_levels, check_sizes, conv_bn

__all__ = ["ANCHORS", "SIZES", "blazeface"]

NAME = "blazeface"
ANCHORS = Anchors(strides=(8, 16, 16, 16), per_map=2)

SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {},  # the defaults
    "full": {"side": 192, "width": (32, 64, 128, 192), "depth": (1, 3, 7, 7)},
}


def blazeface(
    side: int = 128,
    points: int = 3,
    width: Sequence[int] = (32, 48, 96, 128),
    depth: Sequence[int] = (0, 3, 6, 6),
    kernel: int = 5,
) -> keras.Model:
    """The network, the same in training and inference.

    Args:
        side: of the input in pixels, a multiple of 16.
        points: P, per box: mid-hip, the point on the person's circle, mid-shoulder.
        width: channels of the maps of 1/2, 1/4, 1/8 and 1/16 of the side.
        depth: blocks per map, besides the one that halves the map.
        kernel: side of the depthwise convolutions.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `boxes` `(B, A, 4 + 2P)`, rows as
        `blazetrack.heads.ssd` decodes them; `scores` `(B, A, 1)` logits. Rows are in the order
        of `anchor_centers(ANCHORS, (side, side))`; at 128 pixels A is 896.
    """
    check_levels(NAME, 4, width=width, depth=depth)
    check_sizes(NAME, side, 16, points=points, kernel=kernel, width=width, depth=depth)
    check_points(NAME, points)
    image = keras.Input((side, side, 3), name="image")
    x, maps = conv_bn(image, width[0], 5, 2), []
    for level, (channels, blocks) in enumerate(zip(width, depth, strict=True)):
        if level:
            x = blaze_block(x, channels, 2, kernel)
        for _ in range(blocks):
            x = blaze_block(x, channels, 1, kernel)
        maps.append(x)
    *_, fine, coarse = maps
    down = layers.UpSampling2D(interpolation="bilinear")(conv_bn(coarse, width[-2], relu=False))
    fine = layers.ReLU()(layers.Add()([fine, down]))
    anchors = ((fine, ANCHORS.per_map), (coarse, 3 * ANCHORS.per_map))
    return keras.Model(image, ssd_layers(anchors, side, points), name=NAME)
