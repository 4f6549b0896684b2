"""Terms of the losses."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")


from models.train.losses import (
    terms,
)
from tests.models.train.losses.targets import value

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_wing_is_steep_then_linear() -> None:
    def wing(error: float) -> float:
        return float(value(terms.wing(np.float32(error), 0.1, 0.02)))

    assert wing(0) == 0
    assert wing(0.3) - wing(0.2) == pytest.approx(0.1, abs=1e-6), "slope 1"
    assert wing(-0.05) == wing(0.05)
    assert wing(0.0999) == pytest.approx(wing(0.1001), abs=1e-3), "no step"
    assert wing(0.002) / 0.002 > 4, "steep"


def test_smooth_l1_is_quadratic_then_linear() -> None:
    got = value(terms.smooth_l1(np.array([0, 0.1, 0.2, 1.2, -1.2], np.float32), 0.2))
    np.testing.assert_allclose(got, [0, 0.025, 0.1, 1.1, 1.1], rtol=1e-5)


def test_cross_entropy_equals_that_of_probabilities() -> None:
    logits = np.array([-3, -0.5, 0, 0.5, 3], np.float32)
    p = 1 / (1 + np.exp(-logits))
    for target in (0.0, 0.3, 1.0):
        want = -target * np.log(p) - (1 - target) * np.log(1 - p)
        got = value(terms.cross_entropy(np.float32(target), logits))
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_focal_reduces_easy_examples() -> None:
    logits = np.array([-30, -2, 2, 30], np.float32)
    for target in (0.0, 1.0):
        aim = np.full(4, target, np.float32)
        plain = value(terms.focal(aim, logits, 0.25, 0.0))
        weight = 0.25 if target else 0.75
        np.testing.assert_allclose(
            plain, weight * value(terms.cross_entropy(aim, logits)), rtol=1e-4, atol=1e-7
        )
        missed = 1 / (1 + np.exp(logits if target else -logits))
        got = value(terms.focal(aim, logits, 0.25, 2.0))
        np.testing.assert_allclose(got, plain * missed**2, rtol=1e-4, atol=1e-7)
