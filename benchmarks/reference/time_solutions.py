"""Time `mp.solutions.pose` of mediapipe 0.10.21; executed by the reference Python.

Arguments and answers are in `timed.py`. The script must not import blazetrack, which is not
installed over there.
"""

from __future__ import annotations

import argparse
from typing import Any

from timed import Process, serve


def open_side(args: argparse.Namespace) -> Process:
    """`Pose` as it comes: the full model, smoothing on, no segmentation mask asked for."""
    import mediapipe as mp

    pose = mp.solutions.pose.Pose(model_complexity=1)

    def process(image: Any, index: int) -> bool:
        return pose.process(image).pose_landmarks is not None

    return process


if __name__ == "__main__":
    serve(__doc__.splitlines()[0], open_side)
