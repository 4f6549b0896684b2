"""Logits ↔ probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["logit", "sigmoid"]


def sigmoid(logits: NDArray[Any]) -> NDArray[np.float32]:
    """Probabilities as float32, of the same shape, without overflow; NaN stays NaN.

    The exponential is rounded to float32 before the division, as C's `expf` does, so that scores
    equal MediaPipe's to the bit.
    """
    with np.errstate(over="ignore"):  # an exponential of infinity is a probability of 0
        growth = np.exp(-logits.astype(np.float64)).astype(np.float32)
    probability: NDArray[np.float32] = np.float32(1) / (np.float32(1) + growth)
    return probability


def logit(probability: NDArray[Any]) -> NDArray[np.float32]:
    """The inverse of `sigmoid`; 0 and 1 give finite values."""
    inside = np.clip(np.asarray(probability, np.float64), 1e-12, 1 - 1e-12)
    return np.log(inside / (1 - inside)).astype(np.float32)
