"""MediaPipe's further landmark files in the environment of the reference; no network."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.reference import landmark_files
from benchmarks.reference.landmark_files import available_models, install_landmark_files
from blazetrack.errors import DownloadError
from blazetrack.store import manifest

CONTENTS = {name: b"\x20\0\0\0TFL3" + name.encode() for name in ("lite", "heavy")}
FOLDER = Path("mediapipe", "modules", "pose_landmark")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where mediapipe of a made-up environment has its landmark files; the store has its own."""
    cards = dict(manifest.published())
    (tmp_path / "home").mkdir()
    for name, content in CONTENTS.items():
        cards[name] = replace(cards[name], sha256=hashlib.sha256(content).hexdigest())
        (tmp_path / "home" / f"{name}.tflite").write_bytes(content)
    monkeypatch.setattr(manifest, "published", lambda: cards)
    monkeypatch.setenv("BLAZETRACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BLAZETRACK_OFFLINE", "1")
    packages = tmp_path / "packages"
    (packages / FOLDER).mkdir(parents=True)
    monkeypatch.setattr(landmark_files, "site_packages", lambda python: packages)
    return packages / FOLDER


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_install_copies_both_files_of_the_store(folder: Path) -> None:
    install_landmark_files(Path("python"))
    assert contents(folder) == {
        f"pose_landmark_{name}.tflite": content for name, content in CONTENTS.items()
    }


def test_install_replaces_a_damaged_file(folder: Path) -> None:
    (folder / "pose_landmark_lite.tflite").write_bytes(b"part of it")
    install_landmark_files(Path("python"))
    assert contents(folder)["pose_landmark_lite.tflite"] == CONTENTS["lite"]


def test_install_files_that_are_there_does_not_need_the_store(folder: Path, tmp_path: Path) -> None:
    install_landmark_files(Path("python"))
    for path in (tmp_path / "home").glob("*.tflite"):
        path.unlink()
    install_landmark_files(Path("python"))


def test_install_without_the_models_is_an_error_and_leaves_nothing(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "home" / "lite.tflite").unlink()
    with pytest.raises(DownloadError, match="'lite' is not in"):
        install_landmark_files(Path("python"))
    assert contents(folder) == {}


def test_available_models_without_the_files_is_full_only(folder: Path, tmp_path: Path) -> None:
    assert available_models(Path("python")) == (["lite", "full", "heavy"], None)
    (tmp_path / "home" / "heavy.tflite").unlink()
    (folder / "pose_landmark_heavy.tflite").unlink()
    names, reason = available_models(Path("python"))
    assert names == ["full"]
    assert reason is not None
    assert reason.startswith("MediaPipe lite, heavy: model 'heavy' is not in")
