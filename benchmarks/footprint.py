"""Installed size of blazetrack with all its dependencies.

    python -m benchmarks.footprint [--reference] [--json FILE]

Installs this checkout with its default dependencies into a fresh environment and adds up the files,
package by package, without pip and setuptools. A megabyte is 10⁶ bytes of file content. The
published weights, 9.4 MB, are fetched at first use and come on top; MediaPipe ships its own inside.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.reference.environment import MEDIAPIPE, reference_python
from benchmarks.reference.installed_size import blazetrack_sizes, package_sizes, site_packages
from benchmarks.report import check_writable, exit_2_on_error, write_json

__all__ = ["main", "report", "table"]


def main(
    reference: Annotated[bool, typer.Option(help=f"Measure {MEDIAPIPE} as well.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Print the installed size of blazetrack, and of MediaPipe."""
    console = Console()
    with exit_2_on_error():
        check_writable(json_file)
        measured = {"blazetrack": blazetrack_sizes()}
        if reference:
            measured[MEDIAPIPE] = package_sizes(site_packages(reference_python()))
        for name, packages in measured.items():
            console.print(table(name, packages))
        write_json(json_file, report(measured))


def table(name: str, packages: dict[str, int]) -> Table:
    """The table of one installation."""
    out = Table(title=f"installed size of {name}", show_footer=True)
    out.add_column("package", footer="total")
    out.add_column("MB", footer=_megabytes(sum(packages.values())), justify="right")
    for package, size in packages.items():
        out.add_row(package, _megabytes(size))
    return out


def report(measured: dict[str, dict[str, int]]) -> dict[str, Any]:
    """The JSON report."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "installed": {
            name: {"bytes": sum(packages.values()), "packages": packages}
            for name, packages in measured.items()
        },
    }


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


if __name__ == "__main__":
    typer.run(main)
