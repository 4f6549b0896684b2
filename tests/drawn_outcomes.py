"""Data of a known logistic model, to fit to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["drawn_outcomes"]


def drawn_outcomes(logits: NDArray[np.floating], seed: int = 1) -> NDArray[np.bool_]:
    """`(N,)` outcomes, each true with the probability of its logit `(N,)`."""
    return np.random.default_rng(seed).random(len(logits)) < 1 / (1 + np.exp(-logits))
