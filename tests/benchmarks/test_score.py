"""`benchmarks.score` with toy networks: table, report, exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks import score
from benchmarks.calibration import Scored
from benchmarks.right_poses import empty_pictures
from benchmarks.scored_poses import orientation_share, score_poses
from blazetrack.skeleton import COCO17
from blazetrack.types import Frame, Poses, Rois
from models.data.annotated import AnnotatedImage
from tests.toy_models import ToyWorld

GOOD = Scored(np.array([0.02, 0.02, 0.98, 0.98]), np.array([False, False, True, True]))
BAD = Scored(np.array([0.9, 0.9]), np.array([True, False]))


def invoke(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(score.main)
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.mark.parametrize(("scored", "code"), [(GOOD, 0), (BAD, 1)])
def test_main_exit_code_follows_the_limits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scored: Scored, code: int
) -> None:
    monkeypatch.setattr(score, "scored_sets", lambda *_: {"coco_dev": scored, "crowds": scored})
    monkeypatch.setattr(score, "_orientations", lambda *_: 0.75)
    out = tmp_path / "out.json"
    result = invoke("--model", "full", "--markdown", "--json", str(out))
    assert result.exit_code == code
    rows = [line.split(" | ") for line in result.output.splitlines() if line.startswith("| full")]
    assert [row[1] for row in rows] == ["coco_dev", "crowds", "all"]
    found = json.loads(out.read_text())["results"]["full"]
    assert found["all"]["poses"] == 2 * len(scored)
    assert found["orientations"] == 0.75


def test_main_fit_prints_a_field_of_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "fit_model", lambda *_: {"intercept": 1.5})
    result = invoke("--fit", "--model", "full")
    assert result.output == "full: score_coefficients: {intercept: 1.5}\n"


def test_main_without_data_exits_with_2(tmp_path: Path) -> None:
    assert invoke("--data", str(tmp_path), "--model", "blaze_lite").exit_code == 2


def test_score_poses_in_pictures_without_people_are_wrong(toy: ToyWorld, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), toy.picture((160, 120)))
    cv2.imwrite(str(tmp_path / "2.png"), toy.picture())
    with toy.tracker(graph="pose_image") as tracker:
        found = score_poses(tracker, empty_pictures(tmp_path))
    assert found.right.tolist() == [False]
    assert found.scores[0] > 0.5


class Upright:
    """Scores a region by how upright it is."""

    def __init__(self) -> None:
        self.coefficients: dict[str, float] = {}

    def poses(self, frame: Frame, rois: Rois) -> tuple[Poses, np.ndarray]:
        one = np.zeros((1, 33))
        points = np.zeros((1, 33, 3))
        scores = (np.cos(rois.angle_rad) + 1) / 2
        alignment = np.zeros((1, 2, 2))
        return Poses(points, points, one, one, scores, np.zeros(1, np.int64), alignment), one


def test_orientation_share_counts_people_near_an_orientation() -> None:
    looker: Any = Upright()
    image = np.zeros((100, 100, 3), np.uint8)
    samples = []
    for degrees in (10, 80, 45):
        up = np.array([np.sin(np.deg2rad(degrees)), -np.cos(np.deg2rad(degrees))])
        circle = np.stack([np.full(2, 50.0), 50.0 + 30 * up])[None].astype(np.float32)
        points = np.full((1, 17, 2), 50.0, np.float32)
        samples.append(AnnotatedImage.of(image, COCO17, points, circle, ["a"]))
    assert orientation_share(looker, samples) == 0.5
