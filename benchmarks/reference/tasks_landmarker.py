"""MediaPipe Tasks `PoseLandmarker` on several people, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.results import FrameResult
from benchmarks.reference.worker_process import WorkerProcess

__all__ = ["TasksLandmarker"]

SCRIPT = Path(__file__).with_name("serve_tasks.py")
KEYPOINTS = 33


class TasksLandmarker:
    """`PoseLandmarker` with `num_poses`, other options default; call `close` at the end.

    Tasks returns neither ids nor person scores: an id is the person's position in its list, from 1,
    and a score is the mean visibility of the person's landmarks.

    Args:
        python: has mediapipe installed.
        bundle: the `.task` file.
        people: `num_poses`.
        fps: frame rate of the images as one clip (video mode); None is image mode.
    """

    def __init__(self, python: Path, bundle: Path, people: int, fps: float | None = None) -> None:
        more = [] if fps is None else ["--fps", str(fps)]
        arguments = [str(bundle), str(people), *more]
        self._process = WorkerProcess(SCRIPT.name, python, SCRIPT, arguments)
        self.close = self._process.close

    def __call__(self, image: NDArray[np.uint8]) -> FrameResult:
        """The people of the next image, `(H, W, 3)` uint8 RGB.

        Raises:
            BlazetrackError: the process has ended.
        """
        self._process.send(b"%d %d\n" % image.shape[:2], np.ascontiguousarray(image).data)
        reply = self._process.receive()
        points = np.array(reply["landmarks_px"], np.float64).reshape(-1, KEYPOINTS, 2)
        visibility = np.array(reply["visibility"], np.float64).reshape(-1, KEYPOINTS)
        return FrameResult(points, visibility.mean(axis=1), np.arange(1, len(points) + 1))
