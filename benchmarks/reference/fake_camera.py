"""Run a program with a film in place of every camera, picture and window of OpenCV.

    python fake_camera.py FILM PICTURE FRAMES REPORT.json PROGRAM [ARGS]

- `cv2.VideoCapture`: the frames of `FILM`, over and over for a camera, once for a file;
- `cv2.imread` of a file that is not there: `PICTURE`;
- `cv2.waitKey`: no key for `FRAMES` frames, then q and ESC in turn, then Ctrl-C for a program that
  ends by no key.

`PROGRAM` runs under `blazetrack mediapipe`. `REPORT.json` counts images, those with a person, and
frames shown. This script is not for import.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2

MAX_KEYS = 20  # waits of a program that ignores keys, before Ctrl-C


class Camera:
    """`cv2.VideoCapture` over one film."""

    film = ""
    keys: Keys

    def __init__(self, source: Any = 0, *api: Any) -> None:
        self._endless = not isinstance(source, str)
        self._film = _video_capture(self.film)
        self.keys.restart()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._film, name)

    def read(self, *image: Any) -> Any:
        """The next frame."""
        done, frame = self._film.read()
        if not done and self._endless:
            self._film = _video_capture(self.film)
            return self._film.read()
        return done, frame


class Keys:
    """`cv2.waitKey`: keys that end a program after some frames."""

    def __init__(self, frames: int) -> None:
        self._frames, self._keys = frames, itertools.cycle((ord("q"), 27))
        self.restart()

    def restart(self) -> None:
        """No key again for some frames."""
        self._left, self._ignored = self._frames, 0

    def __call__(self, delay_ms: int = 0) -> int:
        if self._left and delay_ms:
            self._left -= 1
            return -1
        self._ignored += 1
        if self._ignored > MAX_KEYS:
            raise KeyboardInterrupt
        return next(self._keys)


_video_capture, _imread = cv2.VideoCapture, cv2.imread


def main() -> None:
    """Put the film in the camera's place, count, run."""
    film, picture, frames, report, *program = sys.argv[1:]
    counts = {"images": 0, "people": 0, "shown": 0}

    def imread(path: Any, *flags: Any) -> Any:
        return _imread(path if os.path.exists(path) else picture, *flags)

    def imshow(*window: Any) -> None:
        counts["shown"] += 1

    Camera.film, Camera.keys = film, Keys(int(frames))
    cv2.VideoCapture, cv2.imread, cv2.imshow = Camera, imread, imshow
    cv2.waitKey = Camera.keys
    for name in ("namedWindow", "resizeWindow", "destroyAllWindows", "destroyWindow"):
        setattr(cv2, name, lambda *window: None)

    from blazetrack.cli import main as run
    from blazetrack.compat.mediapipe.solutions.pose import Pose

    process = Pose.process

    def counted(self: Any, image: Any) -> Any:
        results = process(self, image)
        counts["images"] += 1
        counts["people"] += results.pose_landmarks is not None
        return results

    Pose.process = counted  # type: ignore[method-assign]
    try:
        run(["mediapipe", *program])
    finally:
        Path(report).write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main()
