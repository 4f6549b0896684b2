"""MediaPipe Tasks on several people: a process that is handed pictures and tells who is there."""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.answers import Found
from blazetrack.errors import BlazetrackError

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
        self._errors: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), "-I", str(SCRIPT), str(bundle), str(people), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def __call__(self, image: NDArray[np.uint8]) -> Found:
        """The people of the next picture, `(H, W, 3)` uint8 RGB.

        Raises:
            BlazetrackError: the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(b"%d %d\n" % image.shape[:2])
            self._process.stdin.write(np.ascontiguousarray(image).data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return _read(json.loads(line))

    def _ended(self) -> BlazetrackError:
        code = self._process.wait()
        self._errors.seek(0)
        last = (self._errors.read().strip().splitlines() or ["no message"])[-1]
        return BlazetrackError(f"reference: {SCRIPT.name} ended with {code}: {last}")

    def close(self) -> None:
        """Close its input, which ends it, and wait; harmless when called twice."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it ended before: told of by the call that met it
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def _read(answer: dict[str, Any]) -> Found:
    points = np.array(answer["landmarks_px"], np.float64).reshape(-1, KEYPOINTS, 2)
    visibility = np.array(answer["visibility"], np.float64).reshape(-1, KEYPOINTS)
    return Found(points, visibility.mean(axis=1), np.arange(1, len(points) + 1))
