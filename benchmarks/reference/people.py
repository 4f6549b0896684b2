"""MediaPipe Tasks on several people: a process that is handed pictures and tells who is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.answers import Found
from benchmarks.reference.worker_process import Child

__all__ = ["TasksPeople"]

SCRIPT = Path(__file__).with_name("run_people.py")
KEYPOINTS = 33


class TasksPeople:
    """`PoseLandmarker` with `num_poses`, all else by default; to be closed.

    Its answers carry no ids and no score of a person: ids are the places in its own order, from 1,
    and a score is the mean visibility of the person's landmarks.

    Args:
        python: has mediapipe installed.
        bundle: the `.task` file.
        people: `num_poses`.
        fps: the pictures are one clip at this pace (video mode); None is image mode.
    """

    def __init__(self, python: Path, bundle: Path, people: int, fps: float | None = None) -> None:
        more = [] if fps is None else ["--fps", str(fps)]
        self._child = Child(SCRIPT.name, python, SCRIPT, [str(bundle), str(people), *more])
        self.close = self._child.end

    def __call__(self, image: NDArray[np.uint8]) -> Found:
        """The people of the next picture, `(H, W, 3)` uint8 RGB.

        Raises:
            BlazetrackError: the process has ended.
        """
        self._child.say(b"%d %d\n" % image.shape[:2], np.ascontiguousarray(image).data)
        return _read(self._child.hear())


def _read(answer: dict[str, Any]) -> Found:
    points = np.array(answer["landmarks_px"], np.float64).reshape(-1, KEYPOINTS, 2)
    visibility = np.array(answer["visibility"], np.float64).reshape(-1, KEYPOINTS)
    return Found(points, visibility.mean(axis=1), np.arange(1, len(points) + 1))
