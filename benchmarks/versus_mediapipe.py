"""Speed, start, memory and size beside MediaPipe, on the same frames in one run.

    python -m benchmarks.versus_mediapipe [--rounds N] [--source TEXT] [--json FILE] [--write NAME]
    python -m benchmarks.versus_mediapipe --model lite|full|heavy|mine.tflite

MediaPipe runs the network of the same name, `full` beside any other model. blazetrack runs on its
default backend and, where it is installed, on OpenVINO; the targets are those of the better one.
Exit code 0 after a measurement, 1 with `--gate` if a target is missed, 2 if it could not be
measured. The first run installs two releases of mediapipe into environments of their own
(`reference/`). Linux only, because it pins processes to cores.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from benchmarks.machine import describe_machine
from benchmarks.ratios import interleaved
from benchmarks.reference.implementations import implementations, installed_bytes
from benchmarks.reference.results import save_frames
from benchmarks.reference.workers import Implementation, Start, Worker, start_once
from benchmarks.report import check_writable, exit_2_on_error, write_json
from benchmarks.versus_report import Measure, markdown, plain, shown_arguments, table
from blazetrack.errors import BlazetrackError
from blazetrack.sources import open_source

__all__ = ["main"]

SOURCE = "synthetic?size=1280x720&frames=120"
RESULTS = Path(__file__).parent / "results"
SPEED_TARGETS: Mapping[str, Mapping[int, float]] = {  # model of both → cores → theirs ÷ ours
    "lite": {1: 2.3, 2: 4.0},
    "full": {1: 2.0, 2: 3.2},
    "heavy": {1: 1.4, 2: 2.4},
}
LIGHT_TARGETS = {1: 5.0}  # blazetrack with any other model
START_TARGET = 4.0
MEMORY_TARGET = 1 / 0.60  # blazetrack at most 60 % of MediaPipe
MEMORY_REPEATS = 3
NOTES = (
    "Rounds are interleaved: in each round every implementation in turn runs all frames while the "
    "others wait; the order rotates. A frame's time is from the image in memory to its result in "
    "Python. A round's value is the median over its frames; the first round is not counted.",
    "theirs ÷ ours is the ratio of the medians over all rounds; its min–max is over the ratios "
    "within one round. Ours is the better backend.",
    "Other load: pinned cores kept busy by other processes during the rounds, near 0 on an idle "
    "machine. It slows an implementation with two threads more than one with a single thread.",
    "Start to first result: from the spawn of a fresh Python to the line printed after the first "
    "frame, pinned to the larger number of cores, with all files in the disk cache.",
    "Memory: peak resident memory (VmHWM of the process), one frame loaded at a time.",
    "Installed size: all packages of an environment, and the weights; blazetrack keeps "
    "them twice, as published and slim.",
)

T = TypeVar("T")


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds over all frames.")] = 5,
    starts: Annotated[int, typer.Option(min=1, help="Fresh processes per implementation.")] = 5,
    model: Annotated[str, typer.Option(help="blazetrack's landmark model.")] = "full",
    source: Annotated[str, typer.Option(help="Source of the frames.")] = SOURCE,
    frames: Annotated[int, typer.Option(min=1, help="Maximum number of frames.")] = 300,
    newest: Annotated[
        str, typer.Option(help="Version for Tasks.", show_default="the newest published")
    ] = "",
    size: Annotated[bool, typer.Option(help="Also measure the installed size.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
    write: Annotated[str, typer.Option(help="Write benchmarks/results/NAME.json and .md.")] = "",
    gate: Annotated[bool, typer.Option(help="Exit with 1 if a target is missed.")] = False,
) -> None:
    """Compare speed, start and memory with two releases of MediaPipe on the same frames."""
    console = Console()
    with exit_2_on_error():
        check_writable(json_file)
        machine = describe_machine()
        with tempfile.TemporaryDirectory(prefix="blazetrack-versus-") as name:
            folder = Path(name)
            count = save_frames(_images(source, frames), folder)
            compared = implementations(folder / "pose.task", newest, model)
            targets = SPEED_TARGETS.get(model, LIGHT_TARGETS)
            with Console(stderr=True).status("measuring") as status:
                measures, about = _measure(
                    compared, folder, count, targets, rounds, starts, status.update
                )
                if size:
                    status.update("installed size")
                    measures.append(_installed_size(compared))
        with_model = "" if model == "full" else f" with {model}"
        title = f"blazetrack{with_model} and MediaPipe, {count} frames of {source}"
        report = _report(title, compared, about, measures, machine)
        write_json(json_file, report)
        if write:
            RESULTS.mkdir(exist_ok=True)
            write_json(RESULTS / f"{write}.json", report)
            (RESULTS / f"{write}.md").write_text(markdown(report, measures), encoding="utf-8")
        console.print(table(title, measures))
        if machine["cores"] == 1:
            console.print("skipped: two cores, because this machine has one")
        for one in compared:
            console.print(f"[bold]{one.name}[/bold]: {one.computes}", soft_wrap=True)
        console.print(report["frames"], soft_wrap=True, markup=False)
    raise SystemExit(1 if gate and not all(measure.passed for measure in measures) else 0)


def _images(source: str, count: int) -> Iterable[Any]:
    with open_source(source) as opened:
        for frame in islice(opened, count):
            yield frame.image


def _measure(
    compared: Sequence[Implementation],
    folder: Path,
    count: int,
    targets: Mapping[int, float],
    rounds: int,
    starts: int,
    log: Callable[[str], None],
) -> tuple[list[Measure], dict[str, dict[str, Any]]]:
    """All measures of time and memory, and what each worker reports about itself."""
    if not hasattr(os, "sched_setaffinity"):
        raise BlazetrackError("versus: expected Linux, where a process can be pinned to cores")
    cores = sorted(os.sched_getaffinity(0))
    measures: list[Measure] = []
    measure = partial(Measure, backends=sum(bool(one.backend) for one in compared))
    about: dict[str, dict[str, Any]] = {}
    for number, target in targets.items():
        if number <= len(cores):
            log(f"{rounds} rounds pinned to {number}")
            values, about = _rounds(compared, folder, cores[:number], rounds)
            words = f"{number} core{'s' * (number > 1)}"
            measures.append(measure(f"a frame, {words}", "ms", values, target))
            others = {name: facts["others"] for name, facts in about.items()}
            measures.append(measure(f"other load, {words}", "cores", others, compared=False))
    pinned = cores[: max(targets)]

    def begin(one: Implementation, frames: int = 1) -> Start:
        return start_once(one, folder, pinned, frames)

    log("starts")
    _repeat(compared, 1, lambda one: begin(one, count))  # fills the disk cache
    begun = _repeat(compared, starts, begin)
    seconds = {name: [start.first_s for start in values] for name, values in begun.items()}
    measures.append(measure("start to first result", "s", seconds, START_TARGET))
    log("memory")
    ran = _repeat(compared, MEMORY_REPEATS, lambda one: begin(one, count))
    measures.append(measure("memory, first frame", "MB", _peak_mb(begun)))
    measures.append(measure(f"memory, {count} frames", "MB", _peak_mb(ran), MEMORY_TARGET))
    return measures, about


def _rounds(
    compared: Sequence[Implementation], folder: Path, cores: Sequence[int], rounds: int
) -> tuple[dict[str, list[float]], dict[str, dict[str, Any]]]:
    """Name → median milliseconds of a frame per round; name → facts of the worker."""
    with ExitStack() as stack:
        workers = {one.name: stack.enter_context(Worker(one, folder, cores)) for one in compared}
        values = _repeat(compared, rounds + 1, lambda one: median(workers[one.name].round()) * 1e3)
        about = {
            name: {**worker.about, "found": worker.found, "others": worker.others[1:]}
            for name, worker in workers.items()
        }
    return {name: each[1:] for name, each in values.items()}, about


def _repeat(
    compared: Sequence[Implementation], times: int, run: Callable[[Implementation], T]
) -> dict[str, list[T]]:
    """Name → results of `run`, interleaved over the implementations."""
    out: dict[str, list[T]] = {one.name: [] for one in compared}
    for one in interleaved(compared, times):
        out[one.name].append(run(one))
    return out


def _peak_mb(starts: dict[str, list[Start]]) -> dict[str, list[float]]:
    return {name: [start.peak_bytes / 1e6 for start in each] for name, each in starts.items()}


def _installed_size(compared: Sequence[Implementation]) -> Measure:
    values = {name: [size / 1e6] for name, size in installed_bytes(compared).items()}
    return Measure("installed size", "MB", values)


def _report(
    title: str,
    compared: Sequence[Implementation],
    about: dict[str, dict[str, Any]],
    measures: Sequence[Measure],
    machine: dict[str, Any],
) -> dict[str, Any]:
    """The JSON report; it names no folder of this machine."""
    found = ", ".join(f"{name} {facts['found']}" for name, facts in about.items())
    return {
        "title": title,
        "command": "python -m benchmarks.versus_mediapipe"
        + "".join(f" {text}" for text in shown_arguments(sys.argv[1:])),
        "date": date.today().isoformat(),
        "frames": f"frames of the last round with a person: {found}",
        "machine": machine,
        "implementations": {
            one.name: {"computes": one.computes, **about[one.name]} for one in compared
        },
        "notes": list(NOTES),
        "measures": plain(measures),
    }


if __name__ == "__main__":
    typer.run(main)
