"""Simple baselines (Xiao, Wu and Wei, ECCV 2018, arXiv 1804.06208).

The idea: a ResNet, and as little as possible behind it. Three transposed convolutions bring its
last map from 1/32 to 1/4 of the side; no skips, no stages, one loss.

    image ─ ResNet ─ 1/32 ─ deconvolution ─ 1/16 ─ deconvolution ─ 1/8 ─ deconvolution ─ 1/4 ─ 1×1
                      │                                                                      heatmap
                      └─ score

Published at 256×192 for COCO's 17 keypoints (HRNet's paper, arXiv 1902.09212, table 1), AP on
val2017 with ImageNet weights: ResNet-50 34.0 M parameters, 8.90 "GFLOPs", 70.4; ResNet-101 53.0 M,
12.4, 71.4; ResNet-152 68.6 M, 15.7, 72.0 (`models.zoo.stats.paper_giga` has the unit). The score is
not in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from models.zoo.backbones.resnet import resnet_and_deconvolutions
from models.zoo.heads.heatmap import heatmap_layer, score_layers

__all__ = ["SIZES", "simple_baseline"]

NAME = "simple_baseline"

SIZES: Mapping[str, Mapping[str, Any]] = {
    "small": {
        "side": 128,
        "stem": 16,
        "width": (16, 32, 64, 128),
        "depth": (2, 2, 2, 2),
        "block": "basic",
        "deconvolutions": (64, 48, 48),
        "normalized": True,
    },
    "resnet50": {"depth": (3, 4, 6, 3)},
    "resnet101": {"depth": (3, 4, 23, 3)},
    "resnet152": {"depth": (3, 8, 36, 3)},
}


def simple_baseline(
    side: int | Sequence[int] = 256,
    keypoints: int = 33,
    stem: int = 64,
    width: Sequence[int] = (64, 128, 256, 512),
    depth: Sequence[int] = (3, 4, 6, 3),
    block: str = "bottleneck",
    deconvolutions: Sequence[int] = (256, 256, 256),
    normalized: bool = False,
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
        normalized: maps are a softmax over their cells, see `heads.heatmap.heatmap_layer`.

    Returns:
        `image` `(B, h, w, 3)` float32 in 0..1 → `heatmap` `(B, h/4, w/4, K)`, with three
        deconvolutions; `score` `(B, 1)`, a probability.

    Raises:
        InputError: a number is wrong, or there is no such block.
    """
    image, x, last = resnet_and_deconvolutions(
        NAME, side, keypoints, stem, width, depth, block, deconvolutions
    )
    heatmap = heatmap_layer(x, keypoints, normalized=normalized)
    return keras.Model(image, {"heatmap": heatmap, "score": score_layers(last)}, name=NAME)
