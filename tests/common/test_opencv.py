"""OpenCV that is missing, damaged or lacks a library: one line with the remedy."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blazetrack.common import opencv

ROOT = Path(__file__).parents[2]
MISSING = "raise ModuleNotFoundError(\"No module named 'cv2'\", name='cv2')"
LIBRARY = "raise ImportError('libGL.so.1: cannot open shared object file')"


def run(tmp_path: Path, cv2: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with a module `cv2` of that text in front of the installed one."""
    (tmp_path / "cv2").mkdir(exist_ok=True)
    (tmp_path / "cv2" / "__init__.py").write_text(cv2)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("cv2", "words"),
    [(MISSING, "pip install"), (LIBRARY, "opencv-python-headless")],
    ids=["missing", "library"],
)
def test_run_without_opencv_is_one_line(tmp_path: Path, cv2: str, words: str) -> None:
    for call in (("run", "synthetic?frames=1"), ("demo", "--frames", "2")):
        done = run(tmp_path, cv2, "-m", "blazetrack", *call)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("blazetrack: OpenCV ")
        assert len(done.stderr.splitlines()) == 1
        assert words in done.stderr


@pytest.mark.parametrize("name", ["PoseTracker", "open_sink"])
def test_import_without_opencv_names_the_remedy(tmp_path: Path, name: str) -> None:
    code = f"from blazetrack import {name}\n{name}('a.mp4')"
    done = run(tmp_path, MISSING, "-c", code)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert "OpenCV is " in last
    assert "pip install" in last


def test_help_and_version_need_no_opencv(tmp_path: Path) -> None:
    done = run(tmp_path, MISSING, "-m", "blazetrack", "--version")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("present", "words"),
    [
        ((), 'pip install "blazetrack[opencv]"'),
        (("opencv-python-headless",), "--force-reinstall --no-deps opencv-python-headless"),
        (("opencv-contrib-python",), "--force-reinstall --no-deps opencv-contrib-python"),
    ],
    ids=str,
)
def test_explain_missing_module_depends_on_installed_package(
    monkeypatch: pytest.MonkeyPatch, present: tuple[str, ...], words: str
) -> None:
    monkeypatch.setattr(opencv, "_is_installed", lambda name: name in present)
    problem = opencv.explain(ModuleNotFoundError("No module named 'cv2'", name="cv2"))
    assert words in str(problem)


def test_explain_other_import_error_is_none() -> None:
    assert opencv.explain(ModuleNotFoundError("No module named 'av'", name="av")) is None
    assert opencv.explain(ImportError("libavcodec.so.61: cannot open")) is None


def test_package_requires_no_opencv() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    assert "opencv" not in config["options"]["install_requires"]
