"""Time the Tasks `PoseLandmarker` in video mode, under the Python that has it.

Arguments and output: `timing.py`; `--model` is the `.task` bundle. The script must not import
blazetrack, which is not installed in that environment.
"""

from __future__ import annotations

import argparse
from typing import Any

from timing import Process, serve

FPS = 30


def open_implementation(args: argparse.Namespace) -> Process:
    """`PoseLandmarker` for one person with its other options default."""
    import mediapipe as mp
    from mediapipe.tasks.python.core.base_options import BaseOptions
    from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=args.model),
        running_mode=RunningMode.VIDEO,
        num_poses=1,
    )
    landmarker = PoseLandmarker.create_from_options(options)

    def process(image: Any, index: int) -> bool:
        mp_image = mp.Image(image_format=mp.ImageFormat.SRGB, data=image)
        return bool(landmarker.detect_for_video(mp_image, index * 1000 // FPS).pose_landmarks)

    return process


if __name__ == "__main__":
    serve(__doc__.splitlines()[0], open_implementation)
