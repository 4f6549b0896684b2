"""Which pose is which person: what each pair costs, and the best assignment of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.track.appearance import unlike
from blazetrack.track.tracklet import Trail

__all__ = ["Sight", "again", "best_pairs", "costs"]

Float = NDArray[np.float64]

# Where one person is, in radii of the circle around them. Somebody found again stands no further
# from where they are expected; only clothes that match widen that, as far as one can walk.
REACH, PACE_PER_S = 1.0, 2.0
# Two poses so near, in the same clothes, are one person.
AGAIN = 0.5
# Clothes: the same for sure below, others for sure above (see `clothes.unlike`).
SAME_CLOTHES, OTHER_CLOTHES = 0.25, 0.5
# What a pose costs that may be somebody: a radius off the expected place costs 1.
SIZE_COST, CLOTHES_COST, UNKNOWN_CLOTHES = 0.5, 1.0, 0.3
# What it counts for that a pose was found in the region of a person followed.
STAY = 0.3


@dataclass(frozen=True, slots=True)
class Sight:
    """What tells N poses apart.

    Attributes:
        center_px: `(N, 2)` mid-hips.
        radius_px: `(N,)` of the circles around them.
        colours: `(N, P, 3)` of their clothes.
    """

    center_px: Float
    radius_px: Float
    colours: Float

    def take(self, rows: Any) -> Sight:
        """The poses at `rows`."""
        return Sight(self.center_px[rows], self.radius_px[rows], self.colours[rows])


def costs(
    sight: Sight,
    trails: Sequence[Trail],
    own: NDArray[np.bool_],
    time_s: float,
    *,
    jumps: bool = False,
) -> Float:
    """What it costs that a pose is a person: by place, size and clothes.

    Args:
        sight: of N poses.
        trails: of T people.
        own: `(N, T)` which poses come from the region of which person who was followed.
        time_s: now.
        jumps: a pose from somebody's own region may be them however far off it is.

    Returns:
        `(N, T)`; inf where a pose cannot be a person.
    """
    expected = np.array([trail.expected_px(time_s) for trail in trails])
    radius = np.maximum([trail.radius_px for trail in trails], 1.0)
    lost_s = np.array([abs(time_s - trail.time_s) for trail in trails])
    off = np.hypot(*(sight.center_px[:, None] - expected).transpose(2, 0, 1)) / radius
    growth = np.abs(np.log(np.maximum(sight.radius_px, 1.0)[:, None] / radius))
    dressed = unlike(sight.colours, np.array([trail.colours for trail in trails]))
    same, other = dressed < SAME_CLOTHES, dressed > OTHER_CLOTHES  # false for NaN
    reach = REACH + np.where(same, PACE_PER_S * lost_s, 0.0)
    # Alone, somebody may turn round and show other clothes; in a meeting it is somebody else.
    meeting = np.array([trail.met is not None for trail in trails])
    same_one = ~(other & (meeting | (off > REACH))) & (jumps | (off <= REACH))
    possible = np.where(own, same_one, (off <= reach) & ~other)
    doubt = np.where(np.isfinite(dressed), dressed, UNKNOWN_CLOTHES)
    cost = np.minimum(off, REACH) + SIZE_COST * np.minimum(growth, 1.0) + CLOTHES_COST * doubt
    return np.where(possible, cost - STAY * own, np.inf)


def again(sight: Sight, trails: Sequence[Trail], time_s: float) -> bool:
    """Is a pose `(1, …)` only a second look at one of these people, who are followed?"""
    if not trails:
        return False
    places = np.array([trail.expected_px(time_s) for trail in trails])
    radius = np.array([trail.radius_px for trail in trails])
    near = np.hypot(*(places - sight.center_px).T) < AGAIN * radius
    dressed = unlike(sight.colours, np.array([trail.colours for trail in trails]))[0]
    return bool((near & ~(dressed >= SAME_CLOTHES)).any())


def best_pairs(cost: Float) -> dict[int, int]:
    """Row → column of the cheapest assignment, without the pairs that cannot be."""
    if not cost.size:
        return {}
    if cost.size == 1:
        return {0: 0} if np.isfinite(cost[0, 0]) else {}
    from lap import lapjv  # SciPy's solver is as good and brings 140 MB

    worst = 1e6  # a number: the solver assigns all that it can
    _, columns, _ = lapjv(np.where(np.isfinite(cost), cost, worst), extend_cost=True)
    pairs = enumerate(columns.tolist())
    return {row: at for row, at in pairs if at >= 0 and np.isfinite(cost[row, at])}
