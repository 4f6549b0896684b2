"""The hourglass (Newell, Yang and Deng, ECCV 2016, arXiv 1603.06937) and its residual module.

x ─┬─ residual ────────────────────────────────────┬─ sum
   └─ pooling ─ residual ─ hourglass ─ residual ─ upsampling ─┘
                           (one level fewer; at the last one a residual)
"""

from __future__ import annotations

from typing import Any

from keras import layers

from models.zoo.layers import norm

__all__ = ["hourglass", "preactivated", "residual_module"]


def residual_module(x: Any, channels: int) -> Any:
    """Residual of 1×1, 3×3 and 1×1 at half the channels, each behind batch norm and ReLU."""
    y = x
    for size, count in ((1, channels // 2), (3, channels // 2), (1, channels)):
        y = layers.Conv2D(count, size, padding="same")(preactivated(y))
    skip = x if x.shape[-1] == channels else layers.Conv2D(channels, 1)(x)
    return layers.Add()([skip, y])


def preactivated(x: Any) -> Any:
    """Batch norm and ReLU."""
    return layers.ReLU()(norm(x))


def hourglass(x: Any, depth: int, block: Any = residual_module) -> Any:
    """A map of the size and channels of `x`, with the context of `depth` halved maps.

    Upsampling is bilinear (nearest in the paper; XNNPACK has bilinear only).

    Args:
        x: `(B, h, w, c)`, whose sides 2^depth divides.
        depth: number of halvings.
        block: map and channels → map.
    """
    channels = x.shape[-1]
    skip = block(x, channels)
    y = block(layers.MaxPooling2D(2)(x), channels)
    y = hourglass(y, depth - 1, block) if depth > 1 else block(y, channels)
    y = layers.UpSampling2D(2, interpolation="bilinear")(block(y, channels))
    return layers.Add()([skip, y])
