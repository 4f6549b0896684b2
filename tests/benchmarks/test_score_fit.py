"""Logistic regression, and the coefficients of a card."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from benchmarks.score_fit import coefficients_text, fit_coefficients, logistic_regression
from benchmarks.score_samples import Samples
from blazetrack.errors import InputError
from blazetrack.model_info import SCORE_FEATURES
from blazetrack.tracking.pose_score import pose_probability


def drawn(count: int, coefficients: list[float]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    features = rng.normal(0, 2, (count, len(coefficients)))
    chance = 1 / (1 + np.exp(-(0.5 + features @ coefficients)))
    return features, rng.random(count) < chance


def test_logistic_regression_finds_the_coefficients_of_drawn_data() -> None:
    features, right = drawn(20000, [1.0, -0.5])
    found = logistic_regression(features, right, np.ones(len(right)), ridge=0.0)
    assert found == pytest.approx([0.5, 1.0, -0.5], abs=0.08)


def test_logistic_regression_weights_count_like_copies() -> None:
    features, right = drawn(200, [1.0])
    twice = logistic_regression(np.r_[features, features], np.r_[right, right], np.ones(400))
    assert logistic_regression(features, right, np.full(200, 2.0)) == pytest.approx(twice)


def test_fit_coefficients_are_calibrated_on_usual_poses() -> None:
    features, right = drawn(4000, [0.5] * len(SCORE_FEATURES))
    usual = np.arange(4000) < 2000
    features[~usual] += 1.0  # provoked poses, all of them wrong
    found = fit_coefficients(Samples(features, right & usual, np.where(usual, 1.0, 0.3), usual))
    assert list(found) == ["intercept", *SCORE_FEATURES]
    chance = pose_probability(features[usual], found)
    assert chance.mean() == pytest.approx(right[usual].mean(), abs=0.01)


def test_fit_coefficients_poses_of_one_kind_are_refused() -> None:
    one = Samples(np.zeros((3, 7)), np.ones(3, bool), np.ones(3), np.ones(3, bool))
    with pytest.raises(InputError, match="right and wrong poses, got 3 of one kind"):
        fit_coefficients(one)


def test_coefficients_text_is_a_field_of_a_card() -> None:
    values = {"intercept": -1.5, "presence": 0.25}
    assert yaml.safe_load(coefficients_text(values)) == {"score_coefficients": values}
