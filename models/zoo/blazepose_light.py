"""The light landmark network: the encoder of the released one, thinned, read as in the paper.

    image ─ stem ─ stages of inverted residuals ─ bottom ────────── tail ─ points, visibility,
                    │      │      │                 │                ║      presence, world, score
                    └──────┴──────┴─── decoder ─────┘                ║
                                       │   ║                         ║
                     heatmap, offsets ─┘   ╚══════════ reading ══════╝
                     (training only)

Encoder, decoder and tail have the layout of `pose_landmark_full.tflite` (Apache-2.0), read off its
operators, at any side and with fewer blocks: its weights fit, and are what a short training begins
from (`models.pretrained`). In that file the regression sees the bottom alone. At half the side the
bottom has 4×4 cells, too few to say where a wrist is, so here the regression also reads what the
decoder found, at all levels, as the paper has it (arXiv 2006.10204); the double line lets features
through and no gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
from keras import layers, ops

from blazetrack.errors import InputError
from models.zoo.blocks import MOMENTUM, check_levels, check_sizes
from models.zoo.heads import FEATURES, dense_heads, fold_heads, map_heads

__all__ = ["SIZES", "STAGES", "Stage", "blazepose_light", "deployed"]

NAME = "blazepose_light"
NORM = "_norm"  # what a convolution's name ends in for its batch norm's
STEM, SEEN, TAIL = 24, 48, 288  # channels: of the stem, of the decoder, of the tail
READING = (64, 128)  # channels at 1/8 and 1/16 of the side


class Stage(NamedTuple):
    """Inverted residuals (arXiv 1801.04381) of one width.

    Attributes:
        channels: of its output.
        kernel: side of the first block's depthwise convolution.
        stride: of the first block.
        expand: channels inside the first block, per channel of its input.
        inner: sides of the depthwise convolutions of the blocks behind it; how many of those
            are built is an argument.
    """

    channels: int
    kernel: int
    stride: int
    expand: int
    inner: tuple[int, ...] = ()


STAGES = (
    Stage(16, 3, 1, 1),
    Stage(24, 3, 2, 4, (3,)),
    Stage(32, 5, 2, 6, (5,)),
    Stage(64, 3, 2, 6, (3, 3)),
    Stage(88, 5, 1, 6, (5, 5)),
    Stage(144, 5, 2, 6, (5, 5, 5)),
)
EXPAND = 6  # of the blocks behind a stage's first, and of the bottom
TAPS = (1, 2, 4)  # stages whose output the decoder sees
FULL_DEPTH = tuple(len(one.inner) for one in STAGES)
TAIL_DEPTH = (4, 5)  # of the released network

SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {},
    "full": {
        "side": 256,
        "depth": FULL_DEPTH,
        "tail": TAIL_DEPTH,
    },
}


def blazepose_light(
    side: int = 128,
    keypoints: int = 33,
    depth: Sequence[int] = (0, 1, 1, 2, 2, 1),
    tail: Sequence[int] = (1, 0),
) -> keras.Model:
    """The network as it is trained.

    Args:
        side: of the input in pixels, a multiple of 32 up to 256.
        keypoints: K.
        depth: blocks of each stage behind its first one.
        tail: blocks of the tail, before and behind where it halves its map.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → the outputs of `blazepose.blazepose`.

    Raises:
        InputError: a number is wrong, or more blocks are asked for than the layout has.
    """
    check_levels(NAME, len(STAGES), depth=depth)
    check_levels(NAME, len(TAIL_DEPTH), tail=tail)
    check_sizes(NAME, side, 32, depth=depth, tail_depth=tail, keypoints=keypoints)
    for name, wanted, most in (("depth", depth, FULL_DEPTH), ("tail", tail, TAIL_DEPTH)):
        if any(count > limit for count, limit in zip(wanted, most, strict=True)):
            raise InputError(f"{NAME}: {name}: expected up to {most}, got {wanted}")
    if side > SIZES["full"]["side"]:
        raise InputError(f"{NAME}: side: expected up to {SIZES['full']['side']}, got {side}")
    image = keras.Input((side, side, 3), name="image")
    x = _relu6(_conv(layers.ZeroPadding2D(1)(image), "stem", STEM, 3, 2))
    seen = []
    for number, (one, blocks) in enumerate(zip(STAGES, depth, strict=True)):
        x = _inverted(x, f"stage{number}_0", one.channels, one.kernel, one.stride, one.expand)
        for place, kernel in enumerate(one.inner[:blocks], start=1):
            x = _inverted(x, f"stage{number}_{place}", one.channels, kernel, 1, EXPAND)
        if number in TAPS:
            seen.append(x)
    bottom = _relu6(_conv(x, "bottom_expand", x.shape[-1] * EXPAND))
    bottom = _depthwise(bottom, "bottom_depthwise", 3)
    decoded = _decoder(bottom, seen)
    features = layers.Flatten(name=FEATURES)(_tail(bottom, _reading(decoded), tail))
    heads = dense_heads(features, keypoints) | map_heads(decoded[0], keypoints)
    return keras.Model(image, heads, name=NAME)


def deployed(network: keras.Model) -> keras.Model:
    """As `heads.fold_heads`."""
    return fold_heads(network, NAME)


def _relu6(x: Any) -> Any:
    return layers.ReLU(6.0)(x)


def _conv(x: Any, name: str, channels: int, size: int = 1, stride: int = 1) -> Any:
    conv = layers.Conv2D(channels, size, stride, padding="valid", use_bias=False, name=name)
    return _norm(conv(x), name)


def _depthwise(x: Any, name: str, size: int, stride: int = 1, padding: str = "same") -> Any:
    conv = layers.DepthwiseConv2D(size, stride, padding=padding, use_bias=False, name=name)
    return _relu6(_norm(conv(x), name))


def _norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(momentum=MOMENTUM, name=name + NORM)(x)


def _inverted(x: Any, name: str, channels: int, kernel: int, stride: int, expand: int) -> Any:
    y = x
    if expand > 1:
        y = _relu6(_conv(y, f"{name}_expand", x.shape[-1] * expand))
    if stride > 1:
        y = _depthwise(
            layers.ZeroPadding2D(kernel // 2)(y), f"{name}_depthwise", kernel, 2, "valid"
        )
    else:
        y = _depthwise(y, f"{name}_depthwise", kernel)
    y = _conv(y, f"{name}_project", channels)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _separable(x: Any, name: str, channels: int, stride: int = 1) -> Any:
    return _conv(_depthwise(x, f"{name}_depthwise", 3, stride), f"{name}_project", channels)


def _decoder(bottom: Any, seen: Sequence[Any]) -> list[Any]:
    """Maps of 1/4, 1/8 and 1/16 of the side."""
    x = _relu6(_separable(bottom, "decoder_bottom", SEEN))
    decoded: list[Any] = []
    for number, skip in zip(TAPS[::-1], seen[::-1], strict=True):
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        x = layers.Add()([x, _relu6(_separable(skip, f"decoder{number}", SEEN))])
        decoded.insert(0, x)
    return decoded


def _reading(decoded: Sequence[Any]) -> Any:
    """A map of 1/32 of the side of what the decoder found; no gradient goes there."""
    x, *coarser = (ops.stop_gradient(one) for one in decoded)
    for level, (channels, skip) in enumerate(zip(READING, coarser, strict=True)):
        x = _separable(x, f"reading{level}", channels, 2)
        x = _relu6(layers.Add()([x, _conv(skip, f"reading{level}_skip", channels)]))
        x = _relu6(layers.Add()([x, _separable(x, f"reading{level}_more", channels)]))
    return _separable(x, "reading_out", TAIL, 2)


def _tail(bottom: Any, read: Any, blocks: Sequence[int]) -> Any:
    """The last map, of 2×2 cells where the side is 64 or more."""
    x = _relu6(layers.Add()([_separable(bottom, "tail_in", TAIL), read]))
    for part, (cells, count) in enumerate(zip((4, 2), blocks, strict=True)):
        x = _reduce(x, f"tail{part}_0", cells)
        for place in range(1, count + 1):
            y = _separable(x, f"tail{part}_{place}", TAIL)
            x = _relu6(layers.Add()([x, y]))
    return x


def _reduce(x: Any, name: str, cells: int) -> Any:
    """A residual to a map of so many cells a side, with a maximum as the way round."""
    stride = max(1, x.shape[1] // cells)
    y = _separable(x, name, TAIL, stride)
    if stride > 1:
        x = layers.MaxPooling2D(stride)(x)
    return _relu6(layers.Add()([x, y]))
