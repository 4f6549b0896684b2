from __future__ import annotations

import numpy as np
import pytest

from blazetrack.track.assignment import Sight, again, best_pairs, costs
from blazetrack.track.tracklet import Trail

INF = np.inf
RADIUS = 50.0
RED, BLUE = np.array([[50.0, 150, 0]]), np.array([[50.0, 0, 150]])
UNKNOWN = np.full((1, 3), np.nan)


def trail(x: float = 0.0, colours: np.ndarray = UNKNOWN, *, met: bool = False) -> Trail:
    """Somebody who stands at `x`, last seen at 0 s."""
    place = np.array([x, 0.0])
    meeting = (place, 0.0) if met else None
    return Trail(1, place, RADIUS, 0.0, colours, met=meeting)


def sight(*xs: float, colours: np.ndarray = UNKNOWN, radius: float = RADIUS) -> Sight:
    """Poses at `xs`, all dressed alike."""
    centers = np.stack([np.array(xs), np.zeros(len(xs))], axis=1)
    return Sight(centers, np.full(len(xs), radius), np.array([colours] * len(xs)))


def cost(
    seen: Sight, one: Trail, *, own: bool = False, time_s: float = 0.0, jumps: bool = False
) -> float:
    """What a single pair costs."""
    return float(costs(seen, [one], np.array([[own]]), time_s, jumps=jumps)[0, 0])


def test_place_size_and_clothes_cost() -> None:
    here = cost(sight(0, colours=RED), trail(0, RED))
    assert here == pytest.approx(0)
    assert cost(sight(25, colours=RED), trail(0, RED)) == pytest.approx(0.5)
    assert cost(sight(0, colours=RED, radius=2 * RADIUS), trail(0, RED)) > here
    assert cost(sight(0), trail(0, RED)) > here  # nothing is known of the clothes


def test_whoever_is_followed_costs_less_in_their_own_region() -> None:
    stranger, own = (cost(sight(10), trail(), own=own) for own in (False, True))
    assert own < stranger


@pytest.mark.parametrize("clothes", [UNKNOWN, RED])
def test_only_somebody_s_own_region_may_jump_and_only_if_jumps_are_allowed(
    clothes: np.ndarray,
) -> None:
    far, one = sight(4 * RADIUS, colours=clothes), trail(0, clothes)
    assert cost(far, one, own=True, jumps=True) < INF
    assert cost(far, one, own=True, jumps=False) == INF
    assert cost(far, one, own=False, jumps=True) == INF


def test_in_other_clothes_nobody_jumps() -> None:
    far = sight(4 * RADIUS, colours=BLUE)
    assert cost(far, trail(0, RED), own=True, jumps=True) == INF


def test_other_clothes_make_it_somebody_else_in_a_meeting_only() -> None:
    other = sight(0, colours=BLUE)
    assert cost(other, trail(0, RED, met=True), own=True) == INF
    assert cost(other, trail(0, RED), own=True) < INF  # alone, one may turn round
    assert cost(sight(0, colours=RED), trail(0, RED, met=True), own=True) < INF


def test_found_anew_in_other_clothes_it_is_somebody_else() -> None:
    assert cost(sight(0, colours=BLUE), trail(0, RED)) == INF


def test_the_same_clothes_widen_the_reach_with_time() -> None:
    off = 2 * RADIUS
    assert cost(sight(off, colours=RED), trail(0, RED), time_s=1.0) < INF
    assert cost(sight(off, colours=RED), trail(0, RED), time_s=0.1) == INF
    assert cost(sight(off), trail(0, RED), time_s=1.0) == INF
    assert cost(sight(off), trail(0), time_s=1.0) == INF


def test_without_clothes_at_all_the_place_decides() -> None:
    bare = np.zeros((0, 3))
    assert cost(sight(25, colours=bare), trail(0, bare)) < INF
    assert cost(sight(60, colours=bare), trail(0, bare)) == INF


def test_the_cheapest_assignment_is_of_all_not_of_the_first() -> None:
    assert best_pairs(np.array([[1.0, 2.0], [1.5, 9.0]])) == {0: 1, 1: 0}
    people = [trail(0), trail(40)]
    own = np.zeros((2, 2), bool)
    assert best_pairs(costs(sight(35, 5), people, own, 0.0)) == {0: 1, 1: 0}


@pytest.mark.parametrize(
    ("cost", "pairs"),
    [
        ([[INF, 1.0], [INF, INF]], {0: 1}),
        ([[0.1, INF], [0.2, INF]], {0: 0}),
        ([[5.0, INF], [0.0, 5.0]], {0: 0, 1: 1}),  # two pairs rather than one that is cheaper
        ([[INF, INF]], {}),
        ([[1.0, 0.5, INF]], {0: 1}),
        ([[INF]], {}),
        ([[0.5]], {0: 0}),
        ([[-0.3]], {0: 0}),
    ],
)
def test_pairs_that_cannot_be_are_left_out(cost: list[list[float]], pairs: dict[int, int]) -> None:
    assert best_pairs(np.array(cost)) == pairs


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nobody_is_nobody(shape: tuple[int, int]) -> None:
    assert best_pairs(np.zeros(shape)) == {}


@pytest.mark.parametrize(
    ("x", "clothes", "same"),
    [(10, RED, True), (10, UNKNOWN, True), (10, BLUE, False), (30, RED, False)],
)
def test_a_second_look_is_near_and_in_the_same_clothes(
    x: float, clothes: np.ndarray, same: bool
) -> None:
    people = [trail(500, RED), trail(0, RED)]
    assert again(sight(x, colours=clothes), people, 0.0) == same


def test_nobody_followed_is_looked_at_again() -> None:
    assert not again(sight(0), [], 0.0)


def test_rows_of_a_sight_can_be_taken() -> None:
    part = sight(1, 2, 3).take([2, 0])
    assert part.center_px[:, 0].tolist() == [3, 1]
    assert part.radius_px.shape == (2,)
    assert part.colours.shape == (2, 1, 3)
