"""Run the Tasks `PoseLandmarker` for several people; executed by the Python that has mediapipe.

    python run_people.py BUNDLE PEOPLE [--fps FPS]

Pictures come in one after the other on the standard input: a line with height and width, then the
bytes, `(H, W, 3)` uint8 RGB. Each is answered by one line of JSON, people in the order of the task:
`{"landmarks_px": [[[x, y], …33], …], "visibility": [[…33], …]}`. With `--fps` the pictures are
one clip (video mode), without it each stands alone (image mode).

The script stands alone: it must not import blazetrack, which is not installed over there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode


def serve(bundle: Path, people: int, fps: float | None) -> None:
    """Answer every picture until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(bundle)),
        running_mode=RunningMode.IMAGE if fps is None else RunningMode.VIDEO,
        num_poses=people,
    )
    index = 0
    with PoseLandmarker.create_from_options(options) as landmarker:
        while line := sys.stdin.buffer.readline():
            height, width = map(int, line.split())
            raw = sys.stdin.buffer.read(height * width * 3)
            image = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
            picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=image)
            if fps is None:
                result = landmarker.detect(picture)
            else:
                result = landmarker.detect_for_video(picture, round(index * 1000 / fps))
            answer = {
                "landmarks_px": [
                    [(p.x * width, p.y * height) for p in pose] for pose in result.pose_landmarks
                ],
                "visibility": [[p.visibility for p in pose] for pose in result.pose_landmarks],
            }
            print(json.dumps(answer), file=answers, flush=True)
            index += 1


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("people", type=int)
    parser.add_argument("--fps", type=float, help="the pictures are one clip at this pace")
    args = parser.parse_args()
    serve(args.bundle, args.people, args.fps)


if __name__ == "__main__":
    main()
