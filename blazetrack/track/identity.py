"""Who is who: ids that stay, and whether anybody is still to be found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazetrack.types import Frame, Poses, Rois

__all__ = ["Identity", "needs_detection"]


def needs_detection(
    carried: Rois | None = None, poses: Poses | None = None, *, max_people: int = 1
) -> bool:
    """Whether fewer people are followed than may be there.

    Args:
        carried: regions followed from the last frame.
        poses: people found in them in this frame; where given, it alone counts.
        max_people: how many are wanted.
    """
    followed = poses if poses is not None else carried
    return followed is None or len(followed) < max_people


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where somebody was last, as two alignment points, and when."""

    alignment_px: NDArray[np.float64]
    time_s: float

    def distance(self, center_px: NDArray[np.float64]) -> float:
        """From there to a point, in radii of the circle that the person filled."""
        center, rim = self.alignment_px
        radius = float(np.hypot(*(rim - center)))
        return float(np.hypot(*(center_px - center))) / max(radius, 1.0)


class Identity:
    """Put together the people of a frame and name each with an id that stays.

    Somebody newly found gets the id of the person lost nearby a moment ago, else the next number.
    Ids count from 1 and belong to this object.

    Args:
        memory_s: how long somebody lost may come back under the same id.
    """

    def __init__(self, memory_s: float = 1.0) -> None:
        self._memory_s = memory_s
        self.reset()

    def reset(self) -> None:
        """Forget everybody; the next person is number 1."""
        self._next = 1
        self._seen: dict[int, _Seen] = {}

    def __call__(
        self, frame: Frame, kept: Poses | None = None, fresh: Poses | None = None
    ) -> Poses:
        poses, time_s = _join(kept, fresh), frame.time_s
        ids = poses.ids.tolist()
        for row, person in enumerate(ids):
            if not person:
                ids[row] = self._recall(poses.alignment_px[row, 0], time_s, set(ids))
        self._seen.update(
            (person, _Seen(points, time_s))
            for person, points in zip(ids, poses.alignment_px, strict=True)
        )
        for person in [p for p, s in self._seen.items() if abs(time_s - s.time_s) > self._memory_s]:
            del self._seen[person]
        return poses if poses.ids.all() else poses.with_ids(np.array(ids, np.int64))

    def _recall(self, center_px: NDArray[np.float64], time_s: float, taken: set[int]) -> int:
        near = [
            (last.distance(center_px), person)
            for person, last in self._seen.items()
            if person not in taken and abs(time_s - last.time_s) <= self._memory_s
        ]
        distance, person = min(near, default=(np.inf, 0))
        if distance <= 1.0:  # within the circle that the person filled
            return person
        self._next += 1
        return self._next - 1


def _join(kept: Poses | None, fresh: Poses | None) -> Poses:
    if kept is None:
        return Poses.empty() if fresh is None else fresh
    if fresh is None:
        return kept
    if not len(kept) or not len(fresh):
        return kept if len(kept) else fresh
    masks = None
    if kept.masks is not None and fresh.masks is not None:
        masks = np.concatenate([kept.masks, fresh.masks])
    return Poses(
        np.concatenate([kept.landmarks_px, fresh.landmarks_px]),
        np.concatenate([kept.world_landmarks_m, fresh.world_landmarks_m]),
        np.concatenate([kept.visibility, fresh.visibility]),
        np.concatenate([kept.presence, fresh.presence]),
        np.concatenate([kept.scores, fresh.scores]),
        np.concatenate([kept.ids, fresh.ids]),
        np.concatenate([kept.alignment_px, fresh.alignment_px]),
        masks,
    )
