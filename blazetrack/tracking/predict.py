"""The predict node: poses of recently lost people, moved to where they should be by now."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.tracking.tracklet import Tracklet, is_crowded
from blazetrack.types import Frame, Poses

__all__ = ["Predict"]


class Predict:
    """Predict the poses of recently lost people for the next frame.

    A person who was hidden is found again by the landmark network alone, where the detector would
    find only the one in front.

    Args:
        memory_s: how long a lost person is predicted.
        every: frames from one prediction to the next: each costs a run of the landmark network.
    """

    def __init__(self, memory_s: float = 1.5, every: int = 1) -> None:
        self._memory_s = memory_s
        self._every = max(every, 1)
        self.reset()

    def reset(self) -> None:
        """Drop all tracklets."""
        self._seen: dict[int, tuple[Tracklet, Poses]] = {}

    def __call__(self, poses: Poses, frame: Frame) -> Poses:
        self._update(poses, frame.time_s)
        present = set(poses.ids.tolist())
        lost = []
        for person, (tracklet, last) in list(self._seen.items()):
            if not 0 <= frame.time_s - tracklet.time_s <= self._memory_s:
                del self._seen[person]
            elif person not in present and (frame.index + person) % self._every == 0:
                lost.append(_moved(last, tracklet, frame.time_s))
        return Poses.joined(lost) if lost else poses.take(slice(0, 0))

    def _update(self, poses: Poses, time_s: float) -> None:
        centers, radii = poses.alignment_px[:, 0], poses.radius_px
        for row, person in enumerate(poses.ids.tolist()):
            if person < 0:  # tentative, see `Identify`
                continue
            tracklet, _ = self._seen.get(person, (None, None))
            if tracklet is None:
                tracklet = Tracklet(person, centers[row], float(radii[row]), time_s)
            else:
                near = is_crowded(row, centers, radii)
                colours = tracklet.colours
                tracklet.update(centers[row], float(radii[row]), colours, time_s, near=near)
            self._seen[person] = tracklet, poses.take([row])


def _moved(pose: Poses, tracklet: Tracklet, time_s: float) -> Poses:
    """The last pose, at the predicted centre."""
    shift = tracklet.predicted_px(time_s) - tracklet.center_px
    landmarks_px = pose.landmarks_px + np.array([*shift, 0.0])
    return replace(pose, landmarks_px=landmarks_px, alignment_px=pose.alignment_px + shift)
