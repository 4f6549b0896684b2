"""Ratios within rounds, and the order of rounds."""

from __future__ import annotations

import pytest

from benchmarks.ratios import Ratio, interleaved, ratio


def test_ratio_is_of_medians_with_the_range_within_a_round() -> None:
    assert ratio([4.0, 6.0, 9.0], [2.0, 2.0, 3.0]) == Ratio(3.0, 2.0, 3.0)
    with pytest.raises(ValueError, match="zip"):
        ratio([1.0], [1.0, 2.0])


def test_interleaved_rotates_the_order() -> None:
    assert "".join(interleaved("abc", 4)) == "abcbcacababc"
