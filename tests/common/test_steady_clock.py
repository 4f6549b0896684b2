"""Times from stamps that may be wrong."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.common.clock import SteadyClock, median

RHYTHM = [number / 30 for number in range(20)]
FAR_S = (-3600.0, -5.0, 5.0, 3600.0)


def times(stamps: list[float], max_gap_s: float = 1.0) -> list[float]:
    clock = SteadyClock(max_gap_s)
    return [clock(stamp) for stamp in stamps]


@pytest.mark.parametrize("fps", [1, 24, 30000 / 1001, 1000])
@pytest.mark.parametrize("start", [-7.0, 0.0, 1e9])
def test_steady_clock_regular_stamps_are_unchanged(fps: float, start: float) -> None:
    stamps = [start + number / fps for number in range(50)]
    assert times(stamps) == stamps


def test_steady_clock_slow_stamps_keep_their_steps() -> None:
    got = times([5.0 * number for number in range(10)])
    assert np.diff(got[1:]) == pytest.approx(5.0)


def test_steady_clock_variable_rate_is_unchanged() -> None:
    stamps = [0.0, 0.03, 0.06, 0.5, 0.53, 1.2, 1.21, 2.2]
    assert times(stamps) == stamps


@pytest.mark.parametrize("far", FAR_S)
@pytest.mark.parametrize("wrong", [1, 2, 3])
@pytest.mark.parametrize("at", [1, 10, 16])
def test_steady_clock_wrong_stamps_leave_nothing(far: float, wrong: int, at: int) -> None:
    stamps = list(RHYTHM)
    for number in range(wrong):
        stamps[at + number] += far * (1 if number % 2 else 1.5)
    got = times(stamps)
    if at > 1:
        assert got == pytest.approx(RHYTHM, abs=0.05)
    assert np.diff(got[at + wrong + 1 :]) == pytest.approx(1 / 30, abs=1e-6)


@pytest.mark.parametrize("shift", [-3600.0, -20 / 30, -100.0])
def test_steady_clock_clock_set_back_goes_on(shift: float) -> None:
    got = times(RHYTHM + [20 / 30 + shift + stamp for stamp in RHYTHM])
    assert got == pytest.approx([number / 30 for number in range(40)], abs=1e-6)


def test_steady_clock_gap_counts_once_the_next_frame_confirms_it() -> None:
    got = times(RHYTHM + [stamp + 12 for stamp in RHYTHM])
    assert got[20] == pytest.approx(20 / 30)
    assert got[21:] == pytest.approx([stamp + 12 for stamp in RHYTHM[1:]])


def test_steady_clock_stamps_a_little_back_count_a_millisecond() -> None:
    got = times([0.0, 0.1, 0.1, 0.05, 0.2, 0.3])
    assert got == pytest.approx([0.0, 0.1, 0.101, 0.102, 0.2, 0.3])


def test_steady_clock_tells_doubtful_stamps() -> None:
    clock = SteadyClock()
    stamps = [0.0, 0.1, 0.2, 99.0, 0.4, 0.5]
    assert [(clock(one), clock.doubtful)[1] for one in stamps] == [False] * 3 + [True, False, False]


@given(st.lists(st.floats(-1e7, 1e7), max_size=40), st.sampled_from([0.0, 1.0, 10.0]))
def test_steady_clock_always_rises(stamps: list[float], max_gap_s: float) -> None:
    got = times(stamps, max_gap_s)
    assert all(np.diff(got) > 0)
    assert np.isfinite(got).all()


@given(st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=12))
def test_median_of_some_values_is_that_of_the_standard_library(values: list[float]) -> None:
    assert median(values) == statistics.median(values)
