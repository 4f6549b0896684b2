"""Coefficients of a score by logistic regression, calibrated on the poses of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.score_samples import Samples
from blazetrack.errors import InputError
from blazetrack.model_info import SCORE_FEATURES

__all__ = ["coefficients_text", "fit_coefficients", "logistic_regression"]

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


def fit_coefficients(samples: Samples) -> dict[str, float]:
    """Coefficients for a card.

    All poses give the direction; the poses that the pipeline gives then fix scale and intercept, so
    that the score is a probability for those.

    Raises:
        InputError: the poses of the pipeline are all right, or all wrong.
    """
    usual = samples.usual
    if len(np.unique(samples.right[usual])) < 2:
        raise InputError(
            f"score: expected right and wrong poses, got {usual.sum()} of one kind: more pictures"
        )
    found = logistic_regression(samples.features, samples.right, samples.weights)
    logits = found[0] + samples.features[usual] @ found[1:]
    shift, scale = logistic_regression(
        logits[:, None], samples.right[usual], samples.weights[usual], ridge=1e-4
    )
    found *= scale
    found[0] += shift
    names = ("intercept", *SCORE_FEATURES)
    return {name: float(f"{value:.4g}") for name, value in zip(names, found, strict=True)}


def coefficients_text(coefficients: Mapping[str, float]) -> str:
    """The field of a card."""
    values = ", ".join(f"{name}: {value:g}" for name, value in coefficients.items())
    return f"score_coefficients: {{{values}}}"
