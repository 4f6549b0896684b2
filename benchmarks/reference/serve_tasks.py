"""Run the Tasks `PoseLandmarker` for several people, under a Python with mediapipe.

    python serve_tasks.py BUNDLE PEOPLE [--fps FPS]

Standard input holds one image after the other: a line with height and width, then the bytes,
`(H, W, 3)` uint8 RGB. The reply to each is one line of JSON, people in the order of the task:
`{"landmarks_px": [[[x, y], …33], …], "visibility": [[…33], …]}`. With `--fps` the images are one
clip (video mode), without it they are unrelated (image mode).

The script must not import blazetrack, which is not installed in that environment.
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
    """Reply to every image until the input ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of libraries is no reply
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
            mp_image = mp.Image(image_format=mp.ImageFormat.SRGB, data=image)
            if fps is None:
                result = landmarker.detect(mp_image)
            else:
                result = landmarker.detect_for_video(mp_image, round(index * 1000 / fps))
            reply = {
                "landmarks_px": [
                    [(p.x * width, p.y * height) for p in pose] for pose in result.pose_landmarks
                ],
                "visibility": [[p.visibility for p in pose] for pose in result.pose_landmarks],
            }
            print(json.dumps(reply), file=replies, flush=True)
            index += 1


def main() -> None:
    """Parse the arguments and run `serve`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("people", type=int)
    parser.add_argument("--fps", type=float, help="frame rate of the images as one clip")
    args = parser.parse_args()
    serve(args.bundle, args.people, args.fps)


if __name__ == "__main__":
    main()
