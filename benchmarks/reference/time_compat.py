"""Time the drop-in for `mp.solutions.pose`, or `PoseTracker` with its graph, from this checkout.

Arguments and output: `timing.py`; `--model` is `pose:N`, with the number of the model complexity,
or `tracker:NAME`, with the landmark model.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from timing import Process, serve

FPS = 30


def open_implementation(args: argparse.Namespace) -> Process:
    """`Pose` with default options, or the tracker that it uses."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    kind, _, model = args.model.partition(":")
    if kind == "tracker":
        from blazetrack import PoseTracker

        tracker = PoseTracker(model, graph="mediapipe_legacy")
        return lambda image, index: len(tracker.process(image, index / FPS)) > 0
    from blazetrack.compat import mediapipe as mp

    pose = mp.solutions.pose.Pose(model_complexity=int(model))

    def process(image: Any, index: int) -> bool:
        return pose.process(image).pose_landmarks is not None

    return process


if __name__ == "__main__":
    serve(__doc__.splitlines()[0], open_implementation)
