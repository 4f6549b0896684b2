"""Convolutional pose machines (Wei, Ramakrishna, Kanade and Sheikh, CVPR 2016, arXiv 1602.00134).

The idea: a chain of predictors without an explicit model of the body. Stage 1 sees patches of the
picture; each later stage sees image features and the belief maps of the stage before it, through
kernels so large that the place of one part helps to find another. A loss at each stage keeps the
gradient alive through the long network.

    image ─ 3 × (k×k, pooling) ─ 5×5 ─ k×k ─ 1×1 ─ 1×1 ──── heatmap_1
    image ─ 3 × (k×k, pooling) ─┬─ 5×5 ─┐                       │
                                │       ├─ 3 × r×r ─ 1×1 ─ 1×1 ─│─ heatmap_2
                                │       └───────────────────────┘      │
                                └─ 5×5 ─ … all further stages alike ───┘

Published: 368×368 pixels, stride 8, k = 9, r = 11, six stages; PCKh@0.5 on MPII 87.95, with LEEDS
88.52; PCK@0.2 on LEEDS 84.32, with MPII 90.5 (sections 4.2 and 4.3). Not here: the map of the
background and the map of the person's centre, which is always the same in an aligned crop. Batch
norm and the score are not in the paper; a size may have one trunk for all stages (`shared`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from models.zoo.heads.heatmap import heatmap_layer, score_layers
from models.zoo.layers import check_levels, check_sizes, conv_bn, image_input
from models.zoo.stages import stage_names

__all__ = ["SIZES", "cpm"]

NAME = "cpm"
STRIDE = 8
CONTEXT = 5  # kernel of the convolution behind the trunk
REFINING = 3  # large convolutions of each later stage

SIZES: Mapping[str, Mapping[str, Any]] = {
    "small": {
        "side": 128,
        "trunk": (12, 32, 48),
        "kernels": (3, 3, 3),
        "first": (64, 64),
        "features": 24,
        "refine": 32,
        "refine_kernel": 5,
        "stages": 3,
        "shared": True,
        "normalized": True,
    },
    "stages6": {"side": 368},
}


def cpm(
    side: int | Sequence[int] = 368,
    keypoints: int = 33,
    trunk: Sequence[int] = (128, 128, 128),
    kernels: Sequence[int] = (9, 9, 9),
    first: Sequence[int] = (512, 512),
    features: int = 32,
    refine: int = 128,
    refine_kernel: int = 11,
    stages: int = 6,
    shared: bool = False,
    normalized: bool = False,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, or height and width; multiples of 8.
        keypoints: K.
        trunk: channels of the three convolutions before a pooling.
        kernels: sizes of those; the last is also that of the wide one of stage 1.
        first: channels of the wide and of the 1×1 convolution of stage 1.
        features: channels of the image features of each stage.
        refine: channels of the convolutions of later stages.
        refine_kernel: size of those.
        stages: number of stages.
        shared: one trunk for stage 1 and for the later stages.
        normalized: maps are a softmax over their cells, see `heads.heatmap.heatmap_layer`.

    Returns:
        `image` `(B, h, w, 3)` float32 in 0..1 → `heatmap` `(B, h/8, w/8, K)` of the last stage,
        `heatmap_1` … of those before; `score` `(B, 1)`, a probability.

    Raises:
        InputError: a number is wrong.
    """
    check_levels(NAME, 3, trunk=trunk, kernels=kernels)
    check_levels(NAME, 2, first=first)
    counts = {"trunk": trunk, "kernels": kernels, "first": first, "features": features}
    counts |= {"refine": refine, "refine_kernel": refine_kernel, "stages": stages}
    check_sizes(NAME, STRIDE, STRIDE, keypoints=keypoints, **counts)
    image = image_input(NAME, side, STRIDE)
    names = stage_names("heatmap", stages)
    pooled = _trunk(image, trunk, kernels)
    x = conv_bn(conv_bn(pooled, features, CONTEXT), first[0], kernels[-1])
    beliefs = heatmap_layer(conv_bn(x, first[1]), keypoints, names[0], normalized)
    score = score_layers(x)
    outputs = {names[0]: beliefs}
    later = pooled if shared or stages == 1 else _trunk(image, trunk, kernels)
    for name in names[1:]:
        x = layers.Concatenate()([conv_bn(later, features, CONTEXT), beliefs])
        for _ in range(REFINING):
            x = conv_bn(x, refine, refine_kernel)
        x = conv_bn(x, refine)
        beliefs = outputs[name] = heatmap_layer(x, keypoints, name, normalized)
    return keras.Model(image, {**outputs, "score": score}, name=NAME)


def _trunk(image: Any, channels: Sequence[int], kernels: Sequence[int]) -> Any:
    """Features of 1/8 of the side."""
    x = image
    for count, size in zip(channels, kernels, strict=True):
        x = layers.MaxPooling2D(2)(conv_bn(x, count, size))
    return x
