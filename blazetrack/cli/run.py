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
from blazetrack.cli.options import Json, Offline, log, open_store
from blazetrack.cli.run_options import (
    Angles,
    End,
    Folder,
    Fps,
    Inputs,
    MaxFrames,
    Out,
    Retry,
    ScheduleName,
    Size,
    Start,
    TraceFile,
    Verbose,
    ViewName,
)
from blazetrack.cli.track import track
from blazetrack.cli.tracker_options import takes_tracker_options

__all__ = ["run"]


@takes_tracker_options()
def run(
    sources: Inputs,
    *,
    tracker: dict[str, Any],
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
    from blazetrack.pipeline import finds_several, graph_for
    from blazetrack.sources import open_source

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
        if tracker["graph"] is None and opened.info.kind == "stills":
            several = finds_several(tracker["model"], open_store(offline))
            tracker["graph"] = graph_for(1, still=True, several=several)
        track(
            opened, outs=outs, angles=angles, view=view, folder=folder, trace_file=trace,
            as_json=as_json, schedule=schedule, offline=offline, verbose=verbose,
            **tracker,
        )  # fmt: skip
