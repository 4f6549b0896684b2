"""The options of `blazetrack run`, with their help texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

__all__ = [
    "Angles",
    "End",
    "Folder",
    "Fps",
    "Inputs",
    "MaxFrames",
    "Out",
    "Retry",
    "ScheduleName",
    "Size",
    "Start",
    "TraceFile",
    "Verbose",
    "ViewName",
]

Inputs = Annotated[
    list[str],
    Argument(
        metavar="SOURCE",
        help="Camera number, video or picture file, folder of pictures, URL, `synthetic` (also "
        "`synthetic:squats`, `synthetic:crowd?people=4`, `synthetic?frames=300&seed=1`), or "
        "module:Name of your own source. Files may be several, also as patterns: 'pictures/*.jpg'.",
    ),
]
Out = Annotated[
    list[str] | None,
    Option(
        "--out",
        "-o",
        help="Write FILE: .mp4, .jsonl, .csv, .parquet, .json (COCO), .trc, .mot, .bvh, .jpg, "
        ".png, .webp, .rrd; or FOLDER/, drawn pictures and films; or - for JSON Lines on stdout; "
        "or send to udp://, osc:// or ws://HOST:PORT, virtual_camera, module:Name. Repeatable.",
    ),
]
Angles = Annotated[
    list[str] | None,
    Option(
        "--angle",
        metavar="NAME=A,B,C",
        help="One more angle in the tables: in B between A and C; of four keypoints between A to B "
        "and C to D; of two between A to B and upwards. mid_hip is the middle of both. Repeatable.",
    ),
]
ViewName = Annotated[
    str | None,
    Option(
        help="window, web (a page of this machine), rerun (the viewer of that name) or none.",
        show_default="window for cameras and streams",
    ),
]
Size = Annotated[str | None, Option(help="Picture size requested from a camera, as 1280x720.")]
Fps = Annotated[float | None, Option(help="Frame rate of a camera or a folder of pictures.")]
Retry = Annotated[
    float | None,
    Option(min=0, show_default="10", help="Seconds to wait for a camera that stops delivering."),
]
Folder = Annotated[
    Path | None,
    Option(show_default=".", help="Folder for the window's pictures and recordings."),
]
MaxFrames = Annotated[int | None, Option(min=1, help="End after this many frames.")]
TraceFile = Annotated[
    Path | None, Option(help="Write a Chrome trace of every node (opens in Perfetto).")
]
ScheduleName = Annotated[
    str, Option(help="threaded: read, track and write in parallel; serial: in turn.")
]
Verbose = Annotated[bool, Option("--verbose", "-v", help="Also print the time of every stage.")]
Start = Annotated[
    str | None, Option(metavar="TIME", help="Begin at this time of a film: seconds or MM:SS.")
]
End = Annotated[str | None, Option(metavar="TIME", help="End before this time of a film.")]
