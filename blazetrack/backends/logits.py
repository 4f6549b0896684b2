"""Logits → probabilities: networks leave the sigmoid to us."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["sigmoid"]

# Logits beyond this say nothing more (MediaPipe's `score_clipping_thresh`).
MAX_LOGIT = 100.0


def sigmoid(logits: NDArray[Any]) -> NDArray[np.float32]:
    """Probabilities as float32, of the same shape, without overflow; NaN stays NaN.

    The exponential is rounded to float32 before the division, as C's `expf` does, so that scores
    equal MediaPipe's to the bit.
    """
    clipped = np.clip(logits.astype(np.float64), -MAX_LOGIT, MAX_LOGIT)
    with np.errstate(over="ignore"):  # exp(100) is infinite in float32: probability 0
        growth = np.exp(-clipped).astype(np.float32)
    probability: NDArray[np.float32] = np.float32(1) / (np.float32(1) + growth)
    return probability
