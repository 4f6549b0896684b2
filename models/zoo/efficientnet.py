"""EfficientNet-Lite as an encoder (arXiv 1905.11946; the Lite variants: no attention, ReLU6).

Its ImageNet weights are what makes a run on two cores possible: see `models.pretrained`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from keras import layers

__all__ = ["ENCODERS", "LEVELS", "Stage", "efficientnet_lite"]

EPSILON, MOMENTUM = 1e-3, 0.98
# Pixels as its ImageNet weights expect them: (x − 127) / 128 of 0..255.
SCALE, SHIFT = 255 / 128, -127 / 128


class Stage(NamedTuple):
    """Blocks of one width.

    Attributes:
        blocks: how many.
        kernel: side of the depthwise convolution.
        stride: of the first block.
        expand: channels inside per channel of the input.
        channels: of the output.
    """

    blocks: int
    kernel: int
    stride: int
    expand: int
    channels: int


# Down to 1/16 of the side and no further: the blocks of 112 channels that follow there take 0.5
# of the encoder's 1.25 ms, and the coarser ones have most of its weights.
ENCODERS: Mapping[str, tuple[Stage, ...]] = {
    "efficientnet_lite0": (
        Stage(1, 3, 1, 1, 16),
        Stage(2, 3, 2, 6, 24),
        Stage(2, 5, 2, 6, 40),
        Stage(3, 3, 2, 6, 80),
    ),
}
LEVELS = 3
STEM = 32


def efficientnet_lite(image: Any, name: str, levels: int) -> list[Any]:
    """Maps of 1/4, 1/8 and 1/16 of the side.

    Args:
        image: `(B, side, side, 3)` in 0..1.
        name: of `ENCODERS`.
        levels: how many of these maps, at most `LEVELS`.
    """
    x = layers.Rescaling(SCALE, SHIFT, name="imagenet_range")(image)
    x = _norm(layers.Conv2D(STEM, 3, 2, padding="same", use_bias=False, name="stem")(x), "stem")
    x, maps, number, halved = layers.ReLU(6.0)(x), [], 0, 1
    for one in ENCODERS[name]:
        if one.stride == 2:
            if halved > 1:
                maps.append(x)
            if len(maps) == levels:
                return maps
            halved += 1
        for place in range(one.blocks):
            x = _block(x, f"block{number}", one, one.stride if place == 0 else 1)
            number += 1
    return [*maps, x]


def _block(x: Any, name: str, one: Stage, stride: int) -> Any:
    """Inverted residual: expand, depthwise, project (arXiv 1801.04381)."""
    channels, y = x.shape[-1], x
    if one.expand > 1:
        wide = layers.Conv2D(channels * one.expand, 1, use_bias=False, name=f"{name}_expand")
        y = layers.ReLU(6.0)(_norm(wide(y), f"{name}_expand"))
    depthwise = layers.DepthwiseConv2D(
        one.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )
    y = layers.ReLU(6.0)(_norm(depthwise(y), f"{name}_depthwise"))
    narrow = layers.Conv2D(one.channels, 1, use_bias=False, name=f"{name}_project")
    y = _norm(narrow(y), f"{name}_project")
    return layers.Add()([x, y]) if stride == 1 and channels == one.channels else y


def _norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}_norm")(x)
