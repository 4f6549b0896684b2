"""Cost and accuracy of fewer runs of the landmark network, `--every`, beside every frame.

    python -m benchmarks.network_every [--every N|auto]... [--model NAME] [--source TEXT]...

Each frame goes through one tracker per value in turn, so that a busy machine slows all of them
alike; compared is the CPU time of all threads. Frames are read before, outputs are none.
`within 0.1`: share of keypoints within 0.1 of the torso, the mean of its two diagonals, of those
that the network gives in the same frame; a person found by only one of the two counts with all
keypoints as farther. `network`: share of frames in which the landmark network ran.

Exit code 0 if every value costs at most 0.65 times as much, with 97 % of the keypoints within 0.1,
1 if not, 2 if it could not be measured.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.frame_sets import DATA
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack import PoseTracker
from blazetrack.metrics import pck, torso_size
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import open_source
from blazetrack.types import Frame, Poses
from models.common.tables import Style, print_table

__all__ = ["Comparison", "compare", "main"]

MAX_COST, MIN_NEAR, NEAR_TORSOS = 0.65, 0.97, 0.1
assert BLAZEPOSE33.torso is not None
TORSO = BLAZEPOSE33.torso
LANDMARK_NODES = ("tracked_landmarks", "new_landmarks")  # of the graph `pose`
SOURCES = ("synthetic:squats?size=1280x720&frames=120", "synthetic?size=1280x720&frames=120")
SQUATS = DATA / "golden" / "pose_squats.mp4"


@dataclass
class Comparison:
    """Results of one value on one source.

    Attributes:
        times_s: CPU time of each frame.
        near: of each frame, the share of keypoints within `NEAR_TORSOS`; NaN where nobody is found.
        network: of each frame, whether the landmark network ran.
    """

    times_s: list[float] = field(default_factory=list)
    near: list[float] = field(default_factory=list)
    network: list[bool] = field(default_factory=list)


def main(
    every: Annotated[
        list[str] | None, typer.Option("--every", help="Repeat it. [default: 2, auto]")
    ] = None,
    model: Annotated[str, typer.Option(help="Landmark model.")] = "full",
    sources: Annotated[
        list[str] | None, typer.Option("--source", help="Repeat it. [default: squats, drawn clips]")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds over all frames.")] = 3,
    max_frames: Annotated[int, typer.Option(min=3, help="Frames of a source at most.")] = 120,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Compare cost and keypoints of fewer runs of the landmark network with every frame."""
    values, rows, passed = every or ["2", "auto"], [], True
    with exit_2_on_error():
        check_writable(json_file)
        for source in sources or [*([str(SQUATS)] if SQUATS.exists() else []), *SOURCES]:
            with open_source(source) as opened:
                frames = list(islice(opened, max_frames))
            costs, last = measure(frames, values, model, rounds)
            for value, cost, one in zip(values, costs, last, strict=True):
                near, network = float(np.nanmean(one.near)), float(np.mean(one.network))
                passed = passed and cost[0] <= MAX_COST and near >= MIN_NEAR
                rows.append((Path(source).name, value, cost, near, network))
    head = ["source", "every", "cost (range of rounds)", "within 0.1", "network"]
    cells = [
        [source, value, f"{a:.2f} ({b:.2f}-{c:.2f})", f"{near:.3f}", f"{network:.2f}"]
        for source, value, (a, b, c), near, network in rows
    ]
    print_table(head, cells, Style.rich)
    names = ("source", "every", "cost", "near", "network")
    report: dict[str, Any] = {"model": model, "passed": passed}
    write_json(json_file, report | {"rows": [dict(zip(names, r, strict=True)) for r in rows]})
    raise SystemExit(0 if passed else 1)


def measure(
    frames: Sequence[Frame], values: Sequence[str], model: str, rounds: int
) -> tuple[list[tuple[float, float, float]], list[Comparison]]:
    """Median, smallest and largest cost over the rounds, and the last comparison, of each value."""
    with ExitStack() as stack:
        trackers = [
            stack.enter_context(PoseTracker(model, every=value, threads=1))
            for value in ("1", *values)
        ]
        costs: list[list[float]] = [[] for _ in values]
        for turn in range(rounds + 1):
            base, *others = compare(frames, trackers)
            if turn:  # the first round loads what is loaded once
                for cost, one in zip(costs, others, strict=True):
                    cost.append(sum(one.times_s) / sum(base.times_s))
    return [(median(cost), min(cost), max(cost)) for cost in costs], others


def compare(frames: Sequence[Frame], trackers: Sequence[PoseTracker]) -> list[Comparison]:
    """Run all trackers over the frames in turn; keypoints are compared with those of the first."""
    results = [Comparison() for _ in trackers]
    for tracker in trackers:
        tracker.reset()
    for number, frame in enumerate(frames):
        poses: list[Poses] = [Poses.empty()] * len(trackers)
        for step in range(len(trackers)):
            turn = (number + step) % len(trackers)
            tracker, one = trackers[turn], results[turn]
            runs, start = _network_runs(tracker), time.process_time()
            poses[turn] = tracker(frame)
            one.times_s.append(time.process_time() - start)
            one.network.append(_network_runs(tracker) > runs)
        for mine, one in zip(poses, results, strict=True):
            one.near.append(near_share(mine, poses[0]))
    return results


def _network_runs(tracker: PoseTracker) -> int:
    runs = tracker.runs
    return sum(runs.get(name, 0) for name in LANDMARK_NODES)


def near_share(poses: Poses, wanted: Poses) -> float:
    """Share of the first person's keypoints near those of `wanted`; NaN where both have nobody."""
    if not len(poses) or not len(wanted):
        return float("nan") if len(poses) == len(wanted) else 0.0
    truth = wanted.landmarks_px[:1, :, :2]
    size = torso_size(truth, TORSO)
    return float(pck(poses.landmarks_px[:1, :, :2], truth, size, NEAR_TORSOS).mean())


if __name__ == "__main__":
    typer.run(main)
