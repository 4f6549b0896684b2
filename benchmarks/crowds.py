"""Does everybody keep their id? Drawn crowds with true ids, through blazetrack and MediaPipe Tasks.

    python -m benchmarks.crowds [--clips 20] [--seconds 10] [--json FILE] [--skip-reference]

Clip number S is the scene of seed S with 2 + S mod 5 people, who cross, hide one another, leave and
come back. Both sides see the same frames and follow at most `--people`. How answers are judged is
in `tracking_metrics`. Tasks gives no ids, so its people are numbered in its own order.

How long blazetrack's detector took is part of the networks' time. That of Tasks cannot be seen
from outside; by its rule it runs wherever the frame before showed fewer people than asked for.

Ends with exit code 0 if every limit holds for blazetrack, 1 if one does not, 2 if it could not be
measured. The first run installs two releases of mediapipe into environments of their own.
"""

from __future__ import annotations

import sys
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
    sum_table,
    summary,
)
from benchmarks.reference.answers import Found
from benchmarks.reference.implementations import newest_tasks
from benchmarks.reference.people import TasksPeople
from benchmarks.report import check_writable, write_json
from benchmarks.tracking_metrics import judge_clip, require_trackers
from blazetrack.errors import BlazetrackError, SourceError
from blazetrack.graph import parse_set
from blazetrack.pipeline import PoseTracker
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.types import Frame

__all__ = ["Ours", "Side", "Theirs", "fill", "main", "run_clip"]

SOURCE = "synthetic:crowd?people={people}&seed={seed}&frames={frames}&size=1280x720"
FPS = 30
PEOPLE = (2, 3, 4, 5, 6)


class Side(Protocol):
    """One of those compared: a tracker that is asked frame after frame."""

    def __call__(self, frame: Frame) -> Found: ...

    @property
    def detector_runs(self) -> int:
        """How often the detector ran."""

    @property
    def seconds(self) -> tuple[float, float] | None:
        """How long the detector took, and all networks; None where that cannot be seen."""

    def close(self) -> None:
        """Let go of the models."""


class Ours:
    """Our tracker as a side.

    Args:
        people: to follow at most.
        graph: None is the tracker's own choice.
        options: `{"node.option": value}`.
    """

    def __init__(self, people: int, graph: str | None, options: dict[str, Any]) -> None:
        chosen: dict[str, Any] = {} if graph is None else {"graph": graph}
        self._tracker = PoseTracker(people=people, options=options, **chosen)
        self.close = self._tracker.close

    def __call__(self, frame: Frame) -> Found:
        return Found.of(self._tracker(frame))

    @property
    def detector_runs(self) -> int:
        """How often the detector ran."""
        return self._tracker.detector_runs

    @property
    def seconds(self) -> tuple[float, float]:
        """How long the detector took, and all networks together, but for the first run of each."""
        return self._tracker.detector_seconds, self._tracker.network_seconds


class Theirs:
    """MediaPipe Tasks in video mode as a side."""

    seconds = None

    def __init__(self, python: Path, bundle: Path, people: int) -> None:
        self._tasks = TasksPeople(python, bundle, people, FPS)
        self._people, self._before = people, 0
        self.detector_runs = 0
        self.close = self._tasks.close

    def __call__(self, frame: Frame) -> Found:
        self.detector_runs += self._before < self._people
        found = self._tasks(frame.image)
        self._before = len(found)
        return found


OpenSide = Callable[[], Side]


def main(
    clips: Annotated[int, typer.Option(min=1, help="How many clips.")] = 20,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a clip.")] = 10.0,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first clip.")] = 0,
    people: Annotated[int, typer.Option(min=1, help="How many to follow at most.")] = 6,
    source: Annotated[
        str, typer.Option(help="Synthetic source; {seed}, {people}, {frames} are filled in.")
    ] = SOURCE,
    counted: Annotated[
        float, typer.Option(help="Only people of whom so much can be seen are asked for.")
    ] = 0.9,
    graph: Annotated[
        str | None, typer.Option(help="Our graph.", show_default="the tracker's choice")
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
    """Follow drawn crowds with true ids, beside MediaPipe Tasks at the same number of people."""
    console = Console()
    try:
        check_writable(json_file)
        require_trackers()
        options = dict(parse_set(text) for text in settings or [])
        sides: dict[str, OpenSide] = {OURS: partial(Ours, people, graph, options)}
        seeds = range(first_seed, first_seed + clips)
        with ExitStack() as stack:
            if not skip_reference:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                bundle = folder / "pose_full.task"
                number, python = newest_tasks(bundle, newest)
                sides[f"tasks {number}"] = partial(Theirs, python, bundle, people)
            status = stack.enter_context(Console(stderr=True).status("clips"))
            by_side: dict[str, list[Clip]] = {name: [] for name in sides}
            for seed in seeds:
                status.update(f"clip of seed {seed}, up to {seeds[-1]}")
                for name, clip in run_clip(
                    fill(source, seed, seconds), seed, sides, counted
                ).items():
                    by_side[name].append(clip)
                    console.print(clip_line(name, clip), soft_wrap=True, markup=False)
        sums = {name: summary(done) for name, done in by_side.items()}
        console.print(sum_table(sums, f"{clips} clips of {seconds:g} s, at most {people} people"))
        write_json(json_file, report(source, by_side, sums))
    except BlazetrackError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    raise SystemExit(0 if all(holds(name, sums[OURS]) for name in LIMITS) else 1)


def fill(source: str, seed: int, seconds: float) -> str:
    """The source of one clip.

    Raises:
        SourceError: it is not a synthetic one, so there is no truth.
    """
    if not source.startswith("synthetic"):
        raise SourceError(f"crowds: expected a synthetic source, which has truth, got {source!r}")
    filled = {"seed": seed, "people": PEOPLE[seed % len(PEOPLE)], "frames": round(seconds * FPS)}
    for name, value in filled.items():
        source = source.replace(f"{{{name}}}", str(value))
    return source


def run_clip(
    text: str, seed: int, sides: dict[str, OpenSide], counted: float = 0.9
) -> dict[str, Clip]:
    """Draw one clip once and give each frame to every side.

    Args:
        text: a synthetic source.
        seed: for the report.
        sides: name → makes the side ready.
        counted: see `judge_clip`.
    """
    truths, answers = [], {name: list[Found]() for name in sides}
    with ExitStack() as stack:
        source = SyntheticSource.from_text(text)
        opened = {name: stack.enter_context(closing(side())) for name, side in sides.items()}
        for frame in source:
            truths.append(source.truth(frame.index))
            for name, side in opened.items():
                answers[name].append(side(frame))
        ids = {int(one) for truth in truths for one in truth.ids}
        return {
            name: Clip(
                seed,
                len(ids),
                len(truths),
                judge_clip(truths, answers[name], counted),
                side.detector_runs,
                side.seconds,
            )
            for name, side in opened.items()
        }


if __name__ == "__main__":
    typer.run(main)
