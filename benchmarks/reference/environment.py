"""A virtual environment for one pinned package, made once and cached.

mediapipe has wheels for some Python versions only and pins numpy and more, so it never shares an
environment with blazetrack.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from blazetrack.errors import BlazetrackError

__all__ = ["MEDIAPIPE", "MEDIAPIPE_PYTHONS", "find_interpreter", "make_venv", "reference_python"]

MEDIAPIPE = "mediapipe==0.10.21"
"""The reference: the last release with both the `solutions` interface and the weights."""

MEDIAPIPE_PYTHONS = ("3.12", "3.11", "3.10", "3.9")
"""Python versions with wheels of this release, preferred first."""

FOLDER_VARIABLE = "BLAZETRACK_REFERENCE"


def reference_python(
    requirement: str = MEDIAPIPE, pythons: Sequence[str] = MEDIAPIPE_PYTHONS
) -> Path:
    """The Python of the environment with `requirement`; the first call installs it.

    Environments are kept in the user's cache folder, or in the folder named by the environment
    variable `BLAZETRACK_REFERENCE`.

    Args:
        requirement: `name==version`.
        pythons: versions with wheels of it, preferred first.

    Raises:
        BlazetrackError: no Python fits, or pip cannot install the package.
    """
    name, _, version = requirement.partition("==")
    if not version:
        raise BlazetrackError(f"reference: expected name==version, got {requirement!r}")
    folder = _cache_folder() / f"{name}-{version}"
    python = _python_of(folder)
    if _installed_version(python, name) == version:
        return python
    base = find_interpreter(pythons)
    print(f"reference: installing {requirement} into {folder} (once)", file=sys.stderr)
    make_venv(base, folder, [requirement])
    return python


def make_venv(base: Path, folder: Path, install: Sequence[str]) -> Path:
    """Make a fresh environment in `folder`, install the requirements, return its Python.

    Args:
        base: the Python to build on.
        folder: emptied first if it exists.
        install: requirements or folders, as for `pip install`.

    Raises:
        BlazetrackError: the environment cannot be made or pip fails.
    """
    python = _python_of(folder)
    _run([str(base), "-m", "venv", "--clear", str(folder)], f"making {folder}")
    pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *install], f"pip install {' '.join(install)}")
    return python


def find_interpreter(pythons: Sequence[str] = MEDIAPIPE_PYTHONS) -> Path:
    """A Python of one of these versions that can make environments.

    Search order: the running one, the `PATH`, pyenv.

    Raises:
        BlazetrackError: none fits.
    """
    for candidate in _candidates(pythons):
        if _version_of(candidate) in pythons:
            return candidate
    raise BlazetrackError(
        f"reference: expected Python {', '.join(pythons)} with the venv module, found none "
        "(searched the running Python, the PATH and pyenv): install one of them"
    )


def _candidates(pythons: Sequence[str]) -> Iterator[Path]:
    yield Path(sys.executable)
    for version in pythons:
        found = shutil.which(f"python{version}")
        if found:
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in pythons:
        yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)


def _version_of(python: Path) -> str | None:
    """`major.minor`, or None where it does not start (a shim) or cannot make environments."""
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    return _output_of(python, code)


def _installed_version(python: Path, name: str) -> str | None:
    if not python.exists():
        return None
    return _output_of(python, f"from importlib.metadata import version; print(version({name!r}))")


def _output_of(python: Path, code: str) -> str | None:
    """The standard output of this code, None if it fails."""
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", code], capture_output=True, text=True, check=False
        )
    except OSError:  # not a program for this machine: not a candidate
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        errors = [line for line in lines if re.match(r"error", line, re.IGNORECASE)] or lines
        raise BlazetrackError(f"environment: {what} failed: {errors[-1].strip()}")


def _cache_folder() -> Path:
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else user_cache_path("blazetrack") / "reference"


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
