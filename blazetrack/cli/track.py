"""One run from the command line: sinks, view, progress bar, summary, exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT, Signals
from typing import TYPE_CHECKING, Any

import typer

from blazetrack.cli.checks import STDOUT, check_reads, one_of
from blazetrack.cli.options import echo, log, open_store
from blazetrack.common.files import expand
from blazetrack.errors import InputError

if TYPE_CHECKING:
    from blazetrack.angles import Angle
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.runner import Report, Schedule, View
    from blazetrack.sinks import Sink
    from blazetrack.sources import Source
    from blazetrack.types import Frame, Poses

__all__ = ["track"]

MAX_NAMES = 20  # of written files
VIEWS = ("window", "web", "rerun", "none")
SCHEDULES: dict[str, Schedule] = {"threaded": "threaded", "serial": "serial"}


def track(
    source: Source,
    *,
    outs: Sequence[str],
    angles: Sequence[Angle] = (),
    view: str | None = None,
    folder: Path | None = None,
    trace_file: Path | None = None,
    as_json: bool = False,
    schedule: str = "threaded",
    offline: bool = False,
    verbose: bool = False,
    **tracker_options: Any,
) -> None:
    """Run a source to its end with a progress bar, and print the summary.

    Raises:
        typer.Exit: code 128 and the number of the signal that ended the run: 130 after Ctrl-C.
    """
    from blazetrack.cli.drawn_pck import Score
    from blazetrack.cli.progress import progress
    from blazetrack.cli.summary import print_warnings
    from blazetrack.common.signals import hold_interrupt
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.runner import run as run_source
    from blazetrack.sinks import open_sink
    from blazetrack.sinks.base import check_path

    plan = SCHEDULES[one_of("--schedule", schedule, SCHEDULES)]
    trace_file = None if trace_file is None else check_path(trace_file)
    trace = Trace(keep=trace_file is not None)
    with PoseTracker(store=open_store(offline), hooks=[trace], **tracker_options) as tracker:
        check_reads(tracker.files, outs, trace_file)
        with ExitStack() as opened:  # an outlet that serves must not outlive an error
            sinks: list[Sink] = []
            for name in outs:
                sinks.append(open_sink(name, skeleton=tracker.skeleton, angles=angles))
                opened.callback(sinks[-1].close)
            shown = _open_view(view, source, outs, tracker, trace, folder, angles)
            opened.pop_all()
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
    written = [name for sink in sinks for name in sink.written]
    written += [str(path) for one in shown for path in getattr(one, "saved", [])]
    written += [] if trace_file is None else [str(trace_file)]
    if STDOUT in outs:
        print_warnings(report)
    else:
        _print(report, score.value(), as_json, verbose)
        _print_written([] if as_json else written)
    nothing = not (outs or shown or trace_file or as_json)
    _print_hints(report, tracker_options.get("follow"), nothing=nothing)
    _exit_after_signal(report, sinks)


def _open_view(
    name: str | None,
    source: Source,
    outs: Sequence[str],
    tracker: PoseTracker,
    trace: Trace,
    folder: Path | None,
    angles: Sequence[Angle],
) -> list[View | Sink]:
    """The view of `--view`, if any; a live source without output has a window by default."""
    default = "window" if source.info.kind == "live" and not outs else "none"
    name = one_of("--view", name or default, VIEWS)
    if folder is not None and name != "window":
        raise InputError(f"--folder: applies to --view window only, not to {name}; leave it out")
    if name == "window":
        from blazetrack.views.window import Window

        folder = expand(folder or Path())
        if not os.path.isdir(folder):
            raise InputError(f"--folder: expected a folder, got '{folder}'; make it first")
        return [Window(folder=folder)]
    if name == "rerun":
        from blazetrack.sinks import open_sink

        return [open_sink(name, skeleton=tracker.skeleton, angles=angles)]
    if name == "web":
        from blazetrack.cli.serve import PORT, check_extra, log_link

        check_extra()
        from blazetrack.web.run_view import WebView

        return [WebView(tracker, trace, source.info.name, PORT, log_link)]
    return []


def _print(report: Report, pck: float | None, as_json: bool, verbose: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_dict() | {"pck": pck}, allow_nan=False))
        return
    from blazetrack.cli.summary import print_summary

    print_summary(report, pck, stages=verbose)


def _print_written(names: Sequence[str]) -> None:
    """One line per file; of very many, the first ones and their number."""
    for name in names[:MAX_NAMES]:
        echo(f"wrote {name}")
    if len(names) > MAX_NAMES:
        echo(f"wrote {len(names) - MAX_NAMES} more files")


def _print_hints(report: Report, follow: str | None, *, nothing: bool) -> None:
    """Name options for a run without output, and for one whose followed person was not found."""
    if follow is not None and report.frames and not report.frames_with_people:
        log(
            f"warning: --follow {follow}: this person is in no frame; a run with --people 4 in its"
            " place shows the ids"
        )
    if nothing:
        log("nothing written: --out tracked.mp4 draws the poses, --out poses.csv writes them")


def _exit_after_signal(report: Report, sinks: Sequence[Sink]) -> None:
    from blazetrack.sinks.base import complete

    if report.signal is not None:
        name = "Ctrl-C" if report.signal == SIGINT else Signals(report.signal).name
        files = complete(sinks)
        log(f"blazetrack: ended by {name} after {report.frames} frames{files and '; '}{files}")
        raise typer.Exit(128 + report.signal)
