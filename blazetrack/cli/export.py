"""`blazetrack export`: the pipeline for devices without Python, a page, test vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazetrack.cli.options import Offline, echo, open_store

__all__ = ["app"]

app = typer.Typer(
    help="Write what devices without Python need: a page, an Android project, test vectors.",
    no_args_is_help=True,
)

NewFolder = Annotated[
    Path, typer.Argument(help="Folder to write: new, empty, or an earlier export.")
]
Model = Annotated[
    str, typer.Option("--model", "-m", help="Landmark model: a name or a .tflite file.")
]
Detector = Annotated[
    str | None,
    typer.Option(help="Detector, as --model.", show_default="the one that goes with the model"),
]


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
    model: Model = "blaze_lite",
    detector: Detector = None,
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


@app.command()
def web(
    folder: NewFolder,
    model: Model = "blaze_lite",
    detector: Detector = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            help="Folder in which LiteRT.js was installed with npm.",
            show_default="fetched with npm",
        ),
    ] = None,
    offline: Offline = False,
) -> None:
    """Write a static page that tracks one person in the browser, without a server.

    Put the folder on any web space with https. After the first visit the page works without a
    network; see docs/web.md.

    blazetrack export web page

    blazetrack export web page --model full
    """
    from blazetrack.export.device_pipeline import open_device_pipeline
    from blazetrack.export.web import export_web

    pipeline = open_device_pipeline(model, detector, store=open_store(offline))
    page = export_web(folder, pipeline, runtime, offline=offline)
    echo(
        f"wrote {folder}: {page.files} files, {page.size / 1e6:.1f} MB; a first visit loads"
        f" {page.visit_size / 1e6:.1f} MB, {page.visit_gzip_size / 1e6:.1f} MB compressed"
    )
    echo(f"try it: python -m http.server --directory {folder}, then open http://localhost:8000")


@app.command()
def android(
    folder: NewFolder,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="Landmark model: a name or a .tflite file; may be repeated.",
            show_default="blaze_lite",
        ),
    ] = None,
    detector: Detector = None,
    offline: Offline = False,
) -> None:
    """Write an Android project that tracks one person on the phone, and measures its speed.

    Open the folder in Android Studio, or build and sign the app with its build_apk; see
    docs/android.md.

    blazetrack export android phone

    blazetrack export android phone --model blaze_lite --model full
    """
    from blazetrack.export.android import export_android
    from blazetrack.export.device_pipeline import DEVICE_MODEL, open_device_pipeline

    store = open_store(offline)
    pipelines = [
        open_device_pipeline(name, detector, store=store) for name in model or [DEVICE_MODEL]
    ]
    written = export_android(folder, pipelines)
    models = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in written.models.items())
    echo(f"wrote {folder}: {written.files} files, models {models}")
    echo(f"build the app: {folder / 'build_apk'}, or open the folder in Android Studio")
