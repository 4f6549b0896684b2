"""The exported Android project: its files, and the app that is built and tested from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import pytest

from benchmarks.devices import rows
from blazetrack._version import __version__
from blazetrack.errors import ModelError, SinkError
from blazetrack.export.android import ASSETS, MANIFEST, SCRIPTS, export_android
from blazetrack.export.device_pipeline import DevicePipeline, open_device_pipeline
from blazetrack.store import Store

ROOT = Path(__file__).parents[2]
LIBRARIES = ROOT / "build" / "android" / "libraries"
PROGRAMS = ("java", "javac", "zip", "unzip", "aapt2", "zipalign", "apksigner")


@pytest.fixture(scope="module")
def pipeline() -> DevicePipeline:
    return open_device_pipeline(threads=1)


@pytest.fixture(scope="module")
def project(pipeline: DevicePipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("android") / "project"
    export_android(folder, [pipeline])
    return folder


def test_export_android_writes_models_settings_pictures_and_scripts(
    project: Path, pipeline: DevicePipeline
) -> None:
    models = project / ASSETS / "models"
    assert sorted(path.name for path in models.iterdir()) == [
        "blaze_detector_lite.tflite",
        "blaze_lite.settings",
        "blaze_lite.tflite",
    ]
    assert (models / "blaze_lite.tflite").read_bytes() == pipeline.models[
        "landmarks"
    ].path().read_bytes()
    lines = (models / "blaze_lite.settings").read_text().splitlines()
    assert lines[0] == f"text blazetrack {__version__}"
    assert "text model.detector.name blaze_detector_lite" in lines
    for picture in (project / ASSETS / "frames").iterdir():
        assert cv2.imread(str(picture)).shape == (720, 1280, 3)
    assert all(os.access(project / script, os.X_OK) for script in SCRIPTS)
    assert f'android:versionName="{__version__}"' in (project / MANIFEST).read_text()


def test_export_android_into_a_folder_with_files_is_refused(
    pipeline: DevicePipeline, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(SinkError, match="expected an empty folder, got one with files"):
        export_android(tmp_path, [pipeline])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_export_android_of_two_models_with_one_name_leaves_nothing(
    pipeline: DevicePipeline, weights: Store, tmp_path: Path
) -> None:
    other = open_device_pipeline("blaze_lite", "pose_detector", store=weights)
    other.models["detector"].info = pipeline.models["detector"].info
    with pytest.raises(ModelError, match="two models have the name blaze_detector_lite"):
        export_android(tmp_path / "project", [pipeline, other])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_exported_project_gives_a_signed_app_whose_activities_run(project: Path) -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    names = ["tensorflow-lite", "tensorflow-lite-api", "android-all", "r8", "junit"]
    fetch = [project / "libraries", LIBRARIES, *names, "hamcrest-core", "robolectric"]
    fetched = subprocess.run(fetch, capture_output=True, text=True)
    if fetched.returncode:
        pytest.skip(fetched.stderr.strip())
    run("build_apk", project)
    app = project / "build" / "blazetrack.apk"
    verified = subprocess.run(["apksigner", "verify", "-v", app], capture_output=True, text=True)
    assert "(APK Signature Scheme v2): true" in verified.stdout
    badging = subprocess.run(["aapt2", "dump", "badging", app], capture_output=True, text=True)
    assert f"package: name='blazetrack.app' versionCode='1' versionName='{__version__}'" in (
        badging.stdout
    )
    assert "native-code: 'arm64-v8a'" in badging.stdout
    assert app.stat().st_size < 10e6
    output = run("test_app", project)
    assert re.search(r"^OK \(\d+ tests\)$", output, re.M)
    report = re.search(r"^\.*report: (.*)$", output, re.M)
    assert report
    assert rows(json.loads(report[1]))[0]["models"] == "blaze_lite + blaze_detector_lite"


def run(script: str, project: Path) -> str:
    environment = {**os.environ, "LIBRARIES": str(LIBRARIES)}
    command = [project / script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
