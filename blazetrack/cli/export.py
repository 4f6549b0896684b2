"""`blazetrack export`: the pipeline for devices without Python, and its test vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazetrack.cli.options import Offline, echo, open_store

__all__ = ["app"]

app = typer.Typer(
    help="Write what devices without Python need: test vectors of the pipeline.",
    no_args_is_help=True,
)


@app.command()
def vectors(
    file: Annotated[Path, typer.Argument(help="File to write.")],
    source: Annotated[
        str | None,
        typer.Argument(
            help="Clip, as for `blazetrack run`.",
            show_default="a drawn person who is lost and found again",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="Landmark model: a name or a .tflite file.")
    ] = "blaze_lite",
    detector: Annotated[
        str | None,
        typer.Option(help="Detector, as --model.", show_default="the one that goes with the model"),
    ] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help="End after so many frames.", show_default="all")
    ] = None,
    offline: Offline = False,
) -> None:
    """Record what every network and node of the graph pose gives, frame by frame.

    An implementation of the pipeline in another language is tested against the file; its format is
    in docs/test_vectors.md.

    blazetrack export vectors pose.vectors

    blazetrack export vectors clip.vectors clip.mp4 --model full --max-frames 6
    """
    from itertools import islice

    from blazetrack.export.device_pipeline import open_device_pipeline
    from blazetrack.export.vector_clip import vector_clip
    from blazetrack.export.vector_file import write_vectors
    from blazetrack.export.vectors import record_vectors
    from blazetrack.sinks.base import check_path
    from blazetrack.sources import open_source

    target = check_path(file)
    pipeline = open_device_pipeline(model, detector, store=open_store(offline), threads=1)
    if source is None:
        recorded = record_vectors(pipeline, islice(vector_clip(), max_frames))
    else:
        with open_source(source, max_frames=max_frames, offline=offline) as clip:
            recorded = record_vectors(pipeline, clip)
    write_vectors(target, recorded)
    frames = recorded.frames
    found = sum(len(one["poses.ids"]) > 0 for one in frames if "poses.ids" in one)
    runs = int(frames[-1]["detector_runs"][0])
    echo(f"wrote {target}: {len(frames)} frames, {found} with a person, {runs} detector runs")
