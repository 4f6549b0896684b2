"""Multi-scale cascaded hourglass: stacked hourglasses on maps of three sizes, fine to coarse.

The idea, of a patent document: a stack of hourglasses on one size of map either is costly or loses
detail. Here two hourglasses work on fine maps, four on maps of half that size, and two on a
quarter. Between the sizes both the features and the heatmaps are downsampled and joined, so that
each scale begins with what the finer one found. All eight heatmaps have a loss; the losses are
summed.

    image ─ stem ─ 1/2 ─ hourglass ─ hourglass ─┬─ features ─ 3×3, stride 2 ─┐
                   128       │           │      └─ heatmap_2 ─ pooling ──────┴─ join ─ 1×1 ─┐
                         heatmap_1   heatmap_2                                              │
        ┌───────────────────────────────────────────────────────────────────────────────────┘
        └─ 1/4 ─ four hourglasses, heatmap_3 … 6 ─ join ─ 1/8 ─ two hourglasses, heatmap_7, heatmap
           64                                            32

The hourglass is modified: one residual module per branch of each scale instead of three, a 3×3
convolution on the way up, and the sum of both. Within a scale the next hourglass has the features
and the heatmaps added, as in `stacked_hourglass`. Maps have 128, 64 and 32 cells for 256 pixels.

The document gives no counts and no figures on public data. The 1×1 convolution of the join, the
hourglass's depth at each scale and the score are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from models.zoo.backbones.hourglass import residual_module
from models.zoo.heads.heatmap import heatmap_layer, score_layers
from models.zoo.layers import check_levels, check_sizes, conv_bn, image_input
from models.zoo.stages import stage_names

__all__ = ["SIZES", "cascaded_hourglass"]

NAME = "cascaded_hourglass"
SCALES = 3

SIZES: Mapping[str, Mapping[str, Any]] = {
    "small": {
        "side": 128,
        "stem": 12,
        "channels": (12, 24, 48),
        "hourglasses": (2, 4, 2),
        "halvings": (2, 2, 2),
        "normalized": True,
    },
    "full": {"side": 256},
}


def cascaded_hourglass(
    side: int | Sequence[int] = 256,
    keypoints: int = 33,
    stem: int = 64,
    channels: Sequence[int] = (128, 192, 256),
    hourglasses: Sequence[int] = (2, 4, 2),
    halvings: Sequence[int] = (4, 4, 3),
    normalized: bool = False,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, or height and width; multiples of the stride of the smallest
            map, 64 by default.
        keypoints: K.
        stem: channels of the first convolution.
        channels: of the features at 1/2, 1/4 and 1/8 of the side.
        hourglasses: number at each of these.
        halvings: halvings in each hourglass of each of these.
        normalized: maps are a softmax over their cells, see `heads.heatmap.heatmap_layer`.

    Returns:
        `image` `(B, h, w, 3)` float32 in 0..1 → `heatmap` `(B, h/8, w/8, K)` of the last
        hourglass, `heatmap_1` … of those before, in their sizes; `score` `(B, 1)`, a probability.

    Raises:
        InputError: a number is wrong.
    """
    counts = {"channels": channels, "hourglasses": hourglasses, "halvings": halvings}
    check_levels(NAME, SCALES, **counts)
    check_sizes(NAME, 2, 2, keypoints=keypoints, stem=stem, **counts)
    image = image_input(
        NAME, side, max(2 << scale << depth for scale, depth in enumerate(halvings))
    )
    x = residual_module(conv_bn(image, stem, 5, 2), channels[0])
    names, outputs = iter(stage_names("heatmap", sum(hourglasses))), {}
    y, heatmap = x, None
    for scale, (width, count, depth) in enumerate(
        zip(channels, hourglasses, halvings, strict=True)
    ):
        if scale:
            x = _joined(y, heatmap, width)
        for number in range(count):
            if number:
                x = _added(x, y, heatmap)
            y = conv_bn(_modified_hourglass(x, depth), width)
            name = next(names)
            heatmap = outputs[name] = heatmap_layer(y, keypoints, name, normalized)
    return keras.Model(image, {**outputs, "score": score_layers(y)}, name=NAME)


def _modified_hourglass(x: Any, depth: int) -> Any:
    """A map of the size and channels of `x`, with the context of `depth` halved maps."""
    channels = x.shape[-1]
    y = residual_module(layers.MaxPooling2D(2)(x), channels)
    if depth > 1:
        y = _modified_hourglass(y, depth - 1)
    y = layers.UpSampling2D(2, interpolation="bilinear")(y)
    return layers.ReLU()(layers.Add()([x, conv_bn(y, channels, 3, relu=False)]))


def _joined(features: Any, heatmap: Any, channels: int) -> Any:
    """Features and heatmaps of half the size, as features of the next scale."""
    halved = conv_bn(features, channels, 3, 2)
    return conv_bn(layers.Concatenate()([halved, layers.AveragePooling2D(2)(heatmap)]), channels)


def _added(x: Any, y: Any, heatmap: Any) -> Any:
    """The input of the next hourglass of a scale."""
    parts = [layers.Conv2D(x.shape[-1], 1)(one) for one in (y, heatmap)]
    return layers.Add()([x, *parts])
