"""AdamW with steps in parts of what they change: for weights whose channels differ a thousandfold.

The published files have their batch norms folded into the convolutions, and with that channels of
all sizes, from 0.002 to 1,000. A step of one length for all of them wipes out the small ones and
does not move the large ones.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["RelativeAdamW"]

SMALLEST = 1e-6  # a kernel's channel counts as at least so large,
SMALLEST_BIAS = 0.1  # and a row of biases or of a norm's factors as this


class RelativeAdamW(keras.optimizers.AdamW):  # type: ignore[misc]
    """The learning rate is a part of the root mean square of a kernel's output channel.

    Biases and a norm's factors are taken all together, layer by layer.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One step of one variable; Keras calls it."""
        super().update_step(gradient, variable, learning_rate * _size(variable))


def _size(variable: Any) -> Any:
    """Root mean square, by output channel where there are any."""
    shape = variable.shape
    squares = ops.square(ops.convert_to_tensor(variable))
    if len(shape) < 2:
        return ops.maximum(ops.sqrt(ops.mean(squares)), SMALLEST_BIAS)
    depthwise = len(shape) == 4 and shape[-1] == 1  # (h, w, channels, 1)
    axes = (0, 1) if depthwise else tuple(range(len(shape) - 1))
    return ops.maximum(ops.sqrt(ops.mean(squares, axis=axes, keepdims=True)), SMALLEST)
