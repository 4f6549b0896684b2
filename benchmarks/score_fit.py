"""Coefficients of a score by logistic regression, calibrated on the poses of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.score_samples import Samples
from blazetrack.errors import InputError
from blazetrack.model_info import SCORE_FEATURES
from models.common.logistic import logistic_regression

__all__ = ["coefficients_text", "fit_coefficients"]


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
