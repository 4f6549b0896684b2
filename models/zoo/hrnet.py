"""HRNet (Sun, Xiao, Liu and Wang, CVPR 2019, arXiv 1902.09212).

The idea: keep the high resolution all through the network instead of recovering it at the end.
Branches of lower resolution are added one by one beside it, and all exchange what they have
repeatedly (`backbones/hrnet.py` has the drawing).

    image ─ two strided 3×3 ─ 1/4 ─ stage 1 ─ stage 2 ─ stage 3 ─ stage 4 ─ finest map ─ 1×1 heatmap
                                   1 branch      2         3         4 ──── coarsest map ─ score

Published at 256×192 for COCO's 17 keypoints (table 1), AP on val2017 with ImageNet weights: W32
28.5 M parameters, 7.10 "GFLOPs", 74.4; W48 63.6 M, 14.6, 75.1 (`models.zoo.stats.paper_giga` has
the unit). The score is not in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from blazetrack.errors import InputError
from models.zoo.backbones.hrnet import hrnet_backbone
from models.zoo.heads.heatmap import heatmap_layer, score_layers
from models.zoo.layers import check_levels, check_sizes, image_input

__all__ = ["SIZES", "hrnet"]

NAME = "hrnet"

SIZES: Mapping[str, Mapping[str, Any]] = {
    "small": {
        "side": 128,
        "stem": (16, 32),
        "first": (16, 1),
        "width": 16,
        "modules": (1, 1, 1),
        "blocks": 1,
        "normalized": True,
    },
    "w32": {"width": 32},
    "w48": {"width": 48},
}


def hrnet(
    side: int | Sequence[int] = 256,
    keypoints: int = 33,
    stem: Sequence[int] = (64, 64),
    first: Sequence[int] = (64, 4),
    width: int = 32,
    modules: Sequence[int] = (1, 4, 3),
    blocks: int = 4,
    normalized: bool = False,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, or height and width; multiples of the coarsest stride, 32
            with three further stages.
        keypoints: K.
        stem: channels of the two strided convolutions.
        first: channels and number of the first stage's bottlenecks.
        width: channels of the finest branch.
        modules: of each further stage, the number of fusions.
        blocks: basic blocks of each branch before a fusion.
        normalized: maps are a softmax over their cells, see `heads.heatmap.heatmap_layer`.

    Returns:
        `image` `(B, h, w, 3)` float32 in 0..1 → `heatmap` `(B, h/4, w/4, K)`; `score` `(B, 1)`,
        a probability.

    Raises:
        InputError: a number is wrong.
    """
    stages = len(modules) if isinstance(modules, list | tuple) else 0
    if not stages:
        raise InputError(f"{NAME}: modules: expected a number per further stage, got {modules!r}")
    check_levels(NAME, 2, stem=stem, first=first)
    counts = {"keypoints": keypoints, "stem": stem, "first": first, "width": width}
    check_sizes(NAME, 4, 4, modules=modules, blocks=blocks, **counts)
    image = image_input(NAME, side, 4 << stages)
    finest, coarsest = hrnet_backbone(
        image, (stem[0], stem[1]), (first[0], first[1]), width, modules, blocks
    )
    outputs = {
        "heatmap": heatmap_layer(finest, keypoints, normalized=normalized),
        "score": score_layers(coarsest),
    }
    return keras.Model(image, outputs, name=NAME)
