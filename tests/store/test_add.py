"""Adding models and bundles to the cache."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from blazetrack.errors import ModelError
from blazetrack.store import archive

BOTH = {
    "pose_detector.tflite": b"\x20\0\0\0TFL3 detector with metadata" * 9,
    "pose_landmarks_detector.tflite": b"\x20\0\0\0TFL3 heavy with metadata" * 9,
}


def write_model(path: Path, data: bytes = b"\x20\0\0\0TFL3 mine") -> Path:
    path.write_bytes(data)
    return path


def write_bundle(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return path


def test_add_model_is_found_by_its_name(world: SimpleNamespace, tmp_path: Path) -> None:
    (added,) = world.store.add(write_model(tmp_path / "mine.tflite"))
    assert world.store.find("mine") == added
    assert added.path == tmp_path / "home/mine.tflite"
    assert added.info.name == "mine"
    assert added.source == "added from mine.tflite"


def test_add_copies_the_card(world: SimpleNamespace, tmp_path: Path) -> None:
    path = write_model(tmp_path / "mine.tflite")
    card = "input_hw: [128, 128]\nlicence: MIT\n"
    (tmp_path / "mine.tflite.yaml").write_text(card, encoding="utf-8")
    (added,) = world.store.add(path, name="small")
    assert (added.info.name, added.info.input_hw, added.licence) == ("small", (128, 128), "MIT")


def test_add_published_bytes_takes_the_published_name(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    path = write_model(tmp_path / "pose_landmark_full.tflite", world.tflite("full"))
    (added,) = world.store.add(path)
    assert added.info.name == "full"
    (copy,) = world.store.add(path, name="reference")
    assert (copy.info.name, copy.info.outputs) == ("reference", added.info.outputs)


def test_add_bundle_gives_two_models(world: SimpleNamespace, tmp_path: Path) -> None:
    detector, landmarks = world.store.add(write_bundle(tmp_path / "heavy.task", BOTH))
    assert (detector.info.name, detector.info.kind) == ("heavy_detector", "detector")
    assert detector.info.anchors is not None
    assert (landmarks.info.name, landmarks.info.kind) == ("heavy", "landmarks")
    assert len(world.store.list()) == 4
    assert any("'heavy_detector' (detector)" in line for line in world.lines)


def test_add_bundle_with_a_broken_model_adds_nothing(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    path = write_bundle(tmp_path / "a.task", {**BOTH, "pose_landmarks_detector.tflite": b"text"})
    with pytest.raises(ModelError, match=r"a\.task: pose_landmarks_detector\.tflite is not"):
        world.store.add(path)
    assert not list((tmp_path / "home").iterdir())


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"readme.txt": b"hello"}, "not a pose bundle.*readme"),
        ({}, "found nothing"),
        ({**BOTH, "../../evil.tflite": b""}, "points out of the bundle"),
        ({**BOTH, "/etc/evil": b""}, "points out of the bundle"),
    ],
)
def test_add_other_zip_is_refused(
    world: SimpleNamespace, tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        world.store.add(write_bundle(tmp_path / "a.task", members))
    assert not list((tmp_path / "home").iterdir())


def test_add_huge_member_is_refused(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 100)
    with pytest.raises(ModelError, match="at most 100 are read"):
        world.store.add(write_bundle(tmp_path / "a.task", BOTH))


@pytest.mark.parametrize("keep", [3, 100, -30])
def test_add_truncated_bundle_is_refused(world: SimpleNamespace, tmp_path: Path, keep: int) -> None:
    path = write_bundle(tmp_path / "a.task", BOTH)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"a\.task is broken"):
        world.store.add(path)


@pytest.mark.parametrize("name", ["full", "FULL", "../up", "a b", ""])
def test_add_bad_or_taken_name_is_refused(
    world: SimpleNamespace, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ModelError, match="--name"):
        world.store.add(write_model(tmp_path / "mine.tflite"), name=name)
    assert not list((tmp_path / "home").iterdir())


def test_add_other_file_is_refused(world: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("just a few words")
    for path, message in [
        (tmp_path / "text.tflite", "not a TFLite model"),
        (tmp_path / "none.tflite", "no such model file"),
        (tmp_path, "expected a file, got a folder"),
    ]:
        with pytest.raises(ModelError, match=message):
            world.store.add(path)


def test_add_on_a_full_disk_leaves_nothing(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ModelError, match="No space left"):
        world.store.add(write_model(tmp_path / "mine.tflite"))
    assert not list((tmp_path / "home").iterdir())


def test_find_changed_added_model_is_refused(world: SimpleNamespace, tmp_path: Path) -> None:
    (added,) = world.store.add(write_model(tmp_path / "mine.tflite"))
    write_model(added.path, world.tflite("something else"))
    with pytest.raises(ModelError, match="add the right file again"):
        world.store.find("mine")
