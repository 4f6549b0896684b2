"""`blazetrack batch`: track many files, with one result per file and an index."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from signal import SIGINT, Signals
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from blazetrack.cli.checks import check_angles, one_of
from blazetrack.cli.options import Json, Offline, echo, log
from blazetrack.cli.run_options import Angles
from blazetrack.cli.tracker_options import takes_tracker_options

if TYPE_CHECKING:
    from blazetrack.batch import Progress, Summary

__all__ = ["batch"]

MAX_SHOWN = 20  # failed inputs
LOG_S = 60.0  # between two lines of progress without a terminal
ENGINES = ("processes", "ray")


def _complete_formats(incomplete: str) -> list[str]:
    from blazetrack.batch.job import known_formats

    names = [ending[1:] for ending in known_formats()]
    return [name for name in names if name.startswith(incomplete)]


def _complete_engines(incomplete: str) -> list[str]:
    return [name for name in ENGINES if name.startswith(incomplete)]


Sources = Annotated[
    list[str],
    Argument(
        metavar="SOURCE",
        help="Films and pictures, patterns ('clips/*.mp4'), folders with all below them, "
        "@list.txt with one of these a line (@- for stdin).",
    ),
]
OutFolder = Annotated[
    Path, Option("--out", "-o", help="Folder for the results, index.csv and index.parquet.")
]
Formats = Annotated[
    list[str] | None,
    Option(
        "--format",
        help="Ending of the results. Repeatable.",
        show_default="jsonl",
        autocompletion=_complete_formats,
    ),
]
Workers = Annotated[
    int | None, Option(min=1, max=1024, help="Processes.", show_default="one per core")
]
EngineName = Annotated[
    str,
    Option(
        help="processes of this machine, or ray: the cores of a Ray cluster.",
        autocompletion=_complete_engines,
    ),
]
Address = Annotated[
    str | None,
    Option(
        help="Ray cluster: HOST:PORT, ray://HOST:10001, or local to begin one here.",
        show_default="RAY_ADDRESS, else the one that runs on this machine",
    ),
]


@takes_tracker_options("threads")
def batch(
    sources: Sources,
    out: OutFolder,
    *,
    formats: Formats = None,
    tracker: dict[str, Any],
    angle: Angles = None,
    workers: Workers = None,
    engine: EngineName = "processes",
    address: Address = None,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Track many files on all cores, with one result per file and an index.

    Run the same command again to go on after an interruption: finished inputs are skipped, failed
    ones are tried again.

    blazetrack batch clips/ --out poses/

    blazetrack batch 'clips/*.mp4' more.mov --out poses/ --format csv --people 4

    blazetrack batch @list.txt --out poses/ --engine ray --address 10.0.0.1:6379
    """
    from blazetrack.batch import run_batch

    one_of("--engine", engine, ENGINES)
    check_angles(angle, [f".{name.removeprefix('.')}" for name in formats or []])
    with _progress(hidden=as_json) as show:
        summary = run_batch(
            sources,
            out,
            formats=formats or [".jsonl"],
            options=tracker,
            angles=angle or (),
            engine="ray" if engine == "ray" else "processes",
            workers=workers,
            address=address,
            offline=offline,
            on_progress=show,
        )
    if as_json:
        typer.echo(json.dumps(summary.as_dict()))
    else:
        _print(summary)
    _exit(summary)


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, else a line a minute on stderr."""
    if hidden:
        yield lambda progress: None
        return
    if not sys.stderr.isatty():
        last_s = time.monotonic()

        def log_line(progress: Progress) -> None:
            nonlocal last_s
            if time.monotonic() - last_s > LOG_S:
                last_s = time.monotonic()
                log(_progress_line(progress))

        yield log_line
        return
    from rich import progress as rich
    from rich.console import Console

    columns = rich.SpinnerColumn(), rich.BarColumn(), rich.TextColumn("{task.description}")
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def move(progress: Progress) -> None:
            bar.update(task, completed=progress.share, description=_progress_line(progress))

        yield move


def _progress_line(progress: Progress) -> str:
    parts = [f"{progress.ended} of {progress.inputs} inputs"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.seconds and progress.frames:
        parts.append(f"{progress.frames / progress.seconds:.1f} frames/s")
    if progress.left_s is not None and progress.ended < progress.inputs:
        parts.append(f"about {timedelta(seconds=round(progress.left_s))} left")
    return ", ".join(parts)


def _print(summary: Summary) -> None:
    for line in list(summary.failed.values())[:MAX_SHOWN]:
        log(f"failed: {line}")
    if len(summary.failed) > MAX_SHOWN:
        log(f"failed: {len(summary.failed) - MAX_SHOWN} more, see the index")
    parts = [f"{summary.done} done"]
    if summary.finished_before:
        parts.append(f"{summary.finished_before} done before")
    if summary.failed:
        parts.append(f"{len(summary.failed)} failed")
    if summary.left:
        parts.append(f"{summary.left} left")
    line = f"{summary.inputs} inputs: {', '.join(parts)}"
    if summary.frames and summary.seconds:
        speed = summary.frames / summary.seconds
        line += f"; {summary.frames} frames in {summary.seconds:.1f} s, {speed:.1f} frames/s"
    echo(line)
    if summary.duplicates:
        echo(f"left out: {summary.duplicates} inputs that were named twice")
    if summary.others:
        echo(f"left out: {summary.others} files of folders, neither films nor pictures by name")
    for name in summary.index:
        echo(f"wrote {name}")


def _exit(summary: Summary) -> None:
    """End with the code of the batch, after the reason why it ended early."""
    again = "the same command goes on with the rest"
    if summary.signal is not None:
        name = "Ctrl-C" if summary.signal == SIGINT else Signals(summary.signal).name
        log(f"blazetrack: ended by {name}, {summary.left} inputs left; {again}")
        raise typer.Exit(128 + summary.signal)
    if summary.stopped:
        log(f"blazetrack: {summary.stopped}; {summary.left} inputs left; {again}")
        raise typer.Exit(2)
    if summary.failed:
        raise typer.Exit(1)
