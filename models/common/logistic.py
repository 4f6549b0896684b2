"""Logistic regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["logistic_regression"]

Float = NDArray[np.float64]

RIDGE = 0.01
STEPS = 60


def logistic_regression(
    features: Float, right: NDArray[np.bool_], weights: Float, ridge: float = RIDGE
) -> Float:
    """`(1 + F,)` intercept and coefficients, by Newton's method.

    Args:
        features: `(N, F)`.
        right: `(N,)`.
        weights: `(N,)`.
        ridge: weight of the squared coefficients of standardised features.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    rows = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    weights = weights / weights.sum()
    penalty = ridge * np.diag(np.r_[0.0, np.ones(features.shape[1])])
    found = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(rows @ found, -30.0, 30.0)))
        slope = rows.T @ (weights * (probability - right)) + penalty @ found
        curvature = rows.T @ (rows * (weights * probability * (1.0 - probability))[:, None])
        found -= np.linalg.solve(curvature + penalty + 1e-9 * np.eye(len(found)), slope)
    found[1:] /= spread
    found[0] -= found[1:] @ mean
    return found
