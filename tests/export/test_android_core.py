"""The pipeline of deploy/android on the JVM: its JUnit tests, on the test vectors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from blazetrack.align.crop import Crop
from blazetrack.align.roi import circle_of_keypoints
from blazetrack.common.clock import SteadyClock
from blazetrack.export.device_pipeline import open_device_pipeline
from blazetrack.export.vector_clip import vector_clip
from blazetrack.export.vector_file import VectorFile, write_vectors
from blazetrack.export.vectors import record_vectors
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.tracking.timeline import difference, thumbnail
from blazetrack.types import Frame, Rois

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "android"
BUILD = ROOT / "build" / "android"


def run_junit(*words: str | Path) -> str:
    """Output of the tests; skips where Java or the libraries are missing."""
    for program in ("javac", "bash"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    libraries = [FOLDER / "libraries", BUILD / "libraries", "junit", "hamcrest-core"]
    fetched = subprocess.run(libraries, capture_output=True, text=True)
    if fetched.returncode:
        pytest.skip(fetched.stderr.strip())
    command = [FOLDER / "test_core", BUILD, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_android_core_gives_streams_and_functions_of_python(
    vectors: VectorFile, vectors_file: Path, weights: Store, tmp_path: Path
) -> None:
    frames = [frame for frame in vector_clip() if frame.index < 2]
    full = record_vectors(open_device_pipeline("full", store=weights, threads=1), frames)
    write_vectors(tmp_path / "full.vectors", full)
    write_vectors(tmp_path / "functions.vectors", functions())
    output = run_junit(
        vectors_file, tmp_path / "full.vectors", f"-Dfunctions={tmp_path / 'functions.vectors'}"
    )
    found = re.findall(r"(\w+): (\d+) frames, (\d+) detector runs, ids (\[.*\]),", output)
    runs = int(vectors.frames[-1]["detector_runs"][0])
    assert found == [
        ("blaze_lite", str(len(vectors.frames)), str(runs), "[1, 2, 3]"),
        ("full", "2", "1", "[1]"),
    ]


def functions() -> VectorFile:
    """Results of Python's functions: one case in each frame."""
    edges = sorted("-".join(map(str, edge)) for edge in BLAZEPOSE33.edges)
    file = VectorFile({"keypoints": " ".join(BLAZEPOSE33.names), "edges": " ".join(edges)})
    stamps, clock = (
        np.array([0, 0.1, 0.2, 5, 0.4, 0.5, 0.5, 0.45, 9, 9.1, 9.2, 12, 3]),
        SteadyClock(),
    )
    file.arrays.update(stamps=stamps, times=np.array([clock(float(one)) for one in stamps]))
    add_circles(file)
    add_crops(file)
    add_thumbnails(file)
    return file


def add_circles(file: VectorFile) -> None:
    rng = np.random.default_rng(5)
    for hidden in ([], range(11), range(23, 33), range(11, 25), range(25), [11, *range(23, 33)]):
        points = rng.normal(300, 60, (33, 2))
        points[list(hidden)] = np.nan
        circle = circle_of_keypoints(points, BLAZEPOSE33)
        assert circle is not None
        file.frames.append({"points": points, "circle": circle})


def add_crops(file: VectorFile) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
    picture = np.asarray(cv2.GaussianBlur(picture, (5, 5), 0), np.uint8)
    file.arrays["image"] = picture
    center = np.array([[60, 45], [20.5, 80.25], [100, 10], [50, 50]], np.float64)
    side = np.array([70, 30, 130, 90], np.float64)
    rois = Rois(center, np.stack([side, side], 1), np.array([0, 0.4, -2.5, 1]), np.zeros(4, int))
    for border in ("zero", "replicate"):
        crops = Crop(size=(48, 40), border=border)(Frame(picture), rois)  # type: ignore[arg-type]
        for pixels, matrix in zip(crops.pixels, crops.to_image, strict=True):
            zero = np.array([border == "zero"], np.uint8)
            file.frames.append({"crop": pixels, "to_image": matrix, "zero": zero})


def add_thumbnails(file: VectorFile) -> None:
    images = [frame.image for frame in vector_clip() if frame.index in (0, 46, 50)]
    images.append(np.roll(images[0], (20, 90), (0, 1)))  # a pan of the camera
    images.append(np.asarray(cv2.resize(images[1], (333, 207)), np.uint8))
    first = thumbnail(images[0])
    for image in images:
        small = thumbnail(image)
        apart = np.array(difference(first, small))
        file.frames.append({"picture": image, "thumbnail": small, "difference": apart})


def test_android_scripts_are_executable() -> None:
    for name in ("libraries", "test_core"):
        assert os.access(FOLDER / name, os.X_OK)
