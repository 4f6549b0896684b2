"""Body kinematics and exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blazetrack.synthetic.body import Build, Place, solve
from blazetrack.synthetic.motion import EXERCISES, Stance, exercise, sidestep, stand


@pytest.mark.parametrize("name", EXERCISES)
def test_exercise_starts_and_ends_at_rest(name: str) -> None:
    move, seconds = EXERCISES[name]
    rest = solve(Build(), stand()).points
    for u in (0.0, 1.0):
        assert np.abs(solve(Build(), move(u)).points - rest).max() < 1e-9
    assert np.abs(solve(Build(), move(1e-3)).points - rest).max() < 1e-3
    assert np.isfinite(solve(Build(), exercise(0.4 * seconds, name)).points).all()


def test_solve_keeps_limb_lengths() -> None:
    build = Build()
    for time_s in np.arange(0.0, 13.0, 0.1):
        xyz = solve(build, exercise(float(time_s))).points
        for a, b, length in (
            *((11, 13, build.upper_arm), (14, 16, build.forearm), (23, 25, build.leg)),
            *((24, 26, build.leg), (25, 27, build.leg), (26, 28, build.leg)),
        ):
            assert np.linalg.norm(xyz[a] - xyz[b]) == pytest.approx(length)


@pytest.mark.parametrize("name", EXERCISES)
def test_exercise_speed_is_continuous(name: str) -> None:
    seconds = EXERCISES[name][1]
    times = np.arange(-0.1, seconds + 0.1, 1 / 600)
    xyz = np.stack([solve(Build(), exercise(float(t), name)).points for t in times])
    assert np.abs(np.diff(xyz, 2, axis=0)).max() * 600**2 < 26.0  # body heights per s²


@pytest.mark.parametrize("move", [*(move for move, _ in EXERCISES.values()), sidestep])
def test_solve_legs_reach_the_feet(move: Callable[[float], Stance]) -> None:
    rest = solve(Build(), stand()).points[27:29]
    for u in np.linspace(0.0, 1.0, 60):
        stance = move(float(u))
        assert np.abs(solve(Build(), stance).points[27:29] - rest - stance.feet).max() < 1e-9


def test_place_project_puts_the_feet_on_the_ground_point() -> None:
    joints = Place(200.0, 400.0, 300.0).project(solve(Build(), stand()))
    feet = joints.points[29:33, :2]
    assert feet[:, 0].mean() == pytest.approx(200.0)
    assert np.abs(feet[:, 1] - 400.0).max() < 12.0
    assert joints.points[0, 1] < joints.points[11, 1] < joints.points[23, 1] < 400.0
