"""`blazetrack run`: track the people of any source."""

from __future__ import annotations

from typing import Any

from blazetrack.cli.checks import (
    check_angles,
    check_files,
    check_outs_fit,
    check_source_options,
    check_stdout,
    parse_size,
    parse_time,
)
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
from blazetrack.cli.run_options import (
    Angles,
    Detector,
    End,
    Folder,
    Follow,
    Fps,
    Inputs,
    Masks,
    MaxFrames,
    MinDetection,
    MinTracking,
    Out,
    People,
    Retry,
    ScheduleName,
    Settings,
    Size,
    Smoothing,
    Start,
    Tiles,
    TraceFile,
    Verbose,
    ViewName,
)
from blazetrack.cli.track import track

__all__ = ["run"]


def run(
    sources: Inputs,
    model: Model = None,
    detector: Detector = None,
    graph: Graph = None,
    people: People = None,
    follow: Follow = None,
    tiles: Tiles = None,
    every: Every = None,
    threads: Threads = None,
    backend: Backend = "auto",
    masks: Masks = False,
    min_detection: MinDetection = None,
    min_tracking: MinTracking = None,
    smoothing: Smoothing = None,
    out: Out = None,
    angle: Angles = None,
    view: ViewName = None,
    size: Size = None,
    fps: Fps = None,
    retry: Retry = None,
    folder: Folder = None,
    start: Start = None,
    end: End = None,
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

    blazetrack run pictures/ --out drawn/ --out poses.csv --people 4

    blazetrack run match.mp4 --follow 640,360 --out player.mp4
    """
    from blazetrack.graph import parse_set
    from blazetrack.pipeline import finds_several, graph_for
    from blazetrack.sources import open_source

    tracker: dict[str, Any] = {
        "model": model, "detector": detector, "people": people, "follow": follow, "tiles": tiles,
        "every": every, "threads": threads, "backend": backend, "masks": masks,
        "min_detection": min_detection, "min_tracking": min_tracking, "smoothing": smoothing,
        "options": dict(parse_set(text) for text in settings or []),
    }  # fmt: skip
    outs = out or []
    check_stdout(outs, as_json)
    check_files(sources, outs, trace)
    angles = check_angles(angle, [*outs, view or ""])
    with open_source(
        sources,
        size=parse_size(size),
        fps=fps,
        max_frames=max_frames,
        start_s=parse_time("--start", start),
        end_s=parse_time("--end", end),
        retry_s=10.0 if retry is None else retry,
        report=log,
        offline=open_store(offline).offline,
    ) as opened:
        check_source_options(opened, sources, {"--size": size, "--fps": fps, "--retry": retry})
        check_outs_fit(opened, outs)
        if graph is None and opened.info.kind == "stills":
            graph = graph_for(1, still=True, several=finds_several(model, open_store(offline)))
        track(
            opened, outs=outs, angles=angles, view=view, folder=folder, trace_file=trace,
            as_json=as_json, schedule=schedule, offline=offline, graph=graph, verbose=verbose,
            **tracker,
        )  # fmt: skip
