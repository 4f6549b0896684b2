"""Speed of the drop-in beside `mp.solutions.pose` of mediapipe 0.10.21, on one core.

    python -m benchmarks.mediapipe_speed [--model lite|full|heavy] [--rounds N] [--source TEXT]

Three processes on one core run the same frames in turn: MediaPipe's `Pose`, the drop-in's, and the
`PoseTracker` behind it. The CPU time of all threads is compared, which on one core is the time of
a frame without the waiting for other processes; a busy machine still lowers the ratio. Exit code 0
if the drop-in is at least 1.7 times as fast as MediaPipe (for `full`; `lite` and `heavy` have no
limit) and adds at most 0.3 ms to `PoseTracker`, 1 if not, 2 if it could not be measured. Linux
only, because it pins processes to cores.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from benchmarks.reference.environment import reference_python
from benchmarks.reference.landmark_files import COMPLEXITIES, available_models
from benchmarks.reference.results import save_frames
from benchmarks.reference.workers import Implementation, Worker
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import BlazetrackError, InputError, did_you_mean
from blazetrack.sources import open_source

__all__ = ["main"]

SOURCE = "synthetic?size=1280x720&frames=60"
MIN_RATIO = 1.7
MAX_OVERHEAD_MS = 0.3


def main(
    model: Annotated[str, typer.Option(help="lite, full or heavy.")] = "full",
    rounds: Annotated[int, typer.Option(min=1, help="Rounds over all frames.")] = 7,
    source: Annotated[str, typer.Option(help="Frames.")] = SOURCE,
    core: Annotated[int, typer.Option(min=0, help="Number of the core.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Compare the drop-in with mediapipe 0.10.21, and with PoseTracker."""
    with exit_2_on_error(), tempfile.TemporaryDirectory(prefix="blazetrack-speed-") as name:
        check_writable(json_file)
        if model not in COMPLEXITIES:
            raise InputError(
                f"--model {model}: no such network; {did_you_mean(model, COMPLEXITIES)}"
            )
        python = reference_python()
        if model != "full" and model not in available_models(python)[0]:
            raise BlazetrackError(f"--model {model}: the reference has no such network")
        with open_source(source) as frames:
            save_frames((one.image for one in islice(frames, 240)), Path(name))
        times = measure(implementations(python, model), Path(name), core, rounds)
    theirs, ours, tracker = times
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    overhead_ms = median(a - b for a, b in zip(ours, tracker, strict=True)) * 1e3
    for label, values in zip(("mediapipe 0.10.21", "drop-in", "PoseTracker"), times, strict=True):
        print(f"{label}: {median(values) * 1e3:.2f} ms of CPU a frame")
    print(f"ratio: {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f} within one round)")
    print(f"overhead over PoseTracker: {overhead_ms:.2f} ms of CPU a frame")
    passed = overhead_ms <= MAX_OVERHEAD_MS and (model != "full" or median(ratios) >= MIN_RATIO)
    write_json(
        json_file,
        {
            "model": model,
            "ms": [median(values) * 1e3 for values in times],
            "ratio": median(ratios),
            "overhead_ms": overhead_ms,
            "passed": passed,
        },
    )
    raise SystemExit(0 if passed else 1)


def implementations(python: Path, model: str) -> list[Implementation]:
    """MediaPipe's `Pose`, the drop-in's, and the tracker behind it."""
    number, own = COMPLEXITIES.index(model), Path(sys.executable)
    return [
        Implementation("mediapipe", python, "time_solutions.py", "Pose", str(number)),
        Implementation("drop-in", own, "time_compat.py", "Pose", f"pose:{number}"),
        Implementation("tracker", own, "time_compat.py", "PoseTracker", f"tracker:{model}"),
    ]


def measure(
    compared: list[Implementation], frames: Path, core: int, rounds: int
) -> list[list[float]]:
    """CPU seconds of a frame per round, for each; the first round is not counted."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(one, frames, [core])) for one in compared]
        times: list[list[float]] = [[] for _ in workers]
        for turn in range(rounds + 1):
            for step in range(len(workers)):
                index = (turn + step) % len(workers)
                count = len(workers[index].round())
                if turn:
                    times[index].append(workers[index].cpu_s[-1] / count)
        return times


if __name__ == "__main__":
    typer.run(main)
