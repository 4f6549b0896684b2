"""Logistic regression."""

from __future__ import annotations

import numpy as np
import pytest

from models.common.logistic import logistic_regression
from tests.drawn_outcomes import drawn_outcomes


def drawn(count: int, coefficients: list[float]) -> tuple[np.ndarray, np.ndarray]:
    features = np.random.default_rng(0).normal(0, 2, (count, len(coefficients)))
    return features, drawn_outcomes(0.5 + features @ coefficients)


def test_logistic_regression_finds_the_coefficients_of_drawn_data() -> None:
    features, right = drawn(20000, [1.0, -0.5])
    found = logistic_regression(features, right, np.ones(len(right)), ridge=0.0)
    assert found == pytest.approx([0.5, 1.0, -0.5], abs=0.08)


def test_logistic_regression_weights_count_like_copies() -> None:
    features, right = drawn(200, [1.0])
    twice = logistic_regression(np.r_[features, features], np.r_[right, right], np.ones(400))
    assert logistic_regression(features, right, np.full(200, 2.0)) == pytest.approx(twice)
