"""Layers of the regression head: dense outputs that are small before training."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

__all__ = ["dense_layer"]


def dense_layer(features: Any, name: str, values: int) -> Any:
    """`(B, F)` → `(B, values)` float32, near 0 for fresh weights."""
    small = keras.initializers.VarianceScaling(0.01)
    return layers.Dense(values, kernel_initializer=small, dtype="float32", name=name)(features)
