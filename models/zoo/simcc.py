"""SimCC (Li et al., ECCV 2022, arXiv 2107.03332): a keypoint is two classifications.

    image ─ ResNet ─ 1/32 ─ deconvolutions ─ 1×1: a map per keypoint, as a vector ─┬─ simcc_x
                      │      (none, or some)                                       └─ simcc_y
                      └─ score

Heatmaps need layers that bring them to a high resolution, and are still rounded to their cells.
Here the columns and the rows of the crop are classes, two per pixel, and each keypoint has one of
both: the position is finer than a pixel, and the transposed convolutions of `simple_baseline` can
be left out. RTMPose (arXiv 2303.07399) has the same outputs behind another trunk.

Size `resnet50` is the paper's SimpleBaseline with SimCC and without deconvolutions: 23.6 M
parameters and 4.0 G multiply-adds at 256×192 for 17 keypoints (`models.zoo.stats.network_stats`).
In size `small` two deconvolutions are left, as 4×4 cells are too few to read a position from. The
score is not in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from blazetrack.heads.simcc import SPLIT
from models.zoo.backbones.resnet import resnet_and_deconvolutions
from models.zoo.heads.heatmap import score_layers
from models.zoo.heads.simcc import simcc_layers
from models.zoo.layers import check_sizes

__all__ = ["SIZES", "simcc"]

NAME = "simcc"

SIZES: Mapping[str, Mapping[str, Any]] = {
    "small": {
        "side": 128,
        "stem": 16,
        "width": (16, 32, 64, 128),
        "depth": (2, 2, 2, 2),
        "block": "basic",
        "deconvolutions": (64, 48),
    },
    "resnet50": {},  # the defaults
}


def simcc(
    side: int | Sequence[int] = 256,
    keypoints: int = 33,
    stem: int = 64,
    width: Sequence[int] = (64, 128, 256, 512),
    depth: Sequence[int] = (3, 4, 6, 3),
    block: str = "bottleneck",
    deconvolutions: Sequence[int] = (),
    split: int = SPLIT,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, or height and width; multiples of 32.
        keypoints: K.
        stem: channels of the first convolution.
        width: channels of the four stages, as their blocks take them.
        depth: blocks of the four stages.
        block: a name in `backbones.resnet.RESIDUALS`.
        deconvolutions: channels of each transposed convolution of 4×4 and stride 2.
        split: bins per pixel.

    Returns:
        `image` `(B, h, w, 3)` float32 in 0..1 → `simcc_x` `(B, K, w · split)` and `simcc_y`
        `(B, K, h · split)`, see `heads.simcc`; `score` `(B, 1)`, a probability.

    Raises:
        InputError: a number is wrong, or there is no such block.
    """
    check_sizes(NAME, 32, 32, split=split)
    image, x, last = resnet_and_deconvolutions(
        NAME, side, keypoints, stem, width, depth, block, deconvolutions
    )
    height, width_px = image.shape[1:3]
    outputs = simcc_layers(x, keypoints, (width_px * split, height * split))
    return keras.Model(image, {**outputs, "score": score_layers(last)}, name=NAME)
