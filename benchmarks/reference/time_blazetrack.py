"""Time blazetrack's tracker from this checkout, under the running Python.

Arguments and output: `timing.py`; `--model` is the landmark model's name, `--backend` its backend.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from timing import Process, serve

FPS = 30


def open_implementation(args: argparse.Namespace) -> Process:
    """The tracker with its defaults and one thread per core."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from blazetrack import PoseTracker

    tracker = PoseTracker(args.model, threads=len(args.cores), backend=args.backend)

    def process(image: Any, index: int) -> bool:
        return len(tracker.process(image, time_s=index / FPS)) > 0

    return process


if __name__ == "__main__":
    serve(__doc__.splitlines()[0], open_implementation)
