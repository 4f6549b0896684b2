"""How many megabytes does blazetrack put on a disk, with everything that it needs?

    python -m benchmarks.footprint [--reference] [--json FILE]

Makes a fresh environment in a temporary folder, installs this checkout with its default
dependencies, and adds up the files in it, package by package. pip and setuptools are left out:
they are there before. Megabytes are 10⁶ bytes of file content. The weights, 9.4 MB, are fetched
at first use and come on top; the reference carries its own inside.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.reference.environment import MEDIAPIPE, make_venv, reference_python
from benchmarks.report import check_writable, write_json
from blazetrack.errors import BlazetrackError

__all__ = ["main", "sizes"]

ROOT = Path(__file__).resolve().parents[1]
BEFORE = frozenset({"pip", "setuptools", "wheel"})
NOT_PACKAGED = (".*", "venv", "build", "dist", "*.egg-info", "__pycache__")
OTHER = "(no package's)"


def main(
    reference: Annotated[bool, typer.Option(help=f"Measure {MEDIAPIPE} as well.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Print the installed size of blazetrack, and of the reference beside it."""
    console = Console()
    try:
        check_writable(json_file)
        measured = {"blazetrack": _measure_blazetrack()}
        if reference:
            measured[MEDIAPIPE] = sizes(_site_packages(reference_python()))
        for name, packages in measured.items():
            console.print(table(name, packages))
        write_json(json_file, report(measured))
    except BlazetrackError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def sizes(site_packages: Path) -> dict[str, int]:
    """Package → bytes of its files below `site_packages`, largest first.

    Files that no package lists (caches written later) count under one name of their own.
    """
    owner: dict[str, str] = {}
    for package in distributions(path=[str(site_packages)]):
        for file in package.files or []:
            owner[os.path.normpath(str(package.locate_file(file)))] = package.metadata["Name"]
    out: dict[str, int] = {}
    for folder, _, names in os.walk(site_packages):
        for name in names:
            path = os.path.join(folder, name)
            package_name = owner.get(os.path.normpath(path), OTHER)
            if package_name not in BEFORE:
                out[package_name] = out.get(package_name, 0) + os.lstat(path).st_size
    return dict(sorted(out.items(), key=lambda item: -item[1]))


def table(name: str, packages: dict[str, int]) -> Table:
    """The report for people."""
    out = Table(title=f"installed size of {name}", show_footer=True)
    out.add_column("package", footer="together")
    out.add_column("MB", footer=_megabytes(sum(packages.values())), justify="right")
    for package, size in packages.items():
        out.add_row(package, _megabytes(size))
    return out


def report(measured: dict[str, dict[str, int]]) -> dict[str, Any]:
    """The report for programs."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "installed": {
            name: {"bytes": sum(packages.values()), "packages": packages}
            for name, packages in measured.items()
        },
    }


def _measure_blazetrack() -> dict[str, int]:
    """A copy is built, so that neither leftovers get into it nor new ones into the checkout."""
    with tempfile.TemporaryDirectory(prefix="blazetrack-footprint-") as name:
        source, folder = Path(name) / "source", Path(name) / "venv"
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*NOT_PACKAGED))
        return sizes(_site_packages(make_venv(Path(sys.executable), folder, [str(source)])))


def _site_packages(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    command = [str(python), "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


if __name__ == "__main__":
    typer.run(main)
