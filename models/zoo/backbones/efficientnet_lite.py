"""Encoder of the released networks, an EfficientNet-Lite (arXiv 1905.11946).

The layout is that of the operators of `pose_landmark_full.tflite` and `pose_detection.tflite`
(Apache-2.0), which differ in their stages; their weights fit (`models.train.published_weights`).
There are no batch norms: the files have them folded into their convolutions, and statistics
estimated again at another side would break the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import layers

from blazetrack.errors import InputError
from models.zoo.layers import check_levels, conv, depthwise, relu6

__all__ = ["Stage", "encoder", "full_depth"]

STEM = 24  # channels


class Stage(NamedTuple):
    """Inverted residuals (arXiv 1801.04381) of one width.

    Attributes:
        channels: of its output.
        kernel: side of the first block's depthwise convolution.
        stride: of the first block.
        expand: channels inside the first block, per channel of its input.
        inner: sides of the depthwise convolutions of the blocks after it; an argument sets how
            many of them are built.
    """

    channels: int
    kernel: int
    stride: int
    expand: int
    inner: tuple[int, ...] = ()


EXPAND = 6  # of the blocks after the first of a stage


def full_depth(layout: Sequence[Stage]) -> tuple[int, ...]:
    """Blocks of each stage after its first."""
    return tuple(len(one.inner) for one in layout)


def encoder(
    image: Any,
    network: str,
    layout: Sequence[Stage],
    depth: Sequence[int],
    keep: Sequence[float] | None,
    last: str,
) -> tuple[list[Any], Any]:
    """The last map of each stage, and an expanded map behind them.

    Args:
        image: `(B, side, side, 3)`.
        network: its name, for errors.
        layout: of the released network.
        depth: blocks of each stage after its first.
        keep: of each stage, the share of the channels inside its blocks that is built; None is
            all.
        last: name of the layers behind the last stage.

    Raises:
        InputError: `depth` exceeds the layout, or a share is not in 0..1.
    """
    shares, limits = [1.0] * len(layout) if keep is None else keep, full_depth(layout)
    check_levels(network, len(layout), keep=shares, depth=depth)
    if not all(0 < share <= 1 for share in shares):
        raise InputError(f"{network}: keep: expected shares above 0 and up to 1, got {keep}")
    if any(count > limit for count, limit in zip(depth, limits, strict=True)):
        raise InputError(f"{network}: depth: expected up to {limits}, got {depth}")
    stem = conv(layers.ZeroPadding2D(1)(image), "stem", _widened(STEM, shares[0]), 3, 2)
    x, maps = relu6(stem), []
    for number, (one, blocks, share) in enumerate(zip(layout, depth, shares, strict=True)):
        x = _inverted(
            x, f"stage{number}_0", one.channels, one.kernel, one.stride, one.expand, share
        )
        for block, kernel in enumerate(one.inner[:blocks], start=1):
            x = _inverted(x, f"stage{number}_{block}", one.channels, kernel, 1, EXPAND, share)
        maps.append(x)
    x = relu6(conv(x, f"{last}_expand", _widened(x.shape[-1], EXPAND * shares[-1])))
    return maps, depthwise(x, f"{last}_depthwise", 3)


def _widened(channels: int, expand: float) -> int:
    """Channels inside a block: a multiple of 8, the fastest for XNNPACK."""
    return max(8, round(channels * expand / 8) * 8)


def _inverted(
    x: Any, name: str, channels: int, kernel: int, stride: int, expand: int, share: float
) -> Any:
    """Inverted residual (arXiv 1801.04381)."""
    y = x
    if expand > 1:
        y = relu6(conv(y, f"{name}_expand", _widened(x.shape[-1], expand * share)))
    if stride > 1:
        y = depthwise(layers.ZeroPadding2D(kernel // 2)(y), f"{name}_depthwise", kernel, 2, "valid")
    else:
        y = depthwise(y, f"{name}_depthwise", kernel)
    y = conv(y, f"{name}_project", channels)
    residual = expand > 1 and stride == 1 and x.shape[-1] == channels
    return layers.Add()([x, y]) if residual else y
