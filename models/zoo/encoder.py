"""The encoder of the released landmark network, and the layers it is made of.

Its layout is that of `pose_landmark_full.tflite` (Apache-2.0), read off its operators: its weights
fit, and are what a short training begins from (`models.pretrained`). There are no batch norms: the
file has them folded into its convolutions, and to measure them anew at another side breaks what
the weights know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import layers

from blazetrack.errors import InputError

__all__ = [
    "EXPAND",
    "FULL_DEPTH",
    "STAGES",
    "Stage",
    "conv",
    "depthwise",
    "encoder",
    "relu6",
    "separable",
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


STAGES = (
    Stage(16, 3, 1, 1),
    Stage(24, 3, 2, 4, (3,)),
    Stage(32, 5, 2, 6, (5,)),
    Stage(64, 3, 2, 6, (3, 3)),
    Stage(88, 5, 1, 6, (5, 5)),
    Stage(144, 5, 2, 6, (5, 5, 5)),
)
EXPAND = 6  # of the blocks behind a stage's first
FULL_DEPTH = tuple(len(one.inner) for one in STAGES)


def encoder(image: Any, who: str, depth: Sequence[int]) -> list[Any]:
    """The last map of each stage.

    Args:
        image: `(B, side, side, 3)`.
        who: network that is told of in errors.
        depth: blocks of each stage behind its first one, for as many stages as are wanted.

    Raises:
        InputError: more blocks are asked for than the layout has.
    """
    stages = STAGES[: len(depth)]
    most = FULL_DEPTH[: len(depth)]
    if any(count > limit for count, limit in zip(depth, most, strict=True)):
        raise InputError(f"{who}: depth: expected up to {most}, got {depth}")
    x, maps = relu6(conv(layers.ZeroPadding2D(1)(image), "stem", STEM, 3, 2)), []
    for number, (one, blocks) in enumerate(zip(stages, depth, strict=True)):
        x = _inverted(x, f"stage{number}_0", one.channels, one.kernel, one.stride, one.expand)
        for place, kernel in enumerate(one.inner[:blocks], start=1):
            x = _inverted(x, f"stage{number}_{place}", one.channels, kernel, 1, EXPAND)
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


def _inverted(x: Any, name: str, channels: int, kernel: int, stride: int, expand: int) -> Any:
    y = x
    if expand > 1:
        y = relu6(conv(y, f"{name}_expand", x.shape[-1] * expand))
    if stride > 1:
        y = depthwise(layers.ZeroPadding2D(kernel // 2)(y), f"{name}_depthwise", kernel, 2, "valid")
    else:
        y = depthwise(y, f"{name}_depthwise", kernel)
    y = conv(y, f"{name}_project", channels)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y
