"""The encoder that the released networks share, and the layers it is made of.

Landmark network and detector are of one kind, an EfficientNet-Lite (arXiv 1905.11946) read off the
operators of `pose_landmark_full.tflite` and `pose_detection.tflite` (Apache-2.0); they differ in
their stages. The weights fit, and are what a short training begins from
(`models.train.published_weights`).
There are no batch norms: the files have them folded into their convolutions, and to measure them
anew at another side breaks what the weights know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import layers

from blazetrack.errors import InputError
from models.zoo.layers import check_levels

__all__ = [
    "EXPAND",
    "Stage",
    "conv",
    "depthwise",
    "encoder",
    "full_depth",
    "relu6",
    "separable",
    "widened",
]

STEM = 24  # channels


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


EXPAND = 6  # of the blocks behind a stage's first


def full_depth(layout: Sequence[Stage]) -> tuple[int, ...]:
    """Blocks of each stage behind its first one."""
    return tuple(len(one.inner) for one in layout)


def encoder(
    image: Any,
    who: str,
    layout: Sequence[Stage],
    depth: Sequence[int],
    keep: Sequence[float] | None = None,
) -> list[Any]:
    """The last map of each stage.

    Args:
        image: `(B, side, side, 3)`.
        who: network that is told of in errors.
        layout: of the released network.
        depth: blocks of each stage behind its first one, for as many stages as are wanted.
        keep: of each stage, the part of the channels inside its blocks that is built; None is all.

    Raises:
        InputError: more blocks are asked for than the layout has, or other parts than 0 to 1.
    """
    if keep is not None:
        check_levels(who, len(layout), keep=keep)
        if not all(0 < part <= 1 for part in keep):
            raise InputError(f"{who}: keep: expected parts above 0 and up to 1, got {keep}")
    stages = layout[: len(depth)]
    most = full_depth(stages)
    if any(count > limit for count, limit in zip(depth, most, strict=True)):
        raise InputError(f"{who}: depth: expected up to {most}, got {depth}")
    stem = STEM if keep is None else widened(STEM, keep[0])
    x, maps = relu6(conv(layers.ZeroPadding2D(1)(image), "stem", stem, 3, 2)), []
    parts: Sequence[float] = [1.0] * len(stages) if keep is None else keep
    for number, (one, blocks, part) in enumerate(zip(stages, depth, parts, strict=True)):
        x = _inverted(x, f"stage{number}_0", one.channels, one.kernel, one.stride, one.expand, part)
        for place, kernel in enumerate(one.inner[:blocks], start=1):
            x = _inverted(x, f"stage{number}_{place}", one.channels, kernel, 1, EXPAND, part)
        maps.append(x)
    return maps


def conv(x: Any, name: str, channels: int, size: int = 1, stride: int = 1) -> Any:
    """A convolution without padding."""
    he = keras.initializers.HeNormal()
    return layers.Conv2D(channels, size, stride, padding="valid", kernel_initializer=he, name=name)(
        x
    )


def depthwise(x: Any, name: str, size: int, stride: int = 1, padding: str = "same") -> Any:
    """A depthwise convolution, cut to 0..6."""
    he = keras.initializers.RandomNormal(stddev=2**0.5 / size)  # of the inputs of one channel
    one = layers.DepthwiseConv2D(size, stride, padding=padding, depthwise_initializer=he, name=name)
    return relu6(one(x))


def separable(x: Any, name: str, channels: int, stride: int = 1) -> Any:
    """A depthwise convolution of 3×3 and one of 1×1 behind it."""
    return conv(depthwise(x, f"{name}_depthwise", 3, stride), f"{name}_project", channels)


def relu6(x: Any) -> Any:
    """Cut to 0..6."""
    return layers.ReLU(6.0)(x)


def widened(channels: int, expand: float) -> int:
    """Channels inside a block: a multiple of 8, as XNNPACK runs them best."""
    return max(8, round(channels * expand / 8) * 8)


def _inverted(
    x: Any, name: str, channels: int, kernel: int, stride: int, expand: int, part: float
) -> Any:
    y = x
    if expand > 1:
        y = relu6(conv(y, f"{name}_expand", widened(x.shape[-1], expand * part)))
    if stride > 1:
        y = depthwise(layers.ZeroPadding2D(kernel // 2)(y), f"{name}_depthwise", kernel, 2, "valid")
    else:
        y = depthwise(y, f"{name}_depthwise", kernel)
    y = conv(y, f"{name}_project", channels)
    residual = expand > 1 and stride == 1 and x.shape[-1] == channels
    return layers.Add()([x, y]) if residual else y
