"""Temporal filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import hypot, pi
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import GraphError
from blazetrack.smooth import PRESETS, LowPass, OneEuro, PoseSmoother
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
GOLDEN = Path(__file__).parent / "golden" / "one_euro.csv"
WIDTH, HEIGHT = 640, 480
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def at(time_s: float, index: int = 0) -> Frame:
    return Frame(IMAGE, index, time_s)


class PlainOneEuro:
    """The filter of one number, written down as the paper has it, in plain Python.

    With MediaPipe's two changes: speed is that of the raw values, scaled by the object's size. A
    step back sets the clock, at the frequency before.
    """

    def __init__(self, min_cutoff: float, beta: float, derivate_cutoff: float) -> None:
        self.min_cutoff, self.beta, self.derivate_cutoff = min_cutoff, beta, derivate_cutoff
        self.frequency = self.frequency_before = 30.0
        self.last_time: float | None = None
        self.last_raw = self.last_value = self.last_speed = 0.0

    def alpha(self, cutoff: float) -> float:
        return 1.0 / (1.0 + self.frequency / (2.0 * pi * cutoff))

    def step(self, value: float, time: float, scale: float = 1.0) -> float:
        if self.last_time is None:
            self.last_time, self.last_raw, self.last_value = time, value, value
            return value
        if time == self.last_time:
            return value
        before, step = self.frequency, time - self.last_time
        self.frequency = 1.0 / step if step > 0 else self.frequency_before
        self.frequency_before = before
        speed = (value - self.last_raw) * scale * self.frequency
        weight = self.alpha(self.derivate_cutoff)
        self.last_speed = weight * speed + (1.0 - weight) * self.last_speed
        weight = self.alpha(self.min_cutoff + self.beta * abs(self.last_speed))
        self.last_value = weight * value + (1.0 - weight) * self.last_value
        self.last_time, self.last_raw = time, value
        return self.last_value


steps = st.lists(
    st.tuples(
        st.floats(-0.05, 0.2),  # seconds since the sample before, also none and backward
        st.tuples(st.floats(-1000, 1000), st.floats(-1000, 1000)),
    ),
    min_size=1,
    max_size=25,
)


@given(steps, st.sampled_from([1.0, 1 / 300]))
def test_one_euro_equals_plain_filter(
    samples: list[tuple[float, tuple[float, float]]], scale: float
) -> None:
    ours = OneEuro(0.05, 80.0, 1.0)
    plain = [PlainOneEuro(0.05, 80.0, 1.0) for _ in range(2)]
    time = 0.0
    for pause, values in samples:
        time += pause if abs(pause) > 1e-3 else 0.0
        got = ours(np.array(values, np.float32), time, scale)
        pairs = zip(plain, np.float32(values).tolist(), strict=True)
        want = [one.step(value, time, scale) for one, value in pairs]
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-2 if scale == 1.0 else 2e-3)


def test_one_euro_first_sample_passes() -> None:
    value = np.array([3.0, -4.0], np.float32)
    assert (OneEuro(0.05, 80.0)(value, 0.0) == value).all()


def test_one_euro_damps_jitter_and_follows_motion() -> None:
    calm, quick = OneEuro(0.05, 80.0), OneEuro(0.05, 80.0)
    resting, moving = [], 0.0
    for i in range(30):
        jitter = np.array([100.0 + 0.5 * (-1) ** i], np.float32)
        resting.append(float(calm(jitter, i / 30, 1e-5)[0]))
        moving = float(quick(np.array([100.0 + 20 * i], np.float32), i / 30, 1 / 200)[0])
    assert np.abs(np.diff(resting)).max() < 0.05  # the raw values jump by 1
    assert abs(moving - 680) < 5


def test_one_euro_sample_of_the_same_time_passes_without_effect() -> None:
    one, other = OneEuro(0.05, 10.0), OneEuro(0.05, 10.0)
    first, jump, third = (np.array([v], np.float32) for v in (1.0, 500.0, 2.0))
    for filter_ in (one, other):
        filter_(first, 1.0)
    assert one(jump, 1.0)[0] == 500.0
    assert one(third, 1.1)[0] == other(third, 1.1)[0]


def test_low_pass_decays() -> None:
    smooth = LowPass(0.1)
    seen = [float(smooth(np.array([v], np.float32))[0]) for v in (1.0, 0.0, 0.0)]
    assert seen == pytest.approx([1.0, 0.9, 0.81], rel=1e-6)


def test_smoother_equals_recorded_mediapipe() -> None:
    """Recorded from the reference; where the table comes from stands in its first lines."""
    table = np.loadtxt(GOLDEN, delimiter=",", skiprows=4)
    smoother = PoseSmoother("mediapipe_legacy", frame_s=0.033333)
    one, grid = np.zeros((1, 33, 3)), np.zeros((1, 33))
    for index, row in enumerate(table):
        raw, want = row.reshape(2, 2, 2)
        poses = Poses(one, one, grid, grid, np.ones(1), np.ones(1, np.int64), raw[None])
        got = smoother(poses, at(0.0, index)).alignment_px[0]
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_plain_filter_equals_recorded_mediapipe() -> None:
    table = np.loadtxt(GOLDEN, delimiter=",", skiprows=4)
    plain = [PlainOneEuro(0.01, 10.0, 1.0) for _ in range(4)]
    for index, row in enumerate(table):
        size = 2 * hypot(row[2] - row[0], row[3] - row[1])
        pairs = zip(plain, row[:4].tolist(), strict=True)
        got = [one.step(value, 0.033333 * index, 1 / size) for one, value in pairs]
        np.testing.assert_allclose(got, row[4:], rtol=1e-5)


def moving(people: MakePeople, step: int, ids: tuple[int, ...] = (1,)) -> Poses:
    """People of radius 50 that move 10 pixels a step, each 200 below the one before."""
    return people(*[(100 + 10 * step, 100 + 200 * row, 50) for row in range(len(ids))], ids=ids)


def test_smoother_filters_each_field(people: MakePeople) -> None:
    smoother = PoseSmoother()
    preset = PRESETS["mediapipe_legacy"]
    world = PlainOneEuro(*preset.world, 1.0)
    mark = PlainOneEuro(*preset.landmarks, 1.0)
    hip = PlainOneEuro(*(preset.alignment or (0, 0)), 1.0)
    seen = 0.0
    for i in range(6):
        raw = replace(
            moving(people, i),
            world_landmarks_m=np.full((1, 33, 3), 0.02 * i),
            visibility=np.full((1, 33), float(i % 2)),
            presence=np.full((1, 33), float(i % 2)),
        )
        got, time = smoother(raw, at(i / 30)), i / 30
        seen = 0.1 * (i % 2) + 0.9 * seen
        x = 100.0 + 10 * i
        want = mark.step(x, time, 1 / 100), hip.step(x, time, 1 / 100)
        np.testing.assert_allclose(got.landmarks_px[0, :, 0], want[0], rtol=1e-5)
        np.testing.assert_allclose(got.alignment_px[0, 0, 0], want[1], rtol=1e-5)
        np.testing.assert_allclose(got.world_landmarks_m, world.step(0.02 * i, time), rtol=1e-5)
        np.testing.assert_allclose(got.visibility, seen, rtol=1e-5, atol=1e-7)
        assert (got.presence == raw.presence).all()


def test_smoother_tasks_preset_scales_and_keeps_alignment(people: MakePeople) -> None:
    smoother, plain = PoseSmoother("mediapipe_tasks"), PlainOneEuro(0.05, 80.0, 1.0)
    for i in range(5):
        got = smoother(moving(people, i), at(i / 30))
        x = 100.0 + 10 * i
        assert got.alignment_px[0, 0, 0] == x
        want = plain.step(x, i / 30, 1 / 125)
        np.testing.assert_allclose(got.landmarks_px[0, :, 0], want, rtol=1e-5)


def test_smoother_does_not_modify_input(people: MakePeople) -> None:
    smoother = PoseSmoother()
    smoother(moving(people, 0), at(0))
    raw = moving(people, 1)
    smoother(raw, at(0.03))
    assert (raw.landmarks_px[..., 0] == 110).all()
    assert (raw.visibility == 0.9).all()


def test_smoother_frame_of_the_same_time_passes(people: MakePeople) -> None:
    smoother = PoseSmoother()
    smoother(moving(people, 0), at(1.0))
    got = smoother(moving(people, 5), at(1.0))
    assert (got.landmarks_px[..., 0] == 150).all()
    assert got.alignment_px[0, 0, 0] == 150


def test_smoother_time_zero_is_valid(people: MakePeople) -> None:
    smoother = PoseSmoother()
    smoother(moving(people, 0), at(0.0))
    assert (smoother(moving(people, 1), at(0.0)).landmarks_px[..., 0] == 110).all()


def test_smoother_filters_end_with_the_person(people: MakePeople) -> None:
    smoother = PoseSmoother()
    smoother(moving(people, 0), at(0))
    assert len(smoother(people(), at(0.1))) == 0
    assert (smoother(moving(people, 5), at(0.2)).landmarks_px[..., 0] == 150).all()


def test_smoother_new_id_starts_afresh(people: MakePeople) -> None:
    smoother = PoseSmoother()
    smoother(moving(people, 0, ids=(1,)), at(0))
    assert (smoother(moving(people, 5, ids=(2,)), at(0.1)).landmarks_px[..., 0] == 150).all()


def test_smoother_filters_follow_ids(people: MakePeople) -> None:
    swapping, alone = PoseSmoother(), PoseSmoother()
    swapping(people((100, 100, 50), (400, 100, 50), ids=(1, 2)), at(0))
    alone(people((400, 100, 50), ids=(2,)), at(0))
    swapped = swapping(people((410, 100, 50), (110, 100, 50), ids=(2, 1)), at(0.03))
    want = alone(people((410, 100, 50), ids=(2,)), at(0.03))
    assert (swapped.landmarks_px[0] == want.landmarks_px[0]).all()
    assert want.landmarks_px[0, 0, 0] < 410


def test_reset_drops_all_state(people: MakePeople) -> None:
    smoother = PoseSmoother()
    smoother(moving(people, 0), at(0))
    smoother.reset()
    assert (smoother(moving(people, 5), at(0.1)).landmarks_px[..., 0] == 150).all()


def test_smoother_person_without_size_passes(people: MakePeople) -> None:
    smoother = PoseSmoother()
    smoother(people((100, 100, 0), ids=[1]), at(0))
    got = smoother(people((150, 100, 0), ids=[1]), at(0.03))
    assert (got.landmarks_px[..., 0] == 150).all()
    assert np.isfinite(got.landmarks_px).all()


def test_smoother_frame_s_replaces_frame_times(people: MakePeople) -> None:
    counting, real = PoseSmoother(frame_s=0.04), PoseSmoother()
    for i in range(4):
        got = counting(moving(people, i), at(7.0, i))
        want = real(moving(people, i), at(0.04 * i))
    assert (got.landmarks_px == want.landmarks_px).all()


def test_smoother_unknown_preset_is_an_error() -> None:
    with pytest.raises(GraphError, match="no preset 'mediapipe_task'; did you mean 'mediapipe_ta"):
        PoseSmoother("mediapipe_task")


def test_smoother_inactive_passes_and_restarts(
    people: MakePeople,
) -> None:
    smoother = PoseSmoother()
    first, second = people((100, 100, 50), ids=[1]), people((140, 100, 50), ids=[1])
    smoother(first, at(0.0))
    smoother.active = False
    assert smoother(second, at(0.1)) is second
    smoother.active = True
    np.testing.assert_array_equal(smoother(first, at(0.2)).landmarks_px, first.landmarks_px)
    assert not np.array_equal(smoother(second, at(0.3)).landmarks_px, second.landmarks_px)


@pytest.mark.parametrize("preset", ["mediapipe_legacy", "mediapipe_tasks"])
@pytest.mark.parametrize("stamps", ["one ahead", "one behind", "second clip", "set back"])
def test_smoother_after_a_wrong_time_is_calm_again(
    people: MakePeople, preset: str, stamps: str
) -> None:
    """Noise of one pixel on a person who stands still, before and after."""
    times = np.arange(90) / 30
    if stamps == "one ahead":
        times[30] += 3600
    elif stamps == "one behind":
        times[30] -= 3600
    else:
        times[30:] -= 1.0 if stamps == "second clip" else 3600.0
    rng, smoother = np.random.default_rng(0), PoseSmoother(preset)
    seen = []
    for index, time_s in enumerate(times):
        poses = people((100, 100, 50), ids=[1])
        noisy = replace(poses, landmarks_px=poses.landmarks_px + rng.normal(0, 1, (1, 33, 3)))
        seen.append(smoother(noisy, at(float(time_s), index)).landmarks_px[0, :, :2])
    moves = np.linalg.norm(np.diff(seen, axis=0), axis=-1).mean(axis=1)
    assert moves[34:].mean() < 1.5 * moves[15:29].mean()


def test_smoother_when_off_may_still_filter_the_alignment_points(people: MakePeople) -> None:
    smoother, plain = PoseSmoother(alignment_when_off=True), PoseSmoother()
    smoother.active = False
    for step in range(3):
        poses = moving(people, step)
        off, on = (one(poses, at(step / 30, step)) for one in (smoother, plain))
    assert np.array_equal(off.alignment_px, on.alignment_px)
    assert not np.array_equal(off.alignment_px, poses.alignment_px)
    assert np.array_equal(off.landmarks_px, poses.landmarks_px.astype(np.float32))
    assert np.array_equal(off.visibility, poses.visibility)
