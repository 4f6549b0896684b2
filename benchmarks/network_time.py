"""Time of the networks on one core, inside of the pipeline, on the same frames in one run.

    python -m benchmarks.network_time [--model NAME[+DETECTOR]]... [--source TEXT] [--rounds N]

Each round tracks the source with every model in turn. `landmark network` is the median over the
tracked frames, with the outputs that the graph `pose` reads and the conversion of the pixels, in
between the other work of a frame; `detector` the median over frames that are searched again. The
ratios to the first model are of the medians over the rounds, with their range; the first round is
not counted.
Exit code 0 after a measurement, 2 if it could not be measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from benchmarks.machine import describe_machine, package_versions
from benchmarks.model_names import parse_model
from benchmarks.ratios import interleaved, ratio
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack import PoseTracker
from blazetrack.errors import InputError
from blazetrack.sources import open_source
from blazetrack.types import Frame
from models.common.tables import Style, print_table

__all__ = ["main", "measure"]

SOURCE = "synthetic?size=1280x720&frames=60"
MODELS = ("full", "lite", "heavy", "blaze_full+blaze_detector", "blaze_lite")
SEARCHED = 10  # frames of a round that are searched again

Times = dict[str, list[float]]  # model → one median per round, in milliseconds


def main(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="Repeat it. [default: the models of docs/models.md]"),
    ] = None,
    source: Annotated[str, typer.Option(help="Source, as in `blazetrack run`.")] = SOURCE,
    max_frames: Annotated[int, typer.Option(min=10, help="Frames of the source at most.")] = 60,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds over all frames.")] = 5,
    backend: Annotated[str, typer.Option(help="As in `blazetrack run`.")] = "auto",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Measure landmark networks and detectors inside of the pipeline."""
    with exit_2_on_error():
        check_writable(json_file)
        names = models or MODELS
        with open_source(source) as opened:
            frames = list(islice(opened, max_frames))
        with ExitStack() as stack:
            trackers = {}
            for name in names:
                model, detector = parse_model(name)
                trackers[name] = stack.enter_context(
                    PoseTracker(model, detector=detector, threads=1, backend=backend)
                )
            landmarks, detectors = measure(frames, trackers, rounds)
    heads = ["model", "landmark network", "to the first", "detector", "to the first"]
    rows = [[name, *_cells(landmarks, name), *_cells(detectors, name)] for name in names]
    print_table(heads, rows, Style.markdown if markdown else Style.rich)
    machine = {"machine": describe_machine(), "packages": package_versions()}
    times = {"landmarks_ms": landmarks, "detector_ms": detectors}
    write_json(json_file, {"source": source, "backend": backend, **machine, **times})


def measure(
    frames: Sequence[Frame], trackers: Mapping[str, PoseTracker], rounds: int
) -> tuple[Times, Times]:
    """Times of the landmark networks, and of the detectors.

    Raises:
        InputError: a model finds no person in the frames.
    """
    landmarks: Times = {name: [] for name in trackers}
    detectors: Times = {name: [] for name in trackers}
    for turn, name in enumerate(interleaved(list(trackers), rounds + 1)):
        tracker = trackers[name]
        tracked, searched = _tracked_s(tracker, frames), _searched_s(tracker, frames[:SEARCHED])
        if not tracked or not searched:
            raise InputError(f"network_time: no person is tracked with {name}: use another source")
        if turn >= len(trackers):  # the first round loads what is loaded once
            landmarks[name].append(1e3 * median(tracked))
            detectors[name].append(1e3 * median(searched))
    return landmarks, detectors


def _tracked_s(tracker: PoseTracker, frames: Sequence[Frame]) -> list[float]:
    """Seconds of the landmark network in each frame in which only that ran."""
    tracker.reset()
    spent = []
    for frame in frames:
        before, runs = tracker.network_seconds, tracker.detector_runs
        tracker(frame)
        after = tracker.network_seconds
        if tracker.detector_runs == runs and after > before:
            spent.append(after - before)
    return spent


def _searched_s(tracker: PoseTracker, frames: Sequence[Frame]) -> list[float]:
    """Seconds of a run of the detector in each frame."""
    spent = []
    for frame in frames:
        tracker.reset()
        before, runs = tracker.detector_seconds, tracker.detector_runs
        tracker(frame)
        if tracker.detector_runs > runs:
            spent.append((tracker.detector_seconds - before) / (tracker.detector_runs - runs))
    return spent


def _cells(times: Times, name: str) -> tuple[str, str]:
    """Median time, and its ratio to the first model's with the range over the rounds."""
    first = next(iter(times))
    to_first = ratio(times[name], times[first])
    span = f"{to_first.low:.2f}–{to_first.high:.2f}"
    return f"{median(times[name]):.2f} ms", f"{to_first.value:.2f} ({span})"


if __name__ == "__main__":
    typer.run(main)
