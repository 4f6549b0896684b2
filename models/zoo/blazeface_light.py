"""The light detector: the encoder of the released landmark network under the heads of `blazeface`.

A detector of random weights takes far more pictures to see people than there are to learn from
here; the released encoder has seen them already. Anchors, rows and decoding are `blazeface`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from models.zoo.blazeface import anchor_heads, deployed
from models.zoo.blocks import blaze_block, check_levels, check_sizes, conv
from models.zoo.encoder import FULL_DEPTH, encoder

__all__ = ["SIZES", "blazeface_light", "deployed"]

NAME = "blazeface_light"
FINE, COARSE = 2, 4  # stages of 1/8 and 1/16 of the side
FINE_HEAD, COARSE_HEAD = 64, 96  # channels
KERNEL = 3  # side of depthwise convolutions

SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {},
    "full": {"side": 192, "depth": FULL_DEPTH[: COARSE + 1]},
}


def blazeface_light(
    side: int = 128, points: int = 3, depth: Sequence[int] = (0, 1, 1, 2, 1)
) -> keras.Model:
    """The network, as it is trained and as it is exported.

    Args:
        side: of the input in pixels, a multiple of 16.
        points: P, besides the box: mid-hip, the point on the person's circle, mid-shoulder.
        depth: blocks of each of the first five stages behind its first one.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → the outputs of `blazeface.blazeface`.

    Raises:
        InputError: a number is wrong, or more blocks are asked for than the layout has.
    """
    check_levels(NAME, COARSE + 1, depth=depth)
    check_sizes(NAME, side, 16, depth=depth, points=points)
    image = keras.Input((side, side, 3), name="image")
    maps = encoder(image, NAME, depth)
    coarse = blaze_block(conv(maps[COARSE], COARSE_HEAD), COARSE_HEAD, 1, KERNEL)
    down = layers.UpSampling2D(interpolation="bilinear")(conv(coarse, FINE_HEAD, relu=False))
    fine = layers.ReLU()(layers.Add()([conv(maps[FINE], FINE_HEAD, relu=False), down]))
    fine = blaze_block(fine, FINE_HEAD, 1, KERNEL)
    return keras.Model(image, anchor_heads(NAME, fine, coarse, side, points), name=NAME)
