"""`blazetrack run`: track the people of any source."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from signal import SIGINT, Signals
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from blazetrack.cli.options import (
    Backend,
    Every,
    Graph,
    Json,
    Model,
    Offline,
    Threads,
    log,
    open_store,
)
from blazetrack.errors import InputError, SinkError

if TYPE_CHECKING:
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.runner import Report, Schedule, View
    from blazetrack.sinks import Sink
    from blazetrack.sources import Source
    from blazetrack.types import Frame, Poses

__all__ = ["run", "track"]

VIEWS = ("window", "web", "none")
SCHEDULES: dict[str, Schedule] = {"threaded": "threaded", "serial": "serial"}

Input = Annotated[
    str,
    Argument(
        help="Camera number, video or picture file, folder of pictures, URL, `synthetic` (also "
        "`synthetic:squats`, `synthetic:crowd?people=4`, `synthetic?frames=300&seed=1`), or "
        "module:Name of your own source."
    ),
]
Detector = Annotated[str | None, Option(help="Detector model.")]
People = Annotated[int | None, Option(min=1, show_default="1", help="Maximum number of people.")]
Follow = Annotated[
    str | None, Option(help="Follow one of several: an id, largest, center, or x,y in pixels.")
]
Tiles = Annotated[
    int | None,
    Option(min=0, max=8, show_default="0", help="Tiles along the longer side, for small people."),
]
Out = Annotated[
    list[str] | None,
    Option("--out", "-o", help="Write FILE: .mp4, .jsonl, .csv; or module:Name. Repeatable."),
]
ViewName = Annotated[
    str | None,
    Option(
        help="window, web (a page of this machine) or none.",
        show_default="window for cameras and streams",
    ),
]
Size = Annotated[str | None, Option(help="Picture size requested from a camera, as 1280x720.")]
Fps = Annotated[float | None, Option(help="Frame rate of a camera or a folder of pictures.")]
Retry = Annotated[float, Option(min=0, help="Seconds to wait for a camera that stops delivering.")]
Folder = Annotated[Path, Option(help="Folder for the window's pictures and recordings.")]
MaxFrames = Annotated[int | None, Option(min=1, help="End after this many frames.")]
Settings = Annotated[
    list[str] | None, Option("--set", help="Override a graph's option: node.option=value.")
]
TraceFile = Annotated[
    Path | None, Option(help="Write a Chrome trace of every node (opens in Perfetto).")
]
ScheduleName = Annotated[
    str, Option(help="threaded: read, track and write in parallel; serial: in turn.")
]


def run(
    source: Input,
    model: Model = None,
    detector: Detector = None,
    graph: Graph = None,
    people: People = None,
    follow: Follow = None,
    tiles: Tiles = None,
    every: Every = None,
    threads: Threads = None,
    backend: Backend = "auto",
    out: Out = None,
    view: ViewName = None,
    size: Size = None,
    fps: Fps = None,
    retry: Retry = 10.0,
    folder: Folder = Path(),
    max_frames: MaxFrames = None,
    settings: Settings = None,
    trace: TraceFile = None,
    schedule: ScheduleName = "threaded",
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Track the people of any source, and write the results.

    blazetrack run clip.mp4 --out tracked.mp4 --out poses.jsonl

    blazetrack run 0                       (the first camera, in a window; h lists its keys)

    blazetrack run pictures/ --out poses.csv --people 4

    blazetrack run match.mp4 --follow 640,360 --out player.mp4
    """
    from blazetrack.graph import parse_set
    from blazetrack.sources import open_source

    tracker: dict[str, Any] = {
        "model": model, "detector": detector, "people": people, "follow": follow, "tiles": tiles,
        "every": every, "threads": threads, "backend": backend,
        "options": dict(parse_set(text) for text in settings or []),
    }  # fmt: skip
    _check_files(source, out or [], trace)
    with open_source(
        source, size=_size(size), fps=fps, max_frames=max_frames, retry_s=retry, report=log
    ) as opened:
        graph = graph or ("pose_image" if opened.info.kind == "stills" else None)
        track(
            opened, outs=out or [], view=view, folder=folder, trace_file=trace, as_json=as_json,
            schedule=schedule, offline=offline, graph=graph, **tracker,
        )  # fmt: skip


