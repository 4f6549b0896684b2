"""Which keypoints and limbs are drawn: attached to the body, and how sure."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from blazetrack.skeleton import Skeleton

__all__ = ["MIN_VISIBILITY", "SURE_VISIBILITY", "attached_keypoints", "is_sure"]

Mask = NDArray[np.bool_]

MIN_VISIBILITY = 0.5  # a keypoint below it is hidden
SURE_VISIBILITY = 0.75  # a keypoint below it is unsure


def attached_keypoints(visible: Mask, skeleton: Skeleton) -> Mask:
    """Visible keypoints that are connected with the body by visible ones.

    A forearm without its upper arm, or a foot without its lower leg, is mostly that of another
    person. Where no keypoint of the torso is visible, the parts with the most keypoints remain.

    Args:
        visible: `(K,)`.
        skeleton: edges and torso of the K keypoints.

    Returns:
        `(K,)`; a keypoint without edges is unchanged.
    """
    kept: Mask = visible.copy()
    torso = set(skeleton.torso or ())
    everything = np.ones(len(skeleton), bool)
    for figure in _parts(everything.tobytes(), skeleton):
        parts = [part for part in _parts(visible.tobytes(), skeleton) if part <= figure]
        bodies = [part for part in parts if part & torso]
        most = max(map(len, parts), default=0)
        for part in parts:
            if part not in bodies and (bodies or len(part) < most):
                kept[list(part)] = False
    return kept


def is_sure(visibility: NDArray[np.floating]) -> Mask:
    """Whether a keypoint is drawn with full weight."""
    sure: Mask = visibility >= SURE_VISIBILITY
    return sure


@lru_cache(maxsize=256)
def _parts(chosen: bytes, skeleton: Skeleton) -> tuple[frozenset[int], ...]:
    """Connected groups of the chosen keypoints, of `(K,)` bool as bytes."""
    members = np.frombuffer(chosen, np.bool_)
    group = list(range(len(members)))

    def root(keypoint: int) -> int:
        while group[keypoint] != keypoint:
            keypoint = group[keypoint]
        return keypoint

    for a, b in skeleton.edges:
        if members[a] and members[b]:
            group[root(a)] = root(b)
    roots = [root(keypoint) for keypoint in range(len(members))]
    return tuple(
        frozenset(k for k in np.flatnonzero(members).tolist() if roots[k] == one)
        for one in sorted({roots[k] for k in np.flatnonzero(members).tolist()})
    )
