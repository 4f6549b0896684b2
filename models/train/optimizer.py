"""AdamW whose step size is relative to the size of the weights, per channel.

The published files have their batch norms folded into the convolutions, so that channels differ in
size from 0.002 to 1,000. A step of one length for all channels erases the small ones and does not
move the large ones.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from models.train.settings import Settings

__all__ = ["ChannelScaledAdamW", "make_optimizer"]

MIN_SIZE = 1e-6  # lower limit of the size of a kernel's channel
MIN_BIAS_SIZE = 0.1  # lower limit of the size of a layer's biases or norm factors


class ChannelScaledAdamW(keras.optimizers.AdamW):  # type: ignore[misc]
    """AdamW; the learning rate is relative to the root mean square of a kernel's output channel.

    Biases and norm factors are scaled per layer.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable; called by Keras."""
        super().update_step(gradient, variable, learning_rate * _size(variable))


def make_optimizer(settings: Settings) -> Any:
    """AdamW by `settings.optimizer`, with the moving average of the weights."""
    wanted, steps = settings.optimizer, settings.run.steps
    warmup = min(wanted.warmup_steps, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else wanted.learning_rate,
        steps - warmup,
        alpha=wanted.floor,
        warmup_target=wanted.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    span = min(wanted.average_steps, steps // 10)
    kind = ChannelScaledAdamW if wanted.channel_scaled else keras.optimizers.AdamW
    optimizer = kind(
        rate,
        weight_decay=wanted.weight_decay,
        global_clipnorm=wanted.clip_norm or None,
        use_ema=span > 1,
        ema_momentum=1 - 1 / max(span, 2),
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "alpha"])
    return optimizer


def _size(variable: Any) -> Any:
    """Root mean square, per output channel of a kernel."""
    shape = variable.shape
    squares = ops.square(ops.convert_to_tensor(variable))
    if len(shape) < 2:
        return ops.maximum(ops.sqrt(ops.mean(squares)), MIN_BIAS_SIZE)
    depthwise = len(shape) == 4 and shape[-1] == 1  # (h, w, channels, 1)
    axes = (0, 1) if depthwise else tuple(range(len(shape) - 1))
    return ops.maximum(ops.sqrt(ops.mean(squares, axis=axes, keepdims=True)), MIN_SIZE)
