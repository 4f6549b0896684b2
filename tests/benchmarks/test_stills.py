"""`benchmarks.stills` on discs with a toy tracker: columns, table, report, options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks import stills_runs
from benchmarks.labelled_frames import FrameScores
from benchmarks.reference.results import SequenceResult
from benchmarks.stills import main, table
from benchmarks.stills_runs import options_of
from blazetrack.errors import GraphError
from blazetrack.skeleton import COCO17, LSP14
from models.data.readers.lsp import dev_numbers
from tests.toy_models import ToyWorld

DISC = (160.0, 120.0)


def invoke(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.fixture
def data(tmp_path: Path, toy: ToyWorld, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four data sets of one disc each, its keypoints all near the centre; `no_person` is empty."""

    def tracker(model: str, detector: str | None, **options: Any) -> Any:
        return toy.tracker(model, detector=detector, **options)

    monkeypatch.setattr(stills_runs, "PoseTracker", tracker)
    around = np.random.default_rng(1).uniform(-4, 4, (17, 2))
    around[[5, 6, 11, 12]] = [(9, -9), (-9, -9), (9, 9), (-9, 9)]  # torso: 25 px
    points = (around + DISC).astype(np.float32)
    number = min(dev_numbers())
    write(tmp_path / "lspet_whole" / "images" / f"{number:05d}.jpg", toy.picture(DISC))
    write(tmp_path / "coco_dev" / "images" / "1.jpg", toy.picture(DISC))
    write(tmp_path / "no_person" / "1.jpg", toy.picture())
    lsp = [points[COCO17.names.index(n)] if n in COCO17.names else DISC for n in LSP14.names]
    rows = np.concatenate([np.array(lsp), np.ones((14, 1))], axis=1)[None]
    np.savez(
        tmp_path / "lspet_whole" / "joints.npz",
        joints_px=rows.astype(np.float32),
        names=LSP14.names,
        size_wh=[(320, 240)],
        number=[number],
    )
    labels = np.concatenate([points, np.full((17, 1), 2)], axis=1)
    person = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [60, 20, 200, 200]}
    coco = {
        "images": [{"id": 1, "file_name": "1.jpg"}],
        "annotations": [{**person, "keypoints": labels.ravel().tolist()}],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.names)}],
    }
    (tmp_path / "coco_dev" / "person_keypoints.json").write_text(json.dumps(coco))
    write_clip(tmp_path / "clips_dev", toy, labels)
    return tmp_path


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True)
    cv2.imwrite(str(path), image)


def write_clip(folder: Path, toy: ToyWorld, labels: np.ndarray) -> None:
    folder.mkdir()
    code = cv2.VideoWriter.fourcc(*"MJPG")
    video = cv2.VideoWriter(str(folder / "00_wave.avi"), code, 30, (toy.width, toy.height))
    for _ in range(5):
        video.write(toy.picture(DISC))
    video.release()
    np.savez(folder / "truth.npz", **{"00_wave": np.repeat(labels[None], 5, axis=0)})


def test_main_pictures_one_row_per_model(data: Path) -> None:
    out = data / "out.json"
    given = ["--data", str(data), "--skip-reference", "--markdown", "--json", str(out)]
    result = invoke(*given, "--model", "full", "--model", "blaze_lite+pose_detector")
    assert result.exit_code == 0
    head, _, *rows = [line for line in result.output.splitlines() if line.startswith("|")]
    assert head == (
        "|  | lspet_whole: found | PCK@0.2 | short | coco_dev: found | PCK@0.2 | short "
        "| no_person: found |"
    )
    assert [row.split(" | ")[0] for row in rows] == ["| full", "| blaze_lite+pose_detector"]
    scores = json.loads(out.read_text())["results"]["full"]
    assert (scores["no_person"]["frames"], scores["no_person"]["found"]) == (1, 0)
    for name, near, count in (("lspet_whole", 8, 12), ("coco_dev", 13, 17)):
        assert scores[name]["found"] == 1
        assert scores[name]["pck"] == pytest.approx(near / count)  # all but the torso's corners


def test_main_clips_are_tracked_and_run_frame_by_frame(data: Path) -> None:
    out = data / "out.json"
    result = invoke(
        "--data", str(data), "--clips", "--skip-reference", "--model", "full", "--json", str(out)
    )
    assert result.exit_code == 0
    written = json.loads(out.read_text())
    assert list(written["graphs"]) == ["pose_image", "pose"]
    scores = written["results"]["full"]
    assert list(scores) == ["tracked", "frame by frame"]
    for one in scores.values():
        assert (one["frames"], one["found"]) == (5, 5)
        assert one["unsteadiness"] == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("npm", [True, False])
def test_main_reference_without_npm_is_full_only(
    data: Path, monkeypatch: pytest.MonkeyPatch, npm: bool
) -> None:
    def available(python: Path) -> tuple[list[str], str | None]:
        if not npm:
            return ["full"], "MediaPipe lite, heavy: no npm here"
        return ["lite", "full", "heavy"], None

    def track(frames: Path, *, static: bool, complexity: int) -> SequenceResult:
        count = len(list(frames.glob("*/*.npy")))
        points = np.full((count, 33, 3), np.nan)
        points[: complexity - 1] = 0.0
        return SequenceResult(np.isfinite(points[:, 0, 0]), points, points, points[..., 0])

    monkeypatch.setattr(stills_runs, "reference_python", Path)
    monkeypatch.setattr(stills_runs, "available_models", available)
    monkeypatch.setattr(stills_runs, "track_with_solutions", track)
    result = invoke("--data", str(data), "--markdown", "--model", "full")
    assert result.exit_code == 0
    assert ("| MediaPipe heavy | 1 of 1" in result.output) == npm
    assert ("| MediaPipe lite | 0 of 1" in result.output) == npm
    assert "| MediaPipe full | 0 of 1" in result.output
    assert ("skipped: MediaPipe lite, heavy: no npm here" in result.output) != npm


def test_main_without_data_exits_with_2(tmp_path: Path) -> None:
    result = invoke("--data", str(tmp_path), "--skip-reference")
    assert result.exit_code == 2
    assert "lspet_whole" in result.output


def test_table_columns_without_value_are_left_out() -> None:
    clip = FrameScores(4, 3, 0.5, 0.4, 0.01, 0.02)
    results = {"a": {"x": clip, "y": FrameScores(2, 1)}, "b": {"x": clip, "y": FrameScores(2, 0)}}
    heads, rows = table(results)
    assert heads == [
        "",
        "x: found",
        "PCK@0.2",
        "short",
        "unsteadiness: median",
        "mean",
        "y: found",
    ]
    assert rows[1] == ["b", "3 of 4", "0.500", "0.400", "0.010", "0.020", "0 of 2"]


def test_options_of_gives_each_graph_its_own() -> None:
    given = {"detect.min_score": 0.4, "second_look.tiles": 2}
    assert options_of(["pose_image", "pose"], given) == {
        "pose_image": given,
        "pose": {"detect.min_score": 0.4},
    }


def test_options_of_unknown_node_is_refused() -> None:
    with pytest.raises(GraphError, match="no node 'detct'"):
        options_of(["pose_image", "pose"], {"detct.min_score": 0.4})
