"""Association of poses with tracklets: the cost of each pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.tracking.appearance import colour_distance
from blazetrack.tracking.tracklet import Tracklet

__all__ = ["Observations", "costs", "is_duplicate"]

Float = NDArray[np.float64]

# Gate, in radii of the person's circle: distance from the predicted centre. A match of clothes
# widens it by walking pace for each second since the last observation.
GATE, PACE_PER_S = 1.0, 2.0
DUPLICATE_RADII = 0.5  # two poses this near, in the same clothes, are one person
# Below and above these distances (`appearance.colour_distance`) clothes match, or do not.
SAME_CLOTHES, OTHER_CLOTHES = 0.25, 0.5
CLOTHES_MARGIN = 0.25  # by how much clothes must match another person better
# Weights of size and clothes beside the distance in radii; distance of unknown clothes.
SIZE_COST, CLOTHES_COST, UNKNOWN_CLOTHES = 0.5, 1.0, 0.3
OWN_REGION_BONUS = 0.3  # for a pose that comes from the tracklet's own region


@dataclass(frozen=True, slots=True)
class Observations:
    """Position, size and appearance of N poses.

    Attributes:
        center_px: `(N, 2)` mid-hips.
        radius_px: `(N,)` of the circles around them.
        colours: `(N, P, 3)` of their clothes.
    """

    center_px: Float
    radius_px: Float
    colours: Float

    def take(self, rows: Any) -> Observations:
        """The poses at `rows`."""
        return Observations(self.center_px[rows], self.radius_px[rows], self.colours[rows])


def costs(
    poses: Observations,
    tracklets: Sequence[Tracklet],
    own: NDArray[np.bool_],
    time_s: float,
    *,
    known: Sequence[Tracklet] = (),
    jumps: bool = False,
) -> Float:
    """Cost of assigning each pose to each tracklet: by position, size and clothes.

    Args:
        poses: N poses.
        tracklets: T tracklets.
        own: `(N, T)` whether the pose comes from the tracklet's own region.
        time_s: now.
        known: confirmed tracklets. A pose from the tracklet's own region is that person unless its
            clothes match another one of these better.
        jumps: no gate for a pose from the tracklet's own region.

    Returns:
        `(N, T)`; inf where the pair is impossible.
    """
    predicted = np.array([one.predicted_px(time_s) for one in tracklets])
    radius = np.maximum([one.radius_px for one in tracklets], 1.0)
    lost_s = np.array([abs(time_s - one.time_s) for one in tracklets])
    distance = np.hypot(*(poses.center_px[:, None] - predicted).transpose(2, 0, 1)) / radius
    growth = np.abs(np.log(np.maximum(poses.radius_px, 1.0)[:, None] / radius))
    clothes = colour_distance(poses.colours, np.array([one.colours for one in tracklets]))
    same, other = clothes < SAME_CLOTHES, clothes > OTHER_CLOTHES  # false for NaN
    moved = other & _match_another(poses, tracklets, clothes, known)
    gate = GATE + np.where(same, PACE_PER_S * lost_s, 0.0)
    # A person alone may turn round and show other clothes; near another it is the other person.
    met = np.array([one.met is not None for one in tracklets])
    same_person = ~(moved & (met | (distance > GATE))) & (jumps | (distance <= GATE))
    possible = np.where(own, same_person, (distance <= gate) & ~other)
    clothes = np.where(np.isfinite(clothes), clothes, UNKNOWN_CLOTHES)
    cost = np.minimum(distance, GATE) + SIZE_COST * np.minimum(growth, 1.0) + CLOTHES_COST * clothes
    return np.where(possible, cost - OWN_REGION_BONUS * own, np.inf)


def _match_another(
    poses: Observations, tracklets: Sequence[Tracklet], clothes: Float, known: Sequence[Tracklet]
) -> NDArray[np.bool_]:
    """`(N, T)` whether clothes match another known person clearly better than the tracklet.

    Clothes alone are no proof: an arm in front of the trunk changes them as well.
    """
    if not known:
        return np.ones(clothes.shape, np.bool_)
    all_clothes = colour_distance(poses.colours, np.array([one.colours for one in known]))
    all_clothes = np.where(np.isfinite(all_clothes), all_clothes, 1.0)
    another = np.not_equal.outer([one.id for one in tracklets], [one.id for one in known])
    nearest = np.where(another[None], all_clothes[:, None], np.inf).min(axis=2)
    better: NDArray[np.bool_] = nearest < clothes - CLOTHES_MARGIN
    return better


def is_duplicate(pose: Observations, tracklets: Sequence[Tracklet], time_s: float) -> bool:
    """Whether one pose `(1, …)` shows a person of these tracklets once more."""
    if not tracklets:
        return False
    predicted = np.array([one.predicted_px(time_s) for one in tracklets])
    radius = np.array([one.radius_px for one in tracklets])
    near = np.hypot(*(predicted - pose.center_px).T) < DUPLICATE_RADII * radius
    clothes = colour_distance(pose.colours, np.array([one.colours for one in tracklets]))[0]
    return bool((near & ~(clothes >= SAME_CLOTHES)).any())
