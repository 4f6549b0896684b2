"""Gaps and filters of made recordings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blazetrack.clip_filter import count_gaps, fill_gaps, low_pass
from blazetrack.errors import InputError, MissingExtra
from blazetrack.recording import Float, Person, Recording
from blazetrack.skeleton import BLAZEPOSE33

pytest.importorskip("scipy")
FPS = 50.0


def recording(values: Float, rows: Any = None, times: Any = None) -> Recording:
    """One person, id 3, all coordinates of whom are `values` `(T,)` in the frames `rows`."""
    count = len(values)
    rows = np.arange(count) if rows is None else np.array(rows)
    points = np.broadcast_to(values[rows, None, None], (len(rows), 33, 3)).copy()
    seen = np.full((len(rows), 33), 0.5)
    person = Person(rows.astype(np.int64), points, points / 100, seen, seen, seen[:, 0])
    time_s = np.arange(count) / FPS if times is None else times
    size = np.full((count, 2), 64.0)
    return Recording("a.jsonl", np.arange(count), time_s, size, {3: person}, BLAZEPOSE33)


def wave(hz: float, times: Float) -> Float:
    return np.sin(2 * np.pi * hz * times)


def test_fill_gaps_follows_a_smooth_movement_and_keeps_frames() -> None:
    values = wave(0.5, np.arange(100) / FPS)
    rows = [*range(20), *range(25, 60), *range(80, 100)]
    before = recording(values, rows)
    after = fill_gaps(before, max_gap_s=0.2)
    person = after.people[3]
    assert person.rows.tolist() == [*range(60), *range(80, 100)]  # 0.42 s is too long
    np.testing.assert_allclose(person.landmarks_px[20:25, 5, 1], values[20:25], atol=1e-2)
    assert person.world_landmarks_m[20, 0, 0] == pytest.approx(person.landmarks_px[20, 0, 0] / 100)
    kept = np.isin(person.rows, rows)
    assert (person.landmarks_px[kept] == before.people[3].landmarks_px).all()
    assert (person.visibility == 0.5).all()
    assert (count_gaps(before), count_gaps(after)) == ((2, 25), (1, 20))
    assert fill_gaps(after, 0.2).people[3] is person


def test_low_pass_has_no_delay_and_half_power_at_the_cutoff() -> None:
    times = np.arange(500) / FPS
    middle = slice(100, 400)
    for hz, gain in ((0.2, 1.0), (6.0, np.sqrt(0.5)), (20.0, 0.0)):
        found = low_pass(recording(wave(hz, times)), 6.0).people[3].landmarks_px[:, 0, 0]
        np.testing.assert_allclose(found[middle], gain * wave(hz, times)[middle], atol=6e-3)


def test_low_pass_gaps_separate_stretches_and_short_ones_stay() -> None:
    values = np.where(np.arange(60) < 30, 0.0, 9.0)
    rows = [*range(28), 30, 31, *range(35, 60)]
    before = recording(values, rows)
    after = low_pass(before, 6.0).people[3].landmarks_px
    np.testing.assert_allclose(after, before.people[3].landmarks_px, atol=1e-9)


def test_low_pass_pause_in_time_separates_stretches() -> None:
    times = np.concatenate([np.arange(30) / FPS, 1e8 + np.arange(30) / FPS])
    values = np.where(np.arange(60) < 30, 0.0, 9.0)
    before = recording(values, times=times)
    after = low_pass(before, 6.0).people[3].landmarks_px
    np.testing.assert_allclose(after, before.people[3].landmarks_px, atol=1e-9)


def test_low_pass_of_varying_frame_rate_keeps_a_slow_movement() -> None:
    times = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.03, 300))
    values = wave(0.5, times)
    found = low_pass(recording(values, times=times), 6.0).people[3].landmarks_px[:, 0, 0]
    np.testing.assert_allclose(found[30:-30], values[30:-30], atol=5e-3)


@pytest.mark.parametrize("cutoff", [0.0, 25.0, float("nan")])
def test_low_pass_cutoff_out_of_range_is_refused(cutoff: float) -> None:
    with pytest.raises(InputError, match="half of the frame rate, 25 Hz"):
        low_pass(recording(np.zeros(10)), cutoff)


def test_filters_of_several_clips_are_refused() -> None:
    back = recording(np.zeros(4), times=np.array([0.0, 0.1, 0.1, 0.2]))
    with pytest.raises(InputError, match="times that increase"):
        low_pass(back, 6.0)
    two = replace(recording(np.zeros(4)), files=("a.mp4", "a.mp4", "b.mp4", "b.mp4"))
    with pytest.raises(InputError, match="frames of one clip, got 2 files"):
        fill_gaps(two, 1.0)
    with pytest.raises(InputError, match="more than 0 seconds"):
        fill_gaps(back, 0.0)


def test_low_pass_of_a_single_frame_is_itself() -> None:
    one = recording(np.zeros(1))
    assert low_pass(one, 6.0) is one


def test_filters_without_scipy_are_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "scipy.signal", None)
    with pytest.raises(MissingExtra, match=r'pip install "blazetrack\[filter\]"'):
        low_pass(recording(np.zeros(9)), 6.0)
