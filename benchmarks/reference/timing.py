"""What the three timed workers share: pin to cores, run frames, tell the times. Stands alone.

    python time_SIDE.py FRAMES --cores 0,1 [--model MODEL] [--once COUNT]

`FRAMES` is a folder of `.npy` pictures, `(H, W, 3)` uint8 RGB, taken in the order of their names.

- Without `--once`: loads all frames, prints one line about itself, then runs a whole round over
  them for every line that comes in, and answers with the seconds of each frame.
- With `--once COUNT`: prints a line as soon as the first frame has its result, goes on to `COUNT`
  frames, each read when its turn comes, and prints the peak of the process's memory.

Every line is one JSON object. Nothing large is imported before the process is pinned, because
thread pools are sized at import; and nothing is ever reset: a round goes on where the last ended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["Process", "serve"]

PACKAGES = ("blazetrack", "mediapipe", "ai-edge-litert", "numpy",
            "opencv-python", "opencv-contrib-python")  # fmt: skip

Process = Callable[[Any, int], bool]
"""`(picture, index)` → was somebody found? The index never stops rising."""


def serve(side: str, open_side: Callable[[argparse.Namespace], Process]) -> None:
    """Read the arguments, pin this process, and do what it is asked for.

    Args:
        side: one sentence for `--help`.
        open_side: imports what the side needs and makes it ready.
    """
    parser = argparse.ArgumentParser(description=side)
    parser.add_argument("frames", type=Path)
    parser.add_argument("--cores", required=True, help="numbers of the cores, by commas")
    parser.add_argument("--model", help="model file or name, for a side that needs one")
    parser.add_argument("--once", type=int, default=0, help="frames to run; then end")
    args = parser.parse_args()
    args.cores = sorted({int(core) for core in args.cores.split(",")})
    os.sched_setaffinity(0, args.cores)
    paths = sorted(args.frames.glob("*.npy"))
    if args.once:
        _run_once(open_side(args), paths[: args.once])
    else:
        _run_rounds(open_side(args), paths)


def _run_once(process: Process, paths: list[Path]) -> None:
    import numpy as np

    found = int(process(np.load(paths[0]), 0))
    _say(found=found)  # the parent's clock stops here
    for index, path in enumerate(paths[1:], start=1):
        found += process(np.load(path), index)
    _say(found=found, peak_bytes=_peak_bytes())


def _run_rounds(process: Process, paths: list[Path]) -> None:
    import numpy as np

    images = [np.load(path) for path in paths]
    _say(**_about())
    index = 0
    for _ in sys.stdin:
        seconds, found = [], 0
        for image in images:
            start = time.perf_counter()
            found += process(image, index)
            seconds.append(time.perf_counter() - start)
            index += 1
        _say(seconds=seconds, found=found)


def _about() -> dict[str, Any]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"python": platform.python_version(), "packages": packages}


def _peak_bytes() -> int:
    """The most memory that was ever resident.

    `ru_maxrss` would count what the parent held before this program was started in its place;
    the kernel's `VmHWM` is this program's own.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM in /proc/self/status: this needs Linux")


def _say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)
