"""BlazePose landmark network (arXiv 2006.10204): regression, with heatmaps in training.

    image ─ encoder ─┬─┬─┬─ bottom                     1/4, 1/8, … of the side
                     │ │ │    │
            decoder  └─┴─┴────┴─ top ─ heatmap, offsets (training only)
                     ║ ║ ║    ║   ║
            regression  ════════════ features ─ points, visibility, presence, world, score

A double line passes features and stops the gradient: heatmaps and offsets train encoder and
decoder; the regression is trained on their features of all levels. The heads that only training
needs are attached to the decoder, so the exported network has none of their operators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers, ops

from blazetrack.errors import InputError
from models.zoo.heads.blazepose import FEATURES, blazepose_layers
from models.zoo.layers import Block, check_levels, check_sizes, conv_bn, get_block

__all__ = ["SIZES", "blazepose"]

NAME = "blazepose"

SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {},  # the defaults
    "full": {
        "side": 256,
        "width": (32, 64, 128, 160, 192),
        "depth": (1, 3, 3, 2, 2),
        "decoder_depth": (1, 2, 2, 1),
        "regression_width": (32, 64, 96, 128, 160),
        "regression_depth": (0, 1, 2, 2, 2),
    },
}


def blazepose(
    side: int = 128,
    keypoints: int = 33,
    stem: int = 32,
    width: Sequence[int] = (32, 64, 128, 160),
    depth: Sequence[int] = (1, 3, 3, 2),
    decoder_depth: Sequence[int] = (1, 2, 2),
    regression_width: Sequence[int] = (32, 64, 96, 128),
    regression_depth: Sequence[int] = (0, 1, 2, 2),
    top: int = 64,
    head: int = 96,
    block: str = "bottleneck",
) -> keras.Model:
    """The network for training.

    A number per level is for maps of 1/4, 1/8, … of the side; `width` sets how many there are.

    Args:
        side: of the input in pixels, a multiple of the last level's stride.
        keypoints: K.
        stem: channels at 1/2 of the side.
        width: channels per level of encoder and decoder.
        depth: blocks per level of the encoder, besides the one that halves the map.
        decoder_depth: blocks per level of the decoder, which has one level fewer.
        regression_width: channels per level of the regression.
        regression_depth: blocks per level of the regression.
        top: channels of the map before heatmaps and offsets.
        head: channels of the last map, the input of the dense heads.
        block: a name in `layers.BLOCKS`.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `points` `(B, K + 2, 3)` x y z in parts of
        the side, the last two rows being the alignment points; `visibility` and `presence`
        `(B, K)` logits; `world` `(B, K, 3)` metres; `score` `(B, 1)` logit; `heatmap`
        `(B, side/4, side/4, K)` logits; `offsets` `(B, side/4, side/4, 2K)` in parts of the
        side, from a cell's centre to the keypoint: K times x, then K times y.
    """
    levels = len(width) if isinstance(width, list | tuple) else 0
    if levels < 2:
        raise InputError(f"{NAME}: width: expected numbers of 2 levels or more, got {width!r}")
    check_levels(NAME, levels - 1, decoder_depth=decoder_depth)
    per_level = {"width": width, "regression_width": regression_width}
    per_level |= {"depth": depth, "regression_depth": regression_depth}
    check_levels(NAME, levels, **per_level)
    single = {"keypoints": keypoints, "stem": stem, "top": top, "head": head}
    check_sizes(NAME, side, 2 ** (levels + 1), decoder_depth=decoder_depth, **per_level, **single)
    kind = get_block(block)
    image = keras.Input((side, side, 3), name="image")
    encoded = _encoder(conv_bn(image, stem, 3, 2), kind, width, depth)
    decoded = _decoder(encoded, kind, width, decoder_depth)
    decoded[0] = conv_bn(decoded[0], top)
    last = _regression(encoded, decoded, kind, regression_width, regression_depth)
    features = layers.Flatten(name=FEATURES)(conv_bn(last, head))
    return keras.Model(image, blazepose_layers(features, decoded[0], keypoints), name=NAME)


def _encoder(x: Any, block: Block, width: Sequence[int], depth: Sequence[int]) -> list[Any]:
    """Maps of 1/4, 1/8, … of the side; `x` is 1/2."""
    encoded = []
    for channels, blocks in zip(width, depth, strict=True):
        x = block(x, channels, 2)
        for _ in range(blocks):
            x = block(x, channels)
        encoded.append(x)
    return encoded


def _decoder(
    encoded: Sequence[Any], block: Block, width: Sequence[int], depth: Sequence[int]
) -> list[Any]:
    """Maps of the same sizes without the coarsest, each merged with the coarser ones."""
    x = encoded[-1]
    decoded: list[Any] = []
    skips = zip(encoded[-2::-1], width[-2::-1], depth[::-1], strict=True)
    for skip, channels, blocks in skips:
        x = layers.UpSampling2D(interpolation="bilinear")(conv_bn(x, channels, relu=False))
        x = layers.ReLU()(layers.Add()([x, conv_bn(skip, channels, relu=False)]))
        for _ in range(blocks):
            x = block(x, channels)
        decoded.insert(0, x)
    return decoded


def _regression(
    encoded: Sequence[Any],
    decoded: Sequence[Any],
    block: Block,
    width: Sequence[int],
    depth: Sequence[int],
) -> Any:
    """The last map; encoder and decoder maps are added at every level, without gradient."""
    x = None
    for level, (channels, blocks) in enumerate(zip(width, depth, strict=True)):
        inputs = [encoded[level], *decoded[level : level + 1]]
        parts = [conv_bn(ops.stop_gradient(one), channels, relu=False) for one in inputs]
        if x is not None:
            parts.append(block(x, channels, 2))
        x = layers.ReLU()(layers.Add()(parts))
        for _ in range(blocks):
            x = block(x, channels)
    return x
