"""The command line of blazetrack: one file per verb."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from blazetrack._version import __version__
from blazetrack.cli import (
    batch,
    bench,
    convert,
    demo,
    export,
    graph,
    info,
    mediapipe,
    models,
    plot,
    run,
    serve,
)
from blazetrack.cli.entry_point import new_app, run_app

__all__ = ["app", "main"]

app = new_app(
    "Track people: 33 keypoints each, on the CPU, offline.\n\nStart with: blazetrack demo",
    completion=True,
)
app.command("run")(run.run)
app.command("batch")(batch.batch)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("plot")(plot.plot)
app.command("convert")(convert.convert)
app.command("bench")(bench.bench)
app.add_typer(models.app, name="models")
app.add_typer(export.app, name="export")
app.add_typer(graph.app, name="graph")
app.command("info")(info.info)
app.command("mediapipe", context_settings=mediapipe.SETTINGS)(mediapipe.mediapipe)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"blazetrack {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    run_app(app, "blazetrack", "blazetrack", args)
