"""Sigmoid and logit."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from blazetrack.heads.sigmoid import sigmoid


@pytest.mark.filterwarnings("error")
def test_sigmoid_extreme_logits_do_not_overflow() -> None:
    logits = np.array([0.0, 2.0, -2.0, 1e9, -1e9, inf, -inf, nan], np.float32)
    got = sigmoid(logits)
    assert got.dtype == np.float32
    e = np.exp(-2.0)
    np.testing.assert_allclose(got, [0.5, 1 / (1 + e), e / (1 + e), 1, 0, 1, 0, nan], rtol=1e-6)
