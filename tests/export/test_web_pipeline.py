"""The pipeline of deploy/web in Node.js: on the test vectors, and beside Python's functions."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.align.crop import Crop
from blazetrack.align.roi import circle_of_points, known_points
from blazetrack.export.device_pipeline import open_device_pipeline
from blazetrack.export.vector_clip import vector_clip
from blazetrack.export.vector_file import VectorFile, write_vectors
from blazetrack.export.vectors import record_vectors
from blazetrack.sinks.csv import CsvSink
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.tracking.timeline import difference, thumbnail
from blazetrack.types import Frame, Poses, Rois

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")

PAGE = Path(__file__).parents[2] / "deploy" / "web"
FOLDER = PAGE / "pipeline"
ON_VECTORS = Path(__file__).with_name("web_vectors.mjs")


def run(*command: str, text: str = "") -> Any:
    done = subprocess.run(
        ["node", *command], input=text, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def evaluate(module: str, names: str, body: str, data: object) -> Any:
    """The value of `body`, statements that end with `return`, on `data`."""
    program = f"""
import {{ readFileSync }} from "node:fs";
import {{ {names} }} from {json.dumps((FOLDER / module).as_uri())};
const data = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify((() => {{ {body} }})()));
"""
    return run("--input-type=module", "-e", program, text=json.dumps(data))


def check_on(file: Path, frames: int) -> None:
    found = run(str(ON_VECTORS), str(file), str(FOLDER))
    assert found["frames"] == frames
    assert not found["faults"]
    assert found["worst"]["poses.landmarks_px"] <= 1e-3
    assert max(found["worst"].values()) <= 1e-3, "also ids and runs of the detector"


def test_web_pipeline_on_recorded_tensors_gives_poses_ids_and_runs(
    vectors: VectorFile, vectors_file: Path
) -> None:
    runs = [int(frame["detector_runs"][0]) for frame in vectors.frames]
    assert runs[0] == 1 < runs[-1], "the clip has a loss and a recovery"
    check_on(vectors_file, len(vectors.frames))


def test_web_pipeline_with_heatmaps_gives_refined_poses(weights: Store, tmp_path: Path) -> None:
    frames = [frame for frame in vector_clip() if frame.index < 2]
    pipeline = open_device_pipeline("full", store=weights, threads=1)
    write_vectors(tmp_path / "full.vectors", record_vectors(pipeline, frames))
    check_on(tmp_path / "full.vectors", 2)


@pytest.mark.parametrize("border", ["zero", "replicate"])
def test_web_crop_of_turned_regions_gives_the_pixels_of_python(border: Any) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
    picture = np.asarray(cv2.GaussianBlur(picture, (5, 5), 0), np.uint8)
    center = np.array([[60, 45], [20.5, 80.25], [100, 10], [50, 50]], np.float64)
    side = np.array([70, 30, 130, 90], np.float64)
    rois = Rois(center, np.stack([side, side], 1), np.array([0, 0.4, -2.5, 1]), np.zeros(4, int))
    crops = Crop(size=(48, 40), border=border)(Frame(picture), rois)
    body = """
      const image = { data: Uint8Array.from(data.picture), width: 120, height: 90, step: 3 };
      return data.matrices.map((matrix) =>
        [...sample(image, matrix, [48, 40], data.border, new Uint8Array(48 * 40 * 3))]);"""
    data = {
        "picture": picture.ravel().tolist(),
        "matrices": crops.to_image.reshape(-1, 6).tolist(),
        "border": border,
    }
    got = np.array(evaluate("crop.js", "sample", body, data))
    apart = np.abs(got - crops.pixels.reshape(4, -1).astype(int))
    assert apart.max() <= 1
    assert np.mean(apart > 0) < 0.01


def test_web_circle_of_partly_known_people_is_that_of_python() -> None:
    rng, cases = np.random.default_rng(5), []
    for hidden in ([], range(11), range(23, 33), range(11, 25), range(25), [11, *range(23, 33)]):
        points = rng.normal(300, 60, (33, 2))
        points[list(hidden)] = np.nan
        cases.append(known_points(points.tolist()))
    data = [[None if at is None else [at.real, at.imag] for at in one] for one in cases]
    got = evaluate("circle.js", "circleOfPoints", "return data.map(circleOfPoints);", data)
    for points, circle in zip(cases, got, strict=True):
        want = circle_of_points(points, BLAZEPOSE33)
        assert want is not None
        values = [circle[name] for name in ("x", "y", "rimX", "rimY")]
        assert values == pytest.approx([*(a for at in want for a in (at.real, at.imag))], abs=1e-3)


def test_web_timeline_of_pictures_gives_thumbnails_and_differences_of_python() -> None:
    images = [frame.image for frame in vector_clip() if frame.index in (0, 46, 50)]
    images.append(np.roll(images[0], (20, 90), (0, 1)))  # a pan of the camera
    images.append(np.asarray(cv2.resize(images[1], (333, 207)), np.uint8))
    body = """
      const made = data.map(({ pixels, width, height }) =>
        thumbnailOf({ data: Uint8Array.from(pixels), width, height, step: 3 }));
      return [made.map((one) => [...one]), made.map((one) => difference(made[0], one))];"""
    data = [
        {"pixels": one.ravel().tolist(), "width": one.shape[1], "height": one.shape[0]}
        for one in images
    ]
    made, differences = evaluate("timeline.js", "thumbnailOf, difference", body, data)
    wanted = [thumbnail(image) for image in images]
    for got, want in zip(made, wanted, strict=True):
        assert np.abs(np.array(got) - want.ravel()).max() <= 1
    for got, want in zip(differences, wanted, strict=True):
        assert got == pytest.approx(difference(wanted[0], want), abs=0.01)


def test_web_recorder_gives_the_lines_of_the_sinks(vectors: VectorFile, tmp_path: Path) -> None:
    arrays = [vectors.frames[index] for index in (0, 5, 25)]  # the last one without a person
    for sink in (JsonlSink(tmp_path / "want.jsonl"), CsvSink(tmp_path / "want.csv")):
        with sink:
            for index, one in enumerate(arrays):
                sink.write(
                    Frame(np.zeros((360, 480, 3), np.uint8), index, index / 4), poses_of(one)
                )
    results = []
    for index, one in enumerate(arrays):
        poses = poses_of(one)
        people = [
            {
                "id": int(poses.ids[row]),
                "score": float(poses.scores[row]),
                "landmarks_px": poses.landmarks_px[row].tolist(),
                "visibility": poses.visibility[row].tolist(),
                "presence": poses.presence[row].tolist(),
                "world_landmarks_m": poses.world_landmarks_m[row].tolist(),
            }
            for row in range(len(poses))
        ]
        pose = people[0] if people else None
        results.append({"time": 7 + index / 4, "width": 480, "height": 360, "pose": pose})
    body = """
      const recorder = new Recorder();
      for (const result of data) recorder.add(result);
      return [recorder.jsonLines, recorder.csv];"""
    lines, table = evaluate("../recorder.js", "Recorder", body, results)
    got = [json.loads(line) for line in lines.splitlines()]
    want = [json.loads(line) for line in (tmp_path / "want.jsonl").read_text().splitlines()]
    assert [list(one) for one in got] == [list(one) for one in want]
    for one, other in zip(got, want, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=1.1e-3)
    rows = list(csv.reader(io.StringIO(table)))
    other_rows = list(csv.reader(io.StringIO((tmp_path / "want.csv").read_text())))
    assert rows[0] == other_rows[0]
    for row, other_row in zip(rows[1:], other_rows[1:], strict=True):
        assert [bool(cell) for cell in row] == [bool(cell) for cell in other_row]
        values, wanted = ([float(cell) for cell in cells if cell] for cells in (row, other_row))
        assert values == pytest.approx(wanted, abs=0.02)


def poses_of(arrays: dict[str, Any]) -> Poses:
    """The recorded poses of a frame."""
    if not len(arrays.get("poses.ids", ())):
        return Poses.empty()
    names = (
        "landmarks_px",
        "world_landmarks_m",
        "visibility",
        "presence",
        "scores",
        "alignment_px",
    )
    values = {name: arrays[f"poses.{name}"].astype(np.float64) for name in names}
    return Poses(**values, ids=arrays["poses.ids"].astype(np.int64))


def numbers(value: Any) -> list[float]:
    """All numbers of a record, in order."""
    if isinstance(value, dict | list):
        values = value.values() if isinstance(value, dict) else value
        return [number for one in values for number in numbers(one)]
    return [] if isinstance(value, str) else [value]
