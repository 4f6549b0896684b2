"""Time `mp.solutions.pose` of mediapipe 0.10.21, under the reference Python.

Arguments and output: `timing.py`; `--model` is the number of the model complexity. The script must
not import blazetrack, which is not installed in that environment.
"""

from __future__ import annotations

import argparse
from typing import Any

from timing import Process, serve


def open_implementation(args: argparse.Namespace) -> Process:
    """`Pose` with one of its models, other options default: smoothing on, segmentation mask off."""
    import mediapipe as mp

    pose = mp.solutions.pose.Pose(model_complexity=int(args.model))

    def process(image: Any, index: int) -> bool:
        return pose.process(image).pose_landmarks is not None

    return process


if __name__ == "__main__":
    serve(__doc__.splitlines()[0], open_implementation)
