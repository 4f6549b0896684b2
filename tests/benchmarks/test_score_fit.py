"""Coefficients of a card."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from benchmarks.score_fit import coefficients_text, fit_coefficients
from benchmarks.score_samples import Samples
from blazetrack.errors import InputError
from blazetrack.model_info import SCORE_FEATURES
from blazetrack.tracking.pose_score import pose_probability


def drawn(count: int, coefficients: list[float]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    features = rng.normal(0, 2, (count, len(coefficients)))
    chance = 1 / (1 + np.exp(-(0.5 + features @ coefficients)))
    return features, rng.random(count) < chance


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
