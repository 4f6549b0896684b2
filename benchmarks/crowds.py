"""Tracking of crowds: drawn crowds with true ids, through blazetrack and MediaPipe Tasks.

    python -m benchmarks.crowds [--clips 20] [--seconds 10] [--json FILE] [--skip-reference]

Clip number S is the scene of seed S with 2 + S mod 5 people, who cross, occlude one another, leave
and come back. Both trackers get the same frames and track at most `--people`. The metrics are those
of `tracking_metrics`. Tasks returns no ids; a person's position in its list serves as id.

The time of blazetrack's detector is part of the networks' time. That of Tasks cannot be observed;
by its rule the detector runs whenever the frame before had fewer people than `num_poses`.

Exit code 0 if every limit holds for blazetrack, 1 if one does not, 2 if it could not be measured.
The first run installs two releases of mediapipe into environments of their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console

from benchmarks.crowds_report import (
    LIMITS,
    OURS,
    Clip,
    clip_line,
    holds,
    report,
    summary,
    summary_table,
)
from benchmarks.reference.implementations import newest_tasks
from benchmarks.reference.results import FrameResult
from benchmarks.reference.tasks_landmarker import TasksLandmarker
from benchmarks.report import check_writable, exit_2_on_error, write_json
from benchmarks.tracking_metrics import require_trackers, score_clip
from blazetrack.errors import SourceError
from blazetrack.graph import parse_set
from blazetrack.pipeline import PoseTracker, finds_several
from blazetrack.sources import open_source
from blazetrack.store import Store
from blazetrack.types import Frame

__all__ = ["BlazetrackTracker", "TasksTracker", "Tracker", "fill", "main", "run_clip"]

SOURCE = "synthetic:crowd?people={people}&seed={seed}&frames={frames}&size=1280x720"
FPS = 30
PEOPLE = (2, 3, 4, 5, 6)


class Tracker(Protocol):
    """One of the compared trackers: frame → people."""

    def __call__(self, frame: Frame) -> FrameResult: ...

    @property
    def detector_runs(self) -> int:
        """Number of detector runs."""

    @property
    def seconds(self) -> tuple[float, float] | None:
        """Time in the detector and in all networks; None where unknown."""

    def close(self) -> None:
        """Release the models."""


class BlazetrackTracker:
    """blazetrack's tracker.

    Args:
        people: maximum number.
        graph: None is the tracker's default for `people`.
        options: `{"node.option": value}`.
        model: None is the graph's own; one of head `paf` finds all people of a frame.
    """

    def __init__(
        self, people: int, graph: str | None, options: dict[str, Any], model: str | None = None
    ) -> None:
        chosen: dict[str, Any] = {} if graph is None else {"graph": graph}
        if not finds_several(model, Store()):
            chosen["people"] = people
        self._tracker = PoseTracker(model, options=options, **chosen)
        self.close = self._tracker.close

    def __call__(self, frame: Frame) -> FrameResult:
        return FrameResult.from_poses(self._tracker(frame))

    @property
    def detector_runs(self) -> int:
        """Number of detector runs."""
        return self._tracker.detector_runs

    @property
    def seconds(self) -> tuple[float, float]:
        """Time in the detector and in all networks, without the first run of each."""
        return self._tracker.detector_seconds, self._tracker.network_seconds


class TasksTracker:
    """MediaPipe Tasks in video mode."""

    seconds = None

    def __init__(self, python: Path, bundle: Path, people: int) -> None:
        self._tasks = TasksLandmarker(python, bundle, people, FPS)
        self._people, self._previous = people, 0
        self.detector_runs = 0
        self.close = self._tasks.close

    def __call__(self, frame: Frame) -> FrameResult:
        self.detector_runs += self._previous < self._people
        predicted = self._tasks(frame.image)
        self._previous = len(predicted)
        return predicted


OpenTracker = Callable[[], Tracker]


def main(
    clips: Annotated[int, typer.Option(min=1, help="Number of clips.")] = 20,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a clip.")] = 10.0,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first clip.")] = 0,
    people: Annotated[int, typer.Option(min=1, help="Maximum number of people.")] = 6,
    source: Annotated[
        str, typer.Option(help="Synthetic source; {seed}, {people}, {frames} are filled in.")
    ] = SOURCE,
    counted: Annotated[
        float, typer.Option(help="Minimum share of visible points of a person who counts.")
    ] = 0.9,
    model: Annotated[
        str | None, typer.Option(help="blazetrack's model.", show_default="the graph's own")
    ] = None,
    graph: Annotated[
        str | None, typer.Option(help="blazetrack's graph.", show_default="by number of people")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Override: node.option=value.")
    ] = None,
    newest: Annotated[
        str, typer.Option(help="Version for Tasks.", show_default="the newest published")
    ] = "",
    skip_reference: Annotated[bool, typer.Option(help="Only blazetrack.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Track drawn crowds with true ids, beside MediaPipe Tasks with the same maximum."""
    console = Console()
    with exit_2_on_error():
        check_writable(json_file)
        require_trackers()
        options = dict(parse_set(text) for text in settings or [])
        trackers: dict[str, OpenTracker] = {
            OURS: partial(BlazetrackTracker, people, graph, options, model)
        }
        seeds = range(first_seed, first_seed + clips)
        with ExitStack() as stack:
            if not skip_reference:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                bundle = folder / "pose_full.task"
                number, python = newest_tasks(bundle, newest)
                trackers[f"tasks {number}"] = partial(TasksTracker, python, bundle, people)
            status = stack.enter_context(Console(stderr=True).status("clips"))
            by_tracker: dict[str, list[Clip]] = {name: [] for name in trackers}
            for seed in seeds:
                status.update(f"clip of seed {seed}, up to {seeds[-1]}")
                clips_of_seed = run_clip(fill(source, seed, seconds), seed, trackers, counted)
                for name, clip in clips_of_seed.items():
                    by_tracker[name].append(clip)
                    console.print(clip_line(name, clip), soft_wrap=True, markup=False)
        sums = {name: summary(done) for name, done in by_tracker.items()}
        console.print(
            summary_table(sums, f"{clips} clips of {seconds:g} s, at most {people} people")
        )
        write_json(json_file, report(source, by_tracker, sums))
    raise SystemExit(0 if all(holds(name, sums[OURS]) for name in LIMITS) else 1)


