"""Stacked hourglass (Newell, Yang and Deng, ECCV 2016, arXiv 1603.06937).

The idea: look at the whole body and at each joint in turn, several times. An hourglass
(`backbones/hourglass.py`) goes down to a few cells and back, with a skip at each scale; the next
one sees the features together with the heatmaps of the one before. Each stack has a loss.

    image ─ stem ─ 1/4 ─┬─ hourglass ─ residual ─ 1×1 ─┬─────────── 1×1 ─┬─ sum ─ next stack …
                        │                              └─ heatmap_1 ─ 1×1┤
                        └────────────────────────────────────────────────┘

Published: PCKh@0.5 on MPII 90.9 with 8 stacks of 256 channels at 256×256 (table 2), 25.1 M
parameters (arXiv 1902.09212, table 1). At 256×192 the Cascaded Pyramid Network's paper counts
19.48 "GFLOPs" (arXiv 1711.07319, table 3). HRNet's table has 14.3 there, three quarters of
the 19.1 that it has for 256×256; ours counts 19.2 at 256×192 and 14.4 at 192×192
(`models.zoo.stats.paper_giga` has the unit). The score is not in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from models.zoo.backbones.hourglass import hourglass, residual_module
from models.zoo.heads.heatmap import heatmap_layer, score_layers
from models.zoo.layers import check_levels, check_sizes, conv_bn, image_input
from models.zoo.stages import stage_names

__all__ = ["SIZES", "stacked_hourglass"]

NAME = "stacked_hourglass"

SIZES: Mapping[str, Mapping[str, Any]] = {
    "small": {
        "side": 128,
        "stem": (16, 32, 32),
        "channels": 48,
        "stacks": 2,
        "halvings": 3,
        "normalized": True,
    },
    "stacks2": {"stacks": 2},
    "stacks8": {"stacks": 8},
}


def stacked_hourglass(
    side: int | Sequence[int] = 256,
    keypoints: int = 33,
    stem: Sequence[int] = (64, 128, 128),
    channels: int = 256,
    stacks: int = 8,
    halvings: int = 4,
    normalized: bool = False,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, or height and width; multiples of 4 · 2^halvings.
        keypoints: K.
        stem: channels of the first convolution and of the residual modules before and after the
            pooling; one more brings them to `channels`.
        channels: of the hourglasses.
        stacks: number of hourglasses.
        halvings: halvings in each.
        normalized: maps are a softmax over their cells, see `heads.heatmap.heatmap_layer`.

    Returns:
        `image` `(B, h, w, 3)` float32 in 0..1 → `heatmap` `(B, h/4, w/4, K)` of the last stack,
        `heatmap_1` … of those before; `score` `(B, 1)`, a probability.

    Raises:
        InputError: a number is wrong.
    """
    counts = {"stem": stem, "channels": channels, "stacks": stacks, "halvings": halvings}
    check_levels(NAME, 3, stem=stem)
    check_sizes(NAME, 4, 4, keypoints=keypoints, **counts)
    image = image_input(NAME, side, 4 << halvings)
    x = residual_module(conv_bn(image, stem[0], 7, 2), stem[1])
    x = residual_module(layers.MaxPooling2D(2)(x), stem[2])
    x = residual_module(x, channels)
    outputs = {}
    names = stage_names("heatmap", stacks)
    for name in names:
        y = conv_bn(residual_module(hourglass(x, halvings), channels), channels)
        outputs[name] = heatmap_layer(y, keypoints, name, normalized)
        if name != names[-1]:
            parts = [layers.Conv2D(channels, 1)(one) for one in (y, outputs[name])]
            x = layers.Add()([x, *parts])
    return keras.Model(image, {**outputs, "score": score_layers(y)}, name=NAME)
