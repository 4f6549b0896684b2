"""Landmark files of MediaPipe that its wheel 0.10.21 lacks: `lite` (complexity 0), `heavy` (2).

mediapipe downloads them from a server of its own where they are missing. Here they come from the
npm package `@mediapipe/pose` through the user's npm, so that its mirror settings hold, and are
checked before they are placed where mediapipe looks for them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from benchmarks.reference.installed_size import site_packages
from blazetrack.errors import DownloadError
from blazetrack.store.cache import sha256_of

__all__ = ["install_landmark_files"]

NPM_PACKAGE = "@mediapipe/pose@0.5.1675469404"
SHA256 = {
    "pose_landmark_lite.tflite": "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
    "pose_landmark_heavy.tflite": (
        "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"
    ),
}
FOLDER = Path("mediapipe", "modules", "pose_landmark")
TIMEOUT_S = 600


def install_landmark_files(python: Path) -> None:
    """Place both files in an environment with mediapipe, unless they are there.

    Args:
        python: of the environment.

    Raises:
        DownloadError: npm is missing or fails, or a file has another SHA-256.
    """
    folder = site_packages(python) / FOLDER
    missing = [
        name
        for name, digest in SHA256.items()
        if not (folder / name).is_file() or sha256_of(folder / name) != digest
    ]
    if not missing:
        return
    with tempfile.TemporaryDirectory(prefix="blazetrack-npm-") as work:
        archive = _pack(Path(work))
        for name in missing:
            _place(archive, name, folder / name)


def _pack(work: Path) -> Path:
    """The package's archive, fetched by npm into an empty folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise DownloadError(
            "reference: expected npm for MediaPipe's lite and heavy landmark files, found none on "
            "the PATH: install Node.js (https://nodejs.org)"
        )
    command = [npm, "pack", NPM_PACKAGE, "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise DownloadError(f"reference: npm pack {NPM_PACKAGE}: no end in {TIMEOUT_S} s") from None
    archives = list(work.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        reason = (done.stderr.strip().splitlines() or ["no message"])[0]
        raise DownloadError(f"reference: npm pack {NPM_PACKAGE} failed: {reason}")
    return archives[0]


def _place(archive: Path, name: str, target: Path) -> None:
    """Extract one file, check it, and move it into place at once."""
    part = target.with_name(f"{name}.{os.getpid()}.part")
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(f"package/{name}")
            content = b"" if member is None else member.read()
        found = hashlib.sha256(content).hexdigest()
        if found != SHA256[name]:
            raise DownloadError(
                f"reference: {NPM_PACKAGE}: {name}: expected SHA-256 {SHA256[name]}, got {found}"
            )
        part.write_bytes(content)
        part.replace(target)
    except (tarfile.TarError, KeyError, OSError, EOFError) as error:
        part.unlink(missing_ok=True)
        reason = (str(error).splitlines() or ["no message"])[0]
        raise DownloadError(f"reference: {NPM_PACKAGE}: {name}: {reason}") from error
