"""Costs and assignment of poses to tracklets."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.common.linear_assignment import least_cost_pairs
from blazetrack.tracking.assignment import Observations, costs, is_duplicate
from blazetrack.tracking.tracklet import Tracklet

INF = np.inf
RADIUS = 50.0
RED, BLUE = np.array([[50.0, 150, 0]]), np.array([[50.0, 0, 150]])
UNKNOWN = np.full((1, 3), np.nan)


def tracklet(x: float = 0.0, colours: np.ndarray = UNKNOWN, *, met: bool = False) -> Tracklet:
    """A tracklet at `x`, last observed at 0 s."""
    place = np.array([x, 0.0])
    meeting = (place, 0.0) if met else None
    return Tracklet(1, place, RADIUS, 0.0, colours, met=meeting)


def poses(*xs: float, colours: np.ndarray = UNKNOWN, radius: float = RADIUS) -> Observations:
    """Poses at `xs`, all in the same clothes."""
    centers = np.stack([np.array(xs), np.zeros(len(xs))], axis=1)
    return Observations(centers, np.full(len(xs), radius), np.array([colours] * len(xs)))


def cost(
    seen: Observations,
    one: Tracklet,
    *,
    own: bool = False,
    time_s: float = 0.0,
    jumps: bool = False,
) -> float:
    """Cost of a single pair."""
    return float(costs(seen, [one], np.array([[own]]), time_s, jumps=jumps)[0, 0])


def test_costs_rise_with_distance_size_and_clothes() -> None:
    here = cost(poses(0, colours=RED), tracklet(0, RED))
    assert here == pytest.approx(0)
    assert cost(poses(25, colours=RED), tracklet(0, RED)) == pytest.approx(0.5)
    assert cost(poses(0, colours=RED, radius=2 * RADIUS), tracklet(0, RED)) > here
    assert cost(poses(0), tracklet(0, RED)) > here  # nothing is known of the clothes


def test_costs_of_own_region_are_lower() -> None:
    other, own = (cost(poses(10), tracklet(), own=own) for own in (False, True))
    assert own < other


def test_costs_other_clothes_need_another_person_in_them() -> None:
    blue, own, red = poses(0, colours=BLUE), np.array([[True]]), tracklet(0, RED, met=True)
    stranger = Tracklet(2, np.array([20.0, 0.0]), RADIUS, 0.0, BLUE)
    for known, possible in (([red], True), ([red, stranger], False)):
        assert np.isfinite(costs(blue, [red], own, 0.0, known=known)[0, 0]) == possible


@pytest.mark.parametrize("clothes", [UNKNOWN, RED])
def test_costs_far_pose_needs_own_region_and_jumps(
    clothes: np.ndarray,
) -> None:
    far, one = poses(4 * RADIUS, colours=clothes), tracklet(0, clothes)
    assert cost(far, one, own=True, jumps=True) < INF
    assert cost(far, one, own=True, jumps=False) == INF
    assert cost(far, one, own=False, jumps=True) == INF


def test_costs_jump_in_other_clothes_is_impossible() -> None:
    far = poses(4 * RADIUS, colours=BLUE)
    assert cost(far, tracklet(0, RED), own=True, jumps=True) == INF


def test_costs_other_clothes_are_impossible_only_near_others() -> None:
    other = poses(0, colours=BLUE)
    assert cost(other, tracklet(0, RED, met=True), own=True) == INF
    assert cost(other, tracklet(0, RED), own=True) < INF  # alone, one may turn round
    assert cost(poses(0, colours=RED), tracklet(0, RED, met=True), own=True) < INF


def test_costs_new_pose_in_other_clothes_is_impossible() -> None:
    assert cost(poses(0, colours=BLUE), tracklet(0, RED)) == INF


def test_costs_same_clothes_widen_the_gate_with_time() -> None:
    off = 2 * RADIUS
    assert cost(poses(off, colours=RED), tracklet(0, RED), time_s=1.0) < INF
    assert cost(poses(off, colours=RED), tracklet(0, RED), time_s=0.1) == INF
    assert cost(poses(off), tracklet(0, RED), time_s=1.0) == INF
    assert cost(poses(off), tracklet(0), time_s=1.0) == INF


def test_costs_without_clothes_use_distance() -> None:
    bare = np.zeros((0, 3))
    assert cost(poses(25, colours=bare), tracklet(0, bare)) < INF
    assert cost(poses(60, colours=bare), tracklet(0, bare)) == INF


def test_least_cost_pairs_minimises_total_cost() -> None:
    assert least_cost_pairs(np.array([[1.0, 2.0], [1.5, 9.0]])) == {0: 1, 1: 0}
    people = [tracklet(0), tracklet(40)]
    own = np.zeros((2, 2), bool)
    assert least_cost_pairs(costs(poses(35, 5), people, own, 0.0)) == {0: 1, 1: 0}


@pytest.mark.parametrize(
    ("x", "clothes", "same"),
    [(10, RED, True), (10, UNKNOWN, True), (10, BLUE, False), (30, RED, False)],
)
def test_is_duplicate_needs_nearness_and_same_clothes(
    x: float, clothes: np.ndarray, same: bool
) -> None:
    people = [tracklet(500, RED), tracklet(0, RED)]
    assert is_duplicate(poses(x, colours=clothes), people, 0.0) == same


def test_is_duplicate_without_tracklets_is_false() -> None:
    assert not is_duplicate(poses(0), [], 0.0)


def test_observations_take_selects_rows() -> None:
    part = poses(1, 2, 3).take([2, 0])
    assert part.center_px[:, 0].tolist() == [3, 1]
    assert part.radius_px.shape == (2,)
    assert part.colours.shape == (2, 1, 3)
