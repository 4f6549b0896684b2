"""Whom to look for though nobody saw them, and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.track.tracklet import Trail, crowded
from blazetrack.types import Frame, Poses

__all__ = ["Expect"]


class Expect:
    """Those who were lost a moment ago, where they should be in the next frame.

    So somebody who was hidden is found again by the landmark network alone, where the detector
    would see only the one in front.

    Args:
        memory_s: how long to look for somebody lost.
        every: frames from one look to the next: each costs a run of the landmark network.
    """

    def __init__(self, memory_s: float = 1.5, every: int = 1) -> None:
        self._memory_s = memory_s
        self._every = max(every, 1)
        self.reset()

    def reset(self) -> None:
        """Forget everybody."""
        self._seen: dict[int, tuple[Trail, Poses]] = {}

    def __call__(self, poses: Poses, frame: Frame) -> Poses:
        self._note(poses, frame.time_s)
        present = set(poses.ids.tolist())
        lost = []
        for person, (trail, last) in list(self._seen.items()):
            if not 0 <= frame.time_s - trail.time_s <= self._memory_s:
                del self._seen[person]
            elif person not in present and (frame.index + person) % self._every == 0:
                lost.append(_moved(last, trail, frame.time_s))
        return Poses.joined(lost) if lost else poses.take(slice(0, 0))

    def _note(self, poses: Poses, time_s: float) -> None:
        centers, radii = poses.alignment_px[:, 0], poses.radius_px
        for row, person in enumerate(poses.ids.tolist()):
            if person < 0:  # see `Identity`
                continue
            trail, _ = self._seen.get(person, (None, None))
            if trail is None:
                trail = Trail(person, centers[row], float(radii[row]), time_s)
            else:
                near = crowded(row, centers, radii)
                trail.seen(centers[row], float(radii[row]), trail.colours, time_s, near=near)
            self._seen[person] = trail, poses.take([row])


def _moved(pose: Poses, trail: Trail, time_s: float) -> Poses:
    """The pose where its person should be."""
    shift = trail.expected_px(time_s) - trail.center_px
    landmarks_px = pose.landmarks_px + np.array([*shift, 0.0])
    return replace(pose, landmarks_px=landmarks_px, alignment_px=pose.alignment_px + shift)
