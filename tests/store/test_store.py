"""Names and paths → models."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from blazetrack.errors import DownloadError, ModelError, RenamedWarning
from blazetrack.store import Store
from blazetrack.store.manifest import Package


def test_find_path_does_not_touch_the_cache(world: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(world.tflite("mine"))
    for given in (path, str(path)):
        model = world.store.find(given)
        assert (model.path, model.info.name, model.size) == (
            path,
            "mine",
            len(world.tflite("mine")),
        )
    assert not (tmp_path / "home").exists()


def test_find_path_with_published_bytes_has_the_published_info(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    path = tmp_path / "renamed.tflite"
    path.write_bytes(world.tflite("pose_detector"))
    assert world.store.find(path).info == world.entries["pose_detector"].info


def test_describe_published_name_ignores_files_of_that_name(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").write_bytes(world.tflite("a trap"))
    (tmp_path / "own").write_bytes(world.tflite("own"))
    assert not world.store.describe("full").present
    assert world.store.find("own").path == Path("own")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ful", "no model is called 'ful'; did you mean 'full'"),
        ("zzz", "known: full, pose_detector"),
        ("gone.tflite", "no such model file: gone.tflite"),
        ("folder/gone", "no such model file"),
        ("gone.task", "no such model file"),
    ],
)
def test_find_unknown_name_is_refused(world: SimpleNamespace, name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        world.store.find(name)


def test_find_unknown_name_suggests_added_models(world: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "squats.tflite"
    path.write_bytes(world.tflite("squats"))
    world.store.add(path)
    with pytest.raises(ModelError, match="did you mean 'squats'"):
        world.store.find("squat")


@pytest.mark.parametrize("value", ["1", "true", "Yes"])
def test_find_offline_is_refused_with_help(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("BLAZETRACK_OFFLINE", value)
    monkeypatch.setattr(subprocess, "run", lambda *args, **more: pytest.fail("ran pip"))
    with pytest.raises(DownloadError) as caught:
        Store().find("full")
    for hint in ("'full' is not in", "blazetrack models pull full", "blazetrack models add"):
        assert hint in str(caught.value)


def test_find_offline_names_a_damaged_model(world: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/full.tflite").write_bytes(world.tflite("cut")[:20])
    with pytest.raises(DownloadError, match="'full' is damaged in"):
        Store(offline=True).find("full")


def test_offline_argument_overrides_the_environment(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLAZETRACK_OFFLINE", "1")
    assert Store().offline
    assert not Store(offline=False).offline
    monkeypatch.setenv("BLAZETRACK_OFFLINE", "0")
    assert not Store().offline


def test_find_old_name_warns(tmp_path: Path) -> None:
    with pytest.warns(RenamedWarning, match="'detector_lite' is now 'blaze_detector_lite'"):
        model = Store(tmp_path, offline=True).find("detector_lite")
    assert model.info.name == "blaze_detector_lite"


def test_find_added_model_with_an_old_name_does_not_warn(tmp_path: Path) -> None:
    store = Store(tmp_path / "home", offline=True)
    content = store.find("blaze_detector_lite").path.read_bytes() + b"\0"  # no published file
    (tmp_path / "mine.tflite").write_bytes(content)
    card = "kind: detector\ninput_hw: [128, 128]\nanchors: {strides: [8, 16], per_map: 1}\n"
    card += "outputs: {boxes: boxes, scores: scores}\n"
    (tmp_path / "mine.tflite.yaml").write_text(card, encoding="utf-8")
    store.add(tmp_path / "mine.tflite", "detector_lite")
    assert store.find("detector_lite").path == tmp_path / "home/detector_lite.tflite"


def test_find_missing_package_model_is_refused(world: SimpleNamespace) -> None:
    for place, present in [("store/manifest.yaml", True), ("weights/none.tflite", False)]:
        own = replace(world.entries["full"], source=Package(package=place))
        world.entries["full"] = own
        assert world.store.describe("full").present is present
    with pytest.raises(ModelError, match="reinstall"):
        world.store.find("full")


def test_list_writes_nothing(world: SimpleNamespace, tmp_path: Path) -> None:
    models = world.store.list()
    assert [(model.info.name, model.present) for model in models] == [
        ("pose_detector", False),
        ("full", False),
    ]
    assert models[0].licence == "Apache-2.0"
    assert not (tmp_path / "home").exists()


def test_import_store_loads_no_slow_module() -> None:
    slow = "{'pydantic', 'yaml', 'platformdirs', 'zipfile', 'rich', 'cv2', 'pip'}"
    code = f"import sys, blazetrack.store; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
