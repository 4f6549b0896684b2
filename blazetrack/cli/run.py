"""`blazetrack run`: track the people of any source."""

from __future__ import annotations

from typing import Any

from blazetrack.cli.checks import check_files, check_source_options, parse_size
from blazetrack.cli.options import Backend, Every, Graph, Json, Model, Offline, Threads, log
from blazetrack.cli.run_options import (
    Detector,
    Folder,
    Follow,
    Fps,
    Input,
    MaxFrames,
    Out,
    People,
    Retry,
    ScheduleName,
    Settings,
    Size,
    Tiles,
    TraceFile,
    Verbose,
    ViewName,
)
from blazetrack.cli.track import track

__all__ = ["run"]


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
    retry: Retry = None,
    folder: Folder = None,
    max_frames: MaxFrames = None,
    settings: Settings = None,
    trace: TraceFile = None,
    schedule: ScheduleName = "threaded",
    offline: Offline = False,
    as_json: Json = False,
    verbose: Verbose = False,
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
    check_files(source, out or [], trace)
    with open_source(
        source,
        size=parse_size(size),
        fps=fps,
        max_frames=max_frames,
        retry_s=10.0 if retry is None else retry,
        report=log,
    ) as opened:
        check_source_options(opened, source, {"--size": size, "--fps": fps, "--retry": retry})
        graph = graph or ("pose_image" if opened.info.kind == "stills" else None)
        track(
            opened, outs=out or [], view=view, folder=folder, trace_file=trace, as_json=as_json,
            schedule=schedule, offline=offline, graph=graph, verbose=verbose, **tracker,
        )  # fmt: skip