def track(
    source: Source,
    *,
    outs: Sequence[str],
    view: str | None = None,
    folder: Path = Path(),
    trace_file: Path | None = None,
    as_json: bool = False,
    schedule: str = "threaded",
    offline: bool = False,
    **tracker_options: Any,
) -> None:
    """Run a source to its end with a progress bar, and print the summary.

    Raises:
        typer.Exit: code 128 and the number of the signal that ended the run: 130 after Ctrl-C.
    """
    from blazetrack.cli.drawn_pck import Score
    from blazetrack.cli.progress import progress
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.runner import run as run_source
    from blazetrack.signals import hold_interrupt
    from blazetrack.sinks import open_sink
    from blazetrack.sinks.base import check_path

    plan = SCHEDULES[_one_of("--schedule", schedule, SCHEDULES)]
    trace_file = None if trace_file is None else check_path(trace_file)
    trace = Trace(keep=trace_file is not None)
    with PoseTracker(store=open_store(offline), hooks=[trace], **tracker_options) as tracker:
        sinks = [open_sink(name, skeleton=tracker.skeleton) for name in outs]
        shown = _open_view(view, source, outs, tracker, trace, folder)
        score = Score(source, tracker.skeleton)
        with progress(source.info.frames, hidden=as_json) as advance:

            def on_frame(frame: Frame, poses: Poses) -> None:
                score.add(frame, poses)
                advance(frame, poses)

            report = run_source(
                source, tracker, [*sinks, *shown], schedule=plan, trace=trace, on_frame=on_frame
            )
    if trace_file is not None:
        with hold_interrupt():
            trace.write(trace_file)
    _print(report, score.value(), as_json)
    for path in [] if as_json else [path for one in shown for path in getattr(one, "saved", [])]:
        typer.echo(f"wrote {path}")
    _exit_after_signal(report, sinks)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InputError(f"--size: expected WIDTHxHEIGHT such as 1280x720, got '{text}'")
    return int(width), int(height)


def _one_of(option: str, text: str, known: Sequence[str] | dict[str, Any]) -> str:
    if text not in known:
        raise InputError(f"{option}: expected one of {', '.join(known)}, got '{text}'")
    return text


def _check_files(source: str, outs: Sequence[str], trace: Path | None) -> None:
    """Refuse to overwrite the source, and two outputs in one file."""
    files = [("the source", source), *(("--out", name) for name in outs)]
    if trace is not None:
        files.append(("--trace", str(trace)))
    for (other_option, other), (option, name) in combinations(files, 2):
        if _same_file(name, other):
            raise SinkError(
                f"{option} {name}: is the same file as {other_option} {other}; choose another"
            )


def _same_file(one: str, other: str) -> bool:
    one, other = os.path.expanduser(one), os.path.expanduser(other)
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them does not exist
        return os.path.realpath(one) == os.path.realpath(other)


def _open_view(
    name: str | None,
    source: Source,
    outs: Sequence[str],
    tracker: PoseTracker,
    trace: Trace,
    folder: Path,
) -> list[View]:
    """The view of `--view`, if any; a live source without output has a window by default."""
    default = "window" if source.info.kind == "live" and not outs else "none"
    name = _one_of("--view", name or default, VIEWS)
    if name == "window":
        from blazetrack.views.window import Window

        if not os.path.isdir(folder):
            raise InputError(f"--folder: expected a folder, got '{folder}'; make it first")
        return [Window(folder=folder)]
    if name == "web":
        from blazetrack.cli.serve import PORT, check_extra, log_link

        check_extra()
        from blazetrack.web.run_view import WebView

        return [WebView(tracker, trace, source.info.name, PORT, log_link)]
    return []


def _print(report: Report, pck: float | None, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_dict() | {"pck": pck}, allow_nan=False))
        return
    from blazetrack.cli.summary import print_summary

    print_summary(report, pck)


def _exit_after_signal(report: Report, sinks: Sequence[Sink]) -> None:
    from blazetrack.sinks.base import complete

    if report.signal is not None:
        name = "Ctrl-C" if report.signal == SIGINT else Signals(report.signal).name
        files = complete(sinks)
        log(f"blazetrack: ended by {name} after {report.frames} frames{files and '; '}{files}")
        raise typer.Exit(128 + report.signal)
