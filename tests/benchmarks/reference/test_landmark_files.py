"""MediaPipe's further landmark files: fetched with npm, checked, placed at once; no network."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.reference import landmark_files
from benchmarks.reference.landmark_files import FOLDER, SHA256, install_landmark_files
from blazetrack.errors import DownloadError

CONTENTS = {name: name.encode() for name in SHA256}
Npm = Callable[[bytes], list[list[str]]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where mediapipe of a made-up environment has its landmark files."""
    packages = tmp_path / "packages"
    (packages / FOLDER).mkdir(parents=True)
    monkeypatch.setattr(landmark_files, "site_packages", lambda python: packages)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}
    monkeypatch.setattr(landmark_files, "SHA256", digests)
    return packages / FOLDER


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> Npm:
    """Replace npm by one that writes this archive; returns the list of its calls."""

    def replace(archive: bytes) -> list[list[str]]:
        calls: list[list[str]] = []

        def run(command: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
            calls.append(command)
            if archive:
                (cwd / "pose.tgz").write_bytes(archive)
            return subprocess.CompletedProcess(command, 0 if archive else 1, "", "E404\nmore")

        monkeypatch.setattr(landmark_files.shutil, "which", lambda name: name)
        monkeypatch.setattr(landmark_files.subprocess, "run", run)
        return calls

    return replace


def packed(contents: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def test_install_places_both_files_once(folder: Path, npm: Npm) -> None:
    calls = npm(packed(CONTENTS))
    install_landmark_files(Path("python"))
    install_landmark_files(Path("python"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS
    assert len(calls) == 1


def test_install_replaces_a_damaged_file(folder: Path, npm: Npm) -> None:
    npm(packed(CONTENTS))
    (folder / "pose_landmark_lite.tflite").write_bytes(b"part of it")
    install_landmark_files(Path("python"))
    assert (folder / "pose_landmark_lite.tflite").read_bytes() == b"pose_landmark_lite.tflite"


def test_install_without_npm_names_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landmark_files.shutil, "which", lambda name: None)
    with pytest.raises(DownloadError, match=r"expected npm .* install Node\.js"):
        install_landmark_files(Path("python"))


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (b"", r"npm pack @mediapipe/pose@\S+ failed: E404$"),
        (b"no archive", "pose_landmark_lite.tflite: "),
        (packed({}), "pose_landmark_lite.tflite"),
        (packed(dict.fromkeys(SHA256, b"other")), "expected SHA-256 .*, got "),
    ],
)
def test_install_bad_archive_is_one_line_and_leaves_nothing(
    folder: Path, npm: Npm, archive: bytes, message: str
) -> None:
    npm(archive)
    with pytest.raises(DownloadError, match=message) as error:
        install_landmark_files(Path("python"))
    assert "\n" not in str(error.value)
    assert list(folder.iterdir()) == []
