"""Is it faster than MediaPipe? The same frames through both, side by side, in one run.

    python -m benchmarks.versus_mediapipe [--rounds N] [--source TEXT] [--json FILE] [--write NAME]
    python -m benchmarks.versus_mediapipe --model mine.tflite

Ends with exit code 0 once it has measured, 1 with `--gate` if a target is missed, 2 if it could
not be measured. The first run installs two releases of mediapipe into environments of their own
(`reference/`). Linux only, because it pins processes to cores.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from benchmarks.machine import describe
from benchmarks.reference.answers import save_frames
from benchmarks.reference.implementations import installed_bytes, three_sides
from benchmarks.reference.workers import Side, Start, Worker, start_once
from benchmarks.report import check_writable, write_json
from benchmarks.versus_report import (
    Measure,
    interleaved,
    markdown,
    plain,
    shown_arguments,
    table,
)
from blazetrack.errors import BlazetrackError
from blazetrack.sources import open_source

__all__ = ["main"]

SOURCE = "synthetic?size=1280x720&frames=120"
RESULTS = Path(__file__).parent / "results"
SPEED_TARGETS = {1: 2.0, 2: 2.8}  # cores → theirs ÷ ours, both with the full model
LIGHT_TARGETS = {1: 5.0}  # ours with any other
START_TARGET = 4.0
MEMORY_TARGET = 1 / 0.60  # ours is to be at most 60 % of theirs
MEMORY_REPEATS = 3
NOTES = (
    "Rounds are interleaved: in each round every side in turn runs all frames while the others "
    "wait; the order rotates. A frame's time is from the picture in memory to its result in "
    "Python. A round's value is the median over its frames; the first round is not counted.",
    "theirs ÷ ours is the ratio of the medians over all rounds; its min–max is over the ratios "
    "within one round.",
    "Others: how many of the pinned cores anything else kept busy during a side's rounds: near 0 "
    "on a quiet machine. A side that runs on two threads loses more to it than one that runs on "
    "one, so two-core figures taken beside a busy process are against the side with more threads.",
    "Start to first result: from the spawn of a fresh Python to the line printed after the first "
    "frame, pinned to the larger number of cores; every file had been read before.",
    "Memory: the peak that was resident (the process's own VmHWM), one frame loaded at a time.",
    "Installed size: all packages of an environment, and the weights; ours are kept twice, as "
    "published and slim.",
)

T = TypeVar("T")


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds over all frames.")] = 5,
    starts: Annotated[int, typer.Option(min=1, help="Fresh processes for each side.")] = 5,
    model: Annotated[str, typer.Option(help="Ours: full, as theirs, or a lighter one.")] = "full",
    source: Annotated[str, typer.Option(help="Where the frames come from.")] = SOURCE,
    frames: Annotated[int, typer.Option(min=1, help="Frames of the source at most.")] = 300,
    newest: Annotated[
        str, typer.Option(help="Version for Tasks.", show_default="the newest published")
    ] = "",
    size: Annotated[bool, typer.Option(help="Also measure the installed size.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
    write: Annotated[str, typer.Option(help="Keep it as benchmarks/results/NAME.json, .md.")] = "",
    gate: Annotated[bool, typer.Option(help="Exit with 1 if a target is missed.")] = False,
) -> None:
    """Compare speed, start and memory with two releases of MediaPipe on the same frames."""
    console = Console()
    try:
        check_writable(json_file)
        machine = describe()
        with tempfile.TemporaryDirectory(prefix="blazetrack-versus-") as name:
            folder = Path(name)
            count = save_frames(_images(source, frames), folder)
            sides = three_sides(folder / "pose_full.task", newest, model)
            targets = SPEED_TARGETS if model == "full" else LIGHT_TARGETS
            with Console(stderr=True).status("measuring") as status:
                measures, about = _measure(
                    sides, folder, count, targets, rounds, starts, status.update
                )
                if size:
                    status.update("installed size")
                    measures.append(_installed_size(sides))
        with_model = "" if model == "full" else f" with {model}"
        title = f"blazetrack{with_model} and MediaPipe, {count} frames of {source}"
        report = _report(title, sides, about, measures, machine)
        write_json(json_file, report)
        if write:
            RESULTS.mkdir(exist_ok=True)
            write_json(RESULTS / f"{write}.json", report)
            (RESULTS / f"{write}.md").write_text(markdown(report, measures), encoding="utf-8")
        console.print(table(title, measures))
        if machine["cores"] == 1:
            console.print("skipped: two cores, because this machine has one")
        for side in sides:
            console.print(f"[bold]{side.name}[/bold]: {side.computes}", soft_wrap=True)
        console.print(report["frames"], soft_wrap=True, markup=False)
    except BlazetrackError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    raise SystemExit(1 if gate and not all(measure.passed for measure in measures) else 0)


def _images(source: str, most: int) -> Iterable[Any]:
    with open_source(source) as opened:
        for frame in islice(opened, most):
            yield frame.image


def _measure(
    sides: Sequence[Side],
    folder: Path,
    count: int,
    targets: Mapping[int, float],
    rounds: int,
    starts: int,
    tell: Callable[[str], None],
) -> tuple[list[Measure], dict[str, dict[str, Any]]]:
    """All that is timed or weighed, and what each side says about itself."""
    if not hasattr(os, "sched_setaffinity"):
        raise BlazetrackError("versus: expected Linux, where a process can be pinned to cores")
    cores = sorted(os.sched_getaffinity(0))
    measures: list[Measure] = []
    about: dict[str, dict[str, Any]] = {}
    for number, target in targets.items():
        if number <= len(cores):
            tell(f"{rounds} rounds pinned to {number}")
            pinned = cores[:number]
            values, about = _rounds(sides, folder, pinned, rounds)
            words = f"{number} core{'s' * (number > 1)}"
            measures.append(Measure(f"a frame, {words}", "ms", values, target))
            others = {name: said["others"] for name, said in about.items()}
            measures.append(Measure(f"others, {words}", "cores", others, compared=False))
    pinned = cores[: max(targets)]
    tell("starts")
    _repeat(sides, 1, lambda side: start_once(side, folder, pinned, count))  # fills the disk cache
    begun = _repeat(sides, starts, lambda side: start_once(side, folder, pinned))
    measures.append(Measure("start to first result", "s", _pick(begun, _seconds), START_TARGET))
    tell("memory")
    ran = _repeat(sides, MEMORY_REPEATS, lambda side: start_once(side, folder, pinned, count))
    measures.append(Measure("memory, first frame", "MB", _pick(begun, _megabytes)))
    name = f"memory, {count} frames"
    measures.append(Measure(name, "MB", _pick(ran, _megabytes), MEMORY_TARGET))
    return measures, about


def _rounds(
    sides: Sequence[Side], folder: Path, cores: Sequence[int], rounds: int
) -> tuple[dict[str, list[float]], dict[str, dict[str, Any]]]:
    """Side → median milliseconds of a frame, round by round."""
    with ExitStack() as stack:
        workers = {s.name: stack.enter_context(Worker(s, folder, cores)) for s in sides}
        by_side = _repeat(sides, rounds + 1, lambda side: median(workers[side.name].round()) * 1e3)
        about = {
            name: {**worker.about, "found": worker.found, "others": worker.others[1:]}
            for name, worker in workers.items()
        }
    return {name: values[1:] for name, values in by_side.items()}, about


def _repeat(sides: Sequence[Side], times: int, ask: Callable[[Side], T]) -> dict[str, list[T]]:
    """Side → what it answered each time."""
    out: dict[str, list[T]] = {side.name: [] for side in sides}
    for side in interleaved(sides, times):
        out[side.name].append(ask(side))
    return out


def _pick(by_side: dict[str, list[Start]], read: Callable[[Start], float]) -> dict[str, Any]:
    return {name: [read(start) for start in values] for name, values in by_side.items()}


def _seconds(start: Start) -> float:
    return start.first_s


def _megabytes(start: Start) -> float:
    return start.peak_bytes / 1e6


def _installed_size(sides: Sequence[Side]) -> Measure:
    values = {name: [size / 1e6] for name, size in installed_bytes(sides).items()}
    return Measure("installed size", "MB", values)


def _report(
    title: str,
    sides: Sequence[Side],
    about: dict[str, dict[str, Any]],
    measures: Sequence[Measure],
    machine: dict[str, Any],
) -> dict[str, Any]:
    """All of it for programs; no folder of this machine is in it."""
    found = ", ".join(f"{name} {said['found']}" for name, said in about.items())
    return {
        "title": title,
        "command": "python -m benchmarks.versus_mediapipe"
        + "".join(f" {text}" for text in shown_arguments(sys.argv[1:])),
        "date": date.today().isoformat(),
        "frames": f"somebody was found in this many frames of the last round: {found}",
        "machine": machine,
        "sides": {side.name: {"computes": side.computes, **about[side.name]} for side in sides},
        "notes": list(NOTES),
        "measures": plain(measures),
    }


if __name__ == "__main__":
    typer.run(main)
