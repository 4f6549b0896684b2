"""MediaPipe's landmark networks in the environment of the reference.

The wheel of mediapipe 0.10.21 has only `full`; mediapipe downloads the others from a server of its
own where they are missing. Here they come from blazetrack's store, which fetches them with npm and
checks them, and are copied to the place where mediapipe looks for them.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from benchmarks.reference.installed_size import site_packages
from blazetrack.errors import DownloadError
from blazetrack.store import Store, manifest
from blazetrack.store.cache import sha256_of
from blazetrack.store.manifest import NpmPackage

__all__ = ["COMPLEXITIES", "available_models", "install_landmark_files"]

COMPLEXITIES = ("lite", "full", "heavy")
"""Names of MediaPipe's landmark networks, by `model_complexity`."""


def available_models(python: Path) -> tuple[list[str], str | None]:
    """Landmark networks that the reference can run; the reason where some are skipped."""
    try:
        install_landmark_files(python)
    except DownloadError as error:
        return ["full"], f"MediaPipe lite, heavy: {error}"
    return list(COMPLEXITIES), None


def install_landmark_files(python: Path) -> None:
    """Place `lite` and `heavy` in an environment with mediapipe, unless they are there.

    Args:
        python: of the environment.

    Raises:
        DownloadError: npm is missing or fails, or a file has another SHA-256.
    """
    packages, store = site_packages(python), Store(report=_report)
    for name in COMPLEXITIES:
        card = manifest.published()[name]
        if not isinstance(card.source, NpmPackage):
            continue
        target = packages / card.source.installed
        if target.is_file() and sha256_of(target) == card.sha256:
            continue
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(store.find(name).path, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _report(line: str) -> None:
    print(f"reference: {line}", file=sys.stderr)
