"""Bytes of an installation, package by package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from benchmarks.reference.environment import make_venv

__all__ = ["OTHER", "blazetrack_sizes", "package_sizes", "site_packages"]

ROOT = Path(__file__).resolve().parents[2]
BEFORE = frozenset({"pip", "setuptools", "wheel"})
NOT_PACKAGED = (".*", "venv", "build", "dist", "*.egg-info", "__pycache__")
OTHER = "(no package)"


def package_sizes(folder: Path) -> dict[str, int]:
    """Package → bytes of its files below the `site-packages` folder, in descending order.

    pip, setuptools and wheel are left out. Files in no package's list (caches written later)
    count as `OTHER`.
    """
    owner: dict[str, str] = {}
    for package in distributions(path=[str(folder)]):
        for file in package.files or []:
            owner[os.path.normpath(str(package.locate_file(file)))] = package.metadata["Name"]
    out: dict[str, int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            package_name = owner.get(os.path.normpath(path), OTHER)
            if package_name not in BEFORE:
                out[package_name] = out.get(package_name, 0) + os.lstat(path).st_size
    return dict(sorted(out.items(), key=lambda item: -item[1]))


def blazetrack_sizes() -> dict[str, int]:
    """`package_sizes` of this checkout with its dependencies and OpenCV, freshly installed.

    A copy is built, so that no build output of the checkout is counted and none is left in it.
    """
    with tempfile.TemporaryDirectory(prefix="blazetrack-footprint-") as name:
        source, folder = Path(name) / "source", Path(name) / "venv"
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*NOT_PACKAGED))
        python = make_venv(Path(sys.executable), folder, [f"{source}[opencv]"])
        return package_sizes(site_packages(python))


def site_packages(python: Path) -> Path:
    """The `site-packages` folder of an interpreter."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.check_output([str(python), "-I", "-c", code], text=True).strip())
