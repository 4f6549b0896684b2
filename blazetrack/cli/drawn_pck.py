"""PCK of a run against the known joints of a drawn source, for `run`, `demo` and `bench`."""

from __future__ import annotations

import numpy as np

from blazetrack.metrics import pck, torso_size
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.sources import Source
from blazetrack.types import Frame, Poses

__all__ = ["Score"]


class Score:
    """PCK@0.2 over the people who are entirely inside the picture.

    Args:
        source: compared where it has `truth(index)`.
        skeleton: keypoint set of the tracker; only BlazePose's 33 points are compared.
    """

    def __init__(self, source: Source, skeleton: Skeleton = BLAZEPOSE33) -> None:
        self._truth = getattr(source, "truth", None) if skeleton == BLAZEPOSE33 else None
        self._correct = 0
        self._total = 0

    def add(self, frame: Frame, poses: Poses) -> None:
        """Compare each person with the nearest pose; all keypoints are wrong without any."""
        if self._truth is None:
            return
        truth = self._truth(frame.index)
        for expected in truth.landmarks_px[truth.whole]:
            self._total += len(expected)
            if len(poses):
                found = poses.landmarks_px[..., :2]
                offset = np.linalg.norm(found.mean(axis=1) - expected.mean(axis=0), axis=1)
                nearest = found[offset.argmin()][None]
                size = torso_size(expected[None], BLAZEPOSE33.torso or (0, 0, 0, 0))
                self._correct += int(pck(nearest, expected[None], size).sum())

    def value(self) -> float | None:
        """The share of correct keypoints; None without any comparison."""
        return self._correct / self._total if self._total else None
