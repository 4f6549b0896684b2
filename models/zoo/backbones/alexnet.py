"""AlexNet (NIPS 2012) without its classifier: five convolutions and two dense layers.

Batch norms replace local response normalization, which TFLite has no fast operator for; each is
folded into the convolution before it. The convolutions are not grouped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from blazetrack.errors import InputError
from models.zoo.layers import check_levels, conv_bn

__all__ = ["KERNELS", "POOLED", "alexnet", "check_alexnet"]

KERNELS = (11, 5, 3, 3, 3)
POOLED = (0, 1, 4)  # numbers of the convolutions with a max pooling of 3 by 2 behind them


def alexnet(
    image: Any,
    width: Sequence[int],
    dense: Sequence[int],
    kernels: Sequence[int] = KERNELS,
    stride: int = 4,
    dropout: float = 0.6,
) -> Any:
    """`(B, side, side, 3)` → features `(B, dense[-1])`.

    Args:
        image: the input.
        width: channels of the five convolutions.
        dense: outputs of the dense layers, with ReLU and dropout.
        kernels: sides of the convolutions.
        stride: of the first convolution.
        dropout: share of dropped features; 0.6 in DeepPose.
    """
    x = image
    for number, (channels, kernel) in enumerate(zip(width, kernels, strict=True)):
        x = conv_bn(x, channels, kernel, 1 if number else stride)
        if number in POOLED:
            x = layers.MaxPooling2D(3, 2)(x)
    x = layers.Flatten()(x)
    for units in dense:
        x = layers.Dense(units, activation="relu", kernel_initializer="he_normal")(x)
        x = layers.Dropout(dropout)(x)
    return x


def check_alexnet(
    network: str, side: int, kernels: Sequence[int], stride: int, width: Sequence[int]
) -> None:
    """Check the arguments of `alexnet`.

    Raises:
        InputError: the numbers do not fit, or the side leaves nothing for the last pooling.
    """
    check_levels(network, len(KERNELS), width=width, kernels=kernels)
    cells = -(-side // stride)
    for _ in POOLED:
        cells = (cells - 3) // 2 + 1 if cells >= 3 else 0
    if cells < 1:
        raise InputError(
            f"{network}: side: expected one that leaves cells after a stride of {stride} and"
            f" {len(POOLED)} poolings, got {side}"
        )
