"""`blazetrack demo`: track the drawn person; needs no camera and no pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", "-o", help="Where demo.mp4 and demo.jsonl go.")
    ] = Path(),
    frames: Annotated[int, typer.Option(min=1, help="Length of the clip.")] = 300,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Landmark model: a name or a .tflite file.")
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Cores for the networks.", show_default="up to 4"),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, not as a table.")
    ] = False,
) -> None:
    """Track a person drawn by blazetrack itself, and compare with the truth.

    Writes demo.mp4 (the clip with the skeleton on it) and demo.jsonl (one line per frame).
    """
    from blazetrack.cli.run import track
    from blazetrack.cli.score import Score
    from blazetrack.sources import open_source

    outs = [str(folder / name) for name in ("demo.mp4", "demo.jsonl")]
    with open_source(f"synthetic?frames={frames}") as source:
        track(
            source,
            outs=outs,
            as_json=as_json,
            offline=offline,
            model=model,
            threads=threads,
            score=Score(source),
        )
    if not as_json:
        typer.echo(f"wrote {' and '.join(outs)}")
