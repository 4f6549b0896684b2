"""What the networks are built of: convolutions with batch norm, and the blocks made of them.

All of it is what XNNPACK runs fast: NHWC, ReLU, no operator between a convolution and its batch
norm, so that the export folds the norm away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras import layers, ops

from blazetrack.errors import InputError, did_you_mean

__all__ = [
    "BLOCKS",
    "blaze_block",
    "bottleneck",
    "check_levels",
    "check_sizes",
    "conv",
    "get_block",
    "says",
    "stage",
]

# Statistics over about the last 50 steps: runs on a CPU are short, Keras' 0.99 lags behind them.
MOMENTUM = 0.98

Block = Callable[..., Any]


def conv(x: Any, channels: int, size: int = 1, stride: int = 1, *, relu: bool = True) -> Any:
    """Convolution, batch norm and ReLU: `(B, h, w, c)` → `(B, h/stride, w/stride, channels)`."""
    x = layers.Conv2D(channels, size, stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x)
    return layers.ReLU()(x) if relu else x


def bottleneck(x: Any, channels: int, stride: int = 1) -> Any:
    """Residual of 1×1, dense 3×3 and 1×1 at half the channels.

    A block that changes the shape is one strided 3×3 convolution, without a residual.
    """
    if stride > 1 or x.shape[-1] != channels:
        return conv(x, channels, 3, stride)
    y = conv(x, channels // 2)
    y = conv(y, channels // 2, 3)
    y = conv(y, channels, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


def blaze_block(x: Any, channels: int, stride: int = 1, size: int = 5) -> Any:
    """Residual of a depthwise convolution and a 1×1 (BlazeFace, arXiv 1907.05047, section 3.2).

    Where the shape changes, the other way round the residual is a maximum over the stride, padded
    with channels of zeros.
    """
    y = layers.DepthwiseConv2D(size, stride, padding="same", use_bias=False)(x)
    y = conv(y, channels, relu=False)
    if stride > 1:
        x = layers.MaxPooling2D(stride)(x)
    if x.shape[-1] < channels:
        x = ops.pad(x, [(0, 0), (0, 0), (0, 0), (0, channels - x.shape[-1])])
    elif x.shape[-1] > channels:
        x = conv(x, channels, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


BLOCKS: Mapping[str, Block] = {"bottleneck": bottleneck, "depthwise": blaze_block}


def get_block(kind: str) -> Block:
    """The block called `kind`; `InputError` with the nearest name where there is none."""
    if kind not in BLOCKS:
        raise InputError(f"no block '{kind}'; {did_you_mean(kind, BLOCKS)}")
    return BLOCKS[kind]


def stage(x: Any, block: Block, channels: int, depth: int, stride: int = 1) -> Any:
    """A block that brings `x` to `channels` and a smaller map, and `depth` more behind it."""
    x = block(x, channels, stride)
    for _ in range(depth):
        x = block(x, channels)
    return x


def check_sizes(who: str, side: object, coarsest: int, **numbers: object) -> None:
    """Refuse a side that the coarsest stride does not divide, and counts that are not counts.

    Args:
        who: the network, for the message.
        side: of its input in pixels.
        coarsest: its largest stride.
        numbers: arguments by name: whole numbers from 1, or from 0 if they are a `depth`.

    Raises:
        InputError: one of them is wrong.
    """
    if not isinstance(side, int) or side < coarsest or side % coarsest:
        raise InputError(f"{who}: side: expected a multiple of {coarsest}, got {side!r}")
    for name, values in numbers.items():
        least = 0 if name.endswith("depth") else 1
        each = values if isinstance(values, list | tuple) else [values]
        if not all(isinstance(n, int) and n >= least for n in each):
            raise InputError(f"{who}: {name}: expected whole numbers from {least}, got {values!r}")


def check_levels(who: str, levels: int, **numbers: object) -> None:
    """Refuse arguments that do not hold a number for each of the levels."""
    for name, values in numbers.items():
        if not isinstance(values, list | tuple) or len(values) != levels:
            raise InputError(f"{who}: {name}: expected {levels} numbers, got {values!r}")


def says(network: Any) -> set[str]:
    """Names of a network's outputs."""
    return set(network.output) if isinstance(network.output, Mapping) else set()
