"""`blazetrack plot`: one picture of what a run has found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazetrack.errors import SinkError, did_you_mean

__all__ = ["plot"]

ENDINGS = (".png", ".svg")


def plot(
    file: Annotated[Path, typer.Argument(help="A .jsonl that `blazetrack run` has written.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Picture to write: .png or .svg.", show_default="FILE's name, .png"
        ),
    ] = None,
    ids: Annotated[
        list[int] | None,
        typer.Option("--id", help="Only this person; may be repeated.", show_default="everybody"),
    ] = None,
    joints: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these joints, with commas: knee, or left_elbow for one side.",
            show_default="knee,elbow,hip,shoulder",
        ),
    ] = None,
) -> None:
    """Draw where people went, how their joints bent, and how well they were seen.

    blazetrack plot poses.jsonl                      (writes poses.png)

    blazetrack plot poses.jsonl --out knees.svg --joints knee --id 1
    """
    from blazetrack.plots import plot_recording, save
    from blazetrack.recording import read_recording
    from blazetrack.sinks.base import check_path

    picture = file.with_suffix(".png") if out is None else out
    if picture.suffix.lower() not in ENDINGS:
        raise SinkError(
            f"--out {picture}: expected a picture that ends in {' or '.join(ENDINGS)}; "
            f"{did_you_mean(picture.suffix.lower(), ENDINGS)}"
        )
    picture = check_path(picture)
    recording = read_recording(file.expanduser())
    for line in recording.warnings:
        typer.echo(f"warning: {line}", err=True)
    wanted = [name.strip() for text in joints or [] for name in text.split(",") if name.strip()]
    save(plot_recording(recording, ids=ids or [], joints=wanted), picture)
    typer.echo(f"wrote {picture}")
