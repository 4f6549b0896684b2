"""`blazetrack run`: track the people of any source."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, Signals
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazetrack.errors import InputError, SinkError

if TYPE_CHECKING:
    from blazetrack.cli.score import Score
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.runner import Report, Schedule, View
    from blazetrack.sources import Source
    from blazetrack.types import Frame, Poses
    from blazetrack.views.window import Window

    OnFrame = Callable[[Frame, Poses], None]

__all__ = ["run", "track"]

VIEWS = ("window", "web", "none")


def run(
    source: Annotated[
        str,
        typer.Argument(
            help="Camera number, video or picture file, folder of pictures, URL, or `synthetic` "
            "(also `synthetic:squats`, `synthetic:crowd?people=4`, `synthetic?frames=300&seed=1`)."
        ),
    ],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Landmark model: a name or a .tflite file.")
    ] = None,
    detector: Annotated[str | None, typer.Option(help="Detector model.")] = None,
    graph: Annotated[
        str | None,
        typer.Option(
            "--graph",
            "-g",
            help="Graph: a name or a YAML file.",
            show_default="pose, pose_multi or pose_image, as people and source need",
        ),
    ] = None,
    people: Annotated[
        int | None,
        typer.Option(min=1, help="How many people to follow at most.", show_default="1"),
    ] = None,
    follow: Annotated[
        str | None,
        typer.Option(
            help="Follow only this one of several: an id, largest, center, or x,y in pixels."
        ),
    ] = None,
    tiles: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=8,
            help="Look for small people too: in so many parts along the longer side.",
            show_default="0",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Cores for the networks.", show_default="up to 4"),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="TFLite interpreter: auto, litert, tflite_runtime, tensorflow.")
    ] = "auto",
    out: Annotated[
        list[str] | None,
        typer.Option("--out", "-o", help="Write FILE: .mp4, .jsonl or .csv; may be repeated."),
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(
            help="window, web (a page of this machine) or none.",
            show_default="window for cameras and streams",
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Picture size to ask a camera for, as 1280x720.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Pace to ask a camera for, or of a folder of pictures.")
    ] = None,
    retry: Annotated[
        float,
        typer.Option(
            min=0, help="Seconds to wait for a camera or stream that gives no more pictures."
        ),
    ] = 10.0,
    folder: Annotated[
        Path, typer.Option(help="Where the window's pictures and recordings go.")
    ] = Path(),
    max_frames: Annotated[int | None, typer.Option(min=1, help="End after so many frames.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a graph's option: node.option=value."),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Write a Chrome trace of every node (opens in Perfetto).")
    ] = None,
    schedule: Annotated[
        str,
        typer.Option(help="threaded: read, track and write at the same time; serial: in turn."),
    ] = "threaded",
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, not as a table.")
    ] = False,
) -> None:
    """Track the people of any source, and write what was found.

    blazetrack run clip.mp4 --out tracked.mp4 --out poses.jsonl

    blazetrack run 0                       (the first camera, in a window; h lists its keys)

    blazetrack run pictures/ --out poses.csv --people 4

    blazetrack run match.mp4 --follow 640,360 --out player.mp4
    """
    from blazetrack.graph import parse_set
    from blazetrack.sources import open_source

    options = dict(parse_set(text) for text in settings or [])
    outs = out or []
    _check_files(source, outs, trace)
    with open_source(
        source,
        size=_size(size),
        fps=fps,
        max_frames=max_frames,
        retry_s=retry,
        report=lambda line: typer.echo(line, err=True),
    ) as opened:
        track(
            opened,
            outs=outs,
            view=view,
            folder=folder,
            trace_file=trace,
            as_json=as_json,
            schedule=_schedule(schedule),
            offline=offline,
            model=model,
            detector=detector,
            graph=graph or ("pose_image" if opened.info.kind == "stills" else None),
            people=people,
            follow=follow,
            tiles=tiles,
            threads=threads,
            backend=backend,
            options=options,
        )


def track(
    source: Source,
    *,
    outs: list[str],
    view: str | None = None,
    folder: Path = Path(),
    trace_file: Path | None = None,
    as_json: bool = False,
    schedule: Schedule = "threaded",
    offline: bool = False,
    score: Score | None = None,
    **tracker_options: Any,
) -> Report:
    """Run a source to its end with a progress bar, and print the summary, with a score if given.

    Raises:
        typer.Exit: code 128 and the number of the signal that ended the run: 130 after Ctrl-C.
    """
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.runner import run as run_source
    from blazetrack.signals import hold_interrupt
    from blazetrack.sinks import open_sink
    from blazetrack.sinks.base import check_path, complete
    from blazetrack.store import Store

    trace_file = None if trace_file is None else check_path(trace_file)
    trace = Trace(keep=trace_file is not None)
    store = Store(offline=offline or None, report=lambda line: typer.echo(line, err=True))
    with PoseTracker(store=store, hooks=[trace], **tracker_options) as tracker:
        sinks = [open_sink(name, skeleton=tracker.skeleton) for name in outs]
        views: list[View] = []
        wanted, window = _view(view, source, outs), None
        if wanted == "window":
            window = _window(folder)
            views.append(window)
        elif wanted == "web":
            views.append(_page(tracker, trace, source))
        with _progress(source, score, hidden=as_json) as on_frame:
            report = run_source(
                source, tracker, [*sinks, *views], schedule=schedule, trace=trace, on_frame=on_frame
            )
    if trace_file is not None:
        with hold_interrupt():
            trace.write(trace_file)
    _print(report, score, as_json)
    for path in window.saved if window is not None and not as_json else ():
        typer.echo(f"wrote {path}")
    if report.signal is not None:
        name = "Ctrl-C" if report.signal == SIGINT else Signals(report.signal).name
        told = complete(sinks)
        typer.echo(
            f"blazetrack: ended by {name} after {report.frames} frames{told and '; '}{told}",
            err=True,
        )
        raise typer.Exit(128 + report.signal)
    return report


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InputError(f"--size: expected WIDTHxHEIGHT such as 1280x720, got '{text}'")
    return int(width), int(height)


def _schedule(text: str) -> Schedule:
    if text == "threaded":
        return "threaded"
    if text == "serial":
        return "serial"
    raise InputError(f"--schedule: expected threaded or serial, got '{text}'")


def _check_files(source: str, outs: list[str], trace: Path | None) -> None:
    """Refuse to write over the source, or two things into one file."""
    files = [("the source", source), *(("--out", name) for name in outs)]
    if trace is not None:
        files.append(("--trace", str(trace)))
    for place, (option, name) in enumerate(files):
        for other_option, other in files[:place]:
            if _same_file(name, other):
                raise SinkError(
                    f"{option} {name}: is the same file as {other_option} {other}; choose another"
                )


def _same_file(one: str, other: str) -> bool:
    one, other = os.path.expanduser(one), os.path.expanduser(other)
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # not both are there
        return os.path.realpath(one) == os.path.realpath(other)


def _view(view: str | None, source: Source, outs: list[str]) -> str:
    if view is None:
        return "window" if source.info.kind == "live" and not outs else "none"
    if view not in VIEWS:
        raise InputError(f"--view: expected one of {', '.join(VIEWS)}, got '{view}'")
    return view


def _window(folder: Path) -> Window:
    from blazetrack.views.window import Window

    if not os.path.isdir(folder):
        raise InputError(f"--folder: expected a folder, got '{folder}'; make it first")
    return Window(folder=folder)


def _page(tracker: PoseTracker, trace: Trace, source: Source) -> View:
    from blazetrack.cli.serve import PORT, check_extra

    check_extra()
    from blazetrack.web.view import WebView

    def say(link: str) -> None:
        typer.echo(f"blazetrack: open {link}", err=True)

    return WebView(tracker, trace, source.info.name, PORT, say)


@contextmanager
def _progress(source: Source, score: Score | None, *, hidden: bool) -> Iterator[OnFrame]:
    """A progress bar; called with each frame, for the score too."""
    from blazetrack.cli.progress import progress

    with progress(source.info.frames, hidden=hidden) as advance:

        def on_frame(frame: Frame, poses: Poses) -> None:
            if score is not None:
                score.add(frame, poses)
            if advance is not None:
                advance(frame, poses)

        yield on_frame


def _print(report: Report, score: Score | None, as_json: bool) -> None:
    scores = {} if score is None else {"pck": score.value()}
    if as_json:
        typer.echo(json.dumps(report.as_dict() | scores, allow_nan=False))
        return
    from blazetrack.cli.summary import print_summary

    print_summary(report, scores.get("pck"))