def fill(source: str, seed: int, seconds: float) -> str:
    """The source text of one clip.

    Raises:
        SourceError: it is not synthetic, so there is no truth.
    """
    if not source.startswith("synthetic"):
        raise SourceError(f"crowds: expected a synthetic source, which has truth, got {source!r}")
    filled = {"seed": seed, "people": PEOPLE[seed % len(PEOPLE)], "frames": round(seconds * FPS)}
    for name, value in filled.items():
        source = source.replace(f"{{{name}}}", str(value))
    return source


def run_clip(
    text: str, seed: int, trackers: dict[str, OpenTracker], min_visible: float = 0.9
) -> dict[str, Clip]:
    """Draw one clip once and run every tracker on each frame.

    Args:
        text: a synthetic source.
        seed: for the report.
        trackers: name → opens the tracker.
        min_visible: see `score_clip`.
    """
    truths, predictions = [], {name: list[FrameResult]() for name in trackers}
    with ExitStack() as stack:
        source: Any = open_source(text)  # with truth
        opened = {name: stack.enter_context(closing(open_())) for name, open_ in trackers.items()}
        for frame in source:
            truths.append(source.truth(frame.index))
            for name, tracker in opened.items():
                predictions[name].append(tracker(frame))
        ids = {int(one) for truth in truths for one in truth.ids}
        return {
            name: Clip(
                seed,
                len(ids),
                len(truths),
                score_clip(truths, predictions[name], min_visible),
                tracker.detector_runs,
                tracker.seconds,
            )
            for name, tracker in opened.items()
        }


if __name__ == "__main__":
    typer.run(main)
