"""`blazetrack demo`: track a drawn person; needs no camera and no file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazetrack.cli.options import Json, Model, Offline, Threads
from blazetrack.cli.run_options import Verbose

__all__ = ["demo"]


def demo(
    folder: Annotated[
        Path,
        typer.Option("--folder", "-o", help="Folder for demo.mp4 and demo.jsonl; made if need be."),
    ] = Path(),
    frames: Annotated[int, typer.Option(min=1, help="Length of the clip.")] = 300,
    model: Model = None,
    threads: Threads = None,
    offline: Offline = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Track a person drawn by blazetrack itself, and compare with the known joints.

    Writes demo.mp4 (the clip with the skeleton on it) and demo.jsonl (one line per frame).
    """
    from blazetrack.cli.track import track
    from blazetrack.common.files import expand
    from blazetrack.errors import InputError
    from blazetrack.sources import open_source

    folder = expand(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"--folder {folder}: this folder cannot be made ({error.strerror})"
        ) from None
    outs = [str(folder / name) for name in ("demo.mp4", "demo.jsonl")]
    with open_source(f"synthetic?frames={frames}") as source:
        track(
            source, outs=outs, as_json=as_json, offline=offline, verbose=verbose,
            model=model, threads=threads,
        )  # fmt: skip
    if not as_json:
        typer.echo("next: blazetrack run YOUR.mp4 --out tracked.mp4, or run 0 for a camera")
