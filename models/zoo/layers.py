"""Layers and blocks of the networks, and checks of their arguments.

All of it runs fast in XNNPACK: NHWC, ReLU, no operator between a convolution and its batch norm,
so that the export folds the norm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import layers, ops

from blazetrack.errors import InputError, did_you_mean

__all__ = [
    "BLOCKS",
    "blaze_block",
    "bottleneck",
    "check_dropout",
    "check_levels",
    "check_sizes",
    "conv",
    "conv_bn",
    "deconv_bn",
    "depthwise",
    "get_block",
    "image_input",
    "norm",
    "relu6",
    "separable",
]

# Batch statistics over about the last 50 steps: runs on a CPU are short, Keras' 0.99 lags behind.
MOMENTUM = 0.98

Block = Callable[..., Any]


def norm(x: Any) -> Any:
    """Batch norm with the momentum of the zoo."""
    return layers.BatchNormalization(momentum=MOMENTUM)(x)


def conv_bn(x: Any, channels: int, size: int = 1, stride: int = 1, *, relu: bool = True) -> Any:
    """Convolution, batch norm and ReLU: `(B, h, w, c)` → `(B, h/stride, w/stride, channels)`."""
    x = layers.Conv2D(channels, size, stride, padding="same", use_bias=False)(x)
    x = norm(x)
    return layers.ReLU()(x) if relu else x


def deconv_bn(x: Any, channels: int, size: int = 4) -> Any:
    """Transposed convolution, batch norm and ReLU: `(B, h, w, c)` → `(B, 2h, 2w, channels)`."""
    x = layers.Conv2DTranspose(channels, size, 2, padding="same", use_bias=False)(x)
    return layers.ReLU()(norm(x))


def conv(x: Any, name: str, channels: int, size: int = 1, stride: int = 1) -> Any:
    """Convolution with bias, without padding and norm."""
    init = keras.initializers.HeNormal()
    convolution = layers.Conv2D(
        channels, size, stride, padding="valid", kernel_initializer=init, name=name
    )
    return convolution(x)


def depthwise(x: Any, name: str, size: int, stride: int = 1, padding: str = "same") -> Any:
    """Depthwise convolution with bias, and ReLU6."""
    init = keras.initializers.RandomNormal(stddev=2**0.5 / size)  # He normal of one channel
    convolution = layers.DepthwiseConv2D(
        size, stride, padding=padding, depthwise_initializer=init, name=name
    )
    return relu6(convolution(x))


def separable(x: Any, name: str, channels: int, stride: int = 1) -> Any:
    """Depthwise 3×3, ReLU6 and 1×1 convolution."""
    return conv(depthwise(x, f"{name}_depthwise", 3, stride), f"{name}_project", channels)


def relu6(x: Any) -> Any:
    """ReLU with the maximum 6."""
    return layers.ReLU(6.0)(x)


def bottleneck(x: Any, channels: int, stride: int = 1) -> Any:
    """Residual block of 1×1, dense 3×3 and 1×1 at half the channels.

    A block that changes the shape is one strided 3×3 convolution, without a residual.
    """
    if stride > 1 or x.shape[-1] != channels:
        return conv_bn(x, channels, 3, stride)
    y = conv_bn(x, channels // 2)
    y = conv_bn(y, channels // 2, 3)
    y = conv_bn(y, channels, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


def blaze_block(x: Any, channels: int, stride: int = 1, size: int = 5) -> Any:
    """Residual block of a depthwise and a 1×1 convolution (BlazeFace, arXiv 1907.05047, 3.2).

    Where the shape changes, the shortcut is a max pooling over the stride, padded with channels of
    zeros.
    """
    y = layers.DepthwiseConv2D(size, stride, padding="same", use_bias=False)(x)
    y = conv_bn(y, channels, relu=False)
    if stride > 1:
        x = layers.MaxPooling2D(stride)(x)
    if x.shape[-1] < channels:
        x = ops.pad(x, [(0, 0), (0, 0), (0, 0), (0, channels - x.shape[-1])])
    elif x.shape[-1] > channels:
        x = conv_bn(x, channels, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


BLOCKS: Mapping[str, Block] = {"bottleneck": bottleneck, "depthwise": blaze_block}


def get_block(kind: str) -> Block:
    """The block with the name `kind`.

    Raises:
        InputError: there is none; the message has the nearest name.
    """
    if kind not in BLOCKS:
        raise InputError(f"no block '{kind}'; {did_you_mean(kind, BLOCKS)}")
    return BLOCKS[kind]


def check_sizes(network: str, side: object, max_stride: int, **numbers: object) -> None:
    """Check a network's side and counts.

    Args:
        network: its name, for the message.
        side: of its input in pixels, a multiple of `max_stride`.
        max_stride: its largest stride.
        numbers: arguments by name: whole numbers from 1, or from 0 if the name ends in `depth`.

    Raises:
        InputError: one of them is wrong.
    """
    if not isinstance(side, int) or side < max_stride or side % max_stride:
        raise InputError(f"{network}: side: expected a multiple of {max_stride}, got {side!r}")
    for name, values in numbers.items():
        low = 0 if name.endswith("depth") else 1
        each = values if isinstance(values, list | tuple) else [values]
        if not all(isinstance(n, int) and n >= low for n in each):
            raise InputError(
                f"{network}: {name}: expected whole numbers from {low}, got {values!r}"
            )


def image_input(network: str, side: object, max_stride: int) -> Any:
    """The input of a network.

    Args:
        network: its name, for errors.
        side: in pixels, or height and width; multiples of `max_stride`.
        max_stride: its largest stride.

    Raises:
        InputError: a side is wrong.
    """
    sides = side if isinstance(side, list | tuple) and len(side) == 2 else (side, side)
    for one in sides:
        check_sizes(network, one, max_stride)
    return keras.Input((*sides, 3), name="image")


def check_levels(network: str, levels: int, **numbers: object) -> None:
    """Check that each argument has one number per level."""
    for name, values in numbers.items():
        if not isinstance(values, list | tuple) or len(values) != levels:
            raise InputError(f"{network}: {name}: expected {levels} numbers, got {values!r}")


def check_dropout(network: str, dropout: object) -> None:
    """Check a share of dropped features."""
    if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise InputError(f"{network}: dropout: expected a share of 0 to 1, got {dropout!r}")
