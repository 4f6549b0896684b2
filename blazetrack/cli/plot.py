"""`blazetrack plot`: one picture of the results of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazetrack.cli.options import echo, log
from blazetrack.common.files import expand, is_same_file
from blazetrack.errors import SinkError, did_you_mean

__all__ = ["plot"]

PICTURES = (".png", ".svg")


def plot(
    file: Annotated[Path, typer.Argument(help="A .jsonl of `blazetrack run`.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Picture to write: .png or .svg.", show_default="FILE's name, .png"
        ),
    ] = None,
    ids: Annotated[
        list[int] | None,
        typer.Option("--id", help="Only this person; repeatable.", show_default="all"),
    ] = None,
    joints: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these, comma-separated: knee, left_elbow for one side, ankle, trunk, neck.",
            show_default="knee,elbow,hip,shoulder",
        ),
    ] = None,
) -> None:
    """Draw paths, joint angles and visibility of the people of a run.

    blazetrack plot poses.jsonl                      (writes poses.png)

    blazetrack plot poses.jsonl --out knees.svg --joints knee --id 1
    """
    from blazetrack.plots import plot_recording, save
    from blazetrack.recording import read_recording
    from blazetrack.sinks.base import check_path

    picture = file.with_suffix(".png") if out is None else out
    if picture.suffix.lower() not in PICTURES:
        raise SinkError(
            f"--out {picture}: expected a picture that ends in {' or '.join(PICTURES)}; "
            f"{did_you_mean(picture.suffix.lower(), PICTURES)}"
        )
    picture, file = check_path(picture), expand(file)
    if is_same_file(picture, file):
        raise SinkError(f"--out {picture}: is the recording itself; choose another name")
    recording = read_recording(file)
    for line in recording.warnings:
        log(f"warning: {line}")
    wanted = [name.strip() for text in joints or [] for name in text.split(",") if name.strip()]
    save(plot_recording(recording, ids=ids or [], joints=wanted), picture)
    echo(f"wrote {picture}")
