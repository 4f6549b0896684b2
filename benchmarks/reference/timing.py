"""Timing protocol of the three `time_*.py` workers: pin to cores, run frames, print times.

    python time_NAME.py FRAMES --cores 0,1 [--model MODEL] [--backend NAME] [--once COUNT]

`FRAMES` is a folder of `.npy` images, `(H, W, 3)` uint8 RGB, in the order of their names.

- Without `--once`: loads all frames and prints its versions; then, for every input line, runs one
  round over all frames and prints the seconds of each, and the CPU seconds of all threads.
- With `--once COUNT`: prints a line at the first frame's result, runs `COUNT` frames, loading one
  at a time, and prints the peak memory of the process.

Every line is one JSON object. Nothing large is imported before the process is pinned, because
thread pools are sized at import. State is never reset: a round continues the one before. The module
must not import blazetrack.
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

PACKAGES = ("blazetrack", "mediapipe", "ai-edge-litert", "openvino", "numpy",
            "opencv-python", "opencv-python-headless", "opencv-contrib-python")  # fmt: skip

Process = Callable[[Any, int], bool]
"""`(image, index)` → whether a person was found. The index increases over all rounds."""


def serve(description: str, open_implementation: Callable[[argparse.Namespace], Process]) -> None:
    """Parse the arguments, pin this process, run.

    Args:
        description: one sentence for `--help`.
        open_implementation: imports and opens the timed implementation.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("frames", type=Path)
    parser.add_argument("--cores", required=True, help="core numbers, comma-separated")
    parser.add_argument("--model", help="model file or name, where one is needed")
    parser.add_argument("--backend", default="auto", help="of blazetrack")
    parser.add_argument("--once", type=int, default=0, help="number of frames to run, then end")
    args = parser.parse_args()
    args.cores = sorted({int(core) for core in args.cores.split(",")})
    os.sched_setaffinity(0, args.cores)
    paths = sorted(args.frames.glob("*.npy"))
    if args.once:
        _run_once(open_implementation(args), paths[: args.once])
    else:
        _run_rounds(open_implementation(args), paths)


def _run_once(process: Process, paths: list[Path]) -> None:
    import numpy as np

    found = int(process(np.load(paths[0]), 0))
    _print_json(found=found)  # the parent's clock stops here
    for index, path in enumerate(paths[1:], start=1):
        found += process(np.load(path), index)
    _print_json(found=found, peak_bytes=_peak_bytes())


def _run_rounds(process: Process, paths: list[Path]) -> None:
    import numpy as np

    images = [np.load(path) for path in paths]
    _print_json(**_about())
    index = 0
    for _ in sys.stdin:
        seconds, found, before_s = [], 0, time.process_time()
        for image in images:
            start = time.perf_counter()
            found += process(image, index)
            seconds.append(time.perf_counter() - start)
            index += 1
        _print_json(seconds=seconds, found=found, cpu_s=time.process_time() - before_s)


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
    """Peak resident memory.

    `VmHWM`, because `ru_maxrss` includes the parent's memory before `exec`.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM in /proc/self/status: this needs Linux")


def _print_json(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)
