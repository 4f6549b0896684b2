"""`benchmarks.coco_people`: OKS-AP and recall on made-up labels, table, variants."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

pytest.importorskip("pycocotools", reason='pip install "blazetrack[benchmark]"')

from benchmarks.coco_people import Variant, parse_variant, recall_ratio, report, table
from benchmarks.keypoint_ap import MAX_PEOPLE, PeopleScore, score_images
from benchmarks.reference.results import FrameResult
from blazetrack.errors import BlazetrackError
from blazetrack.skeleton import BLAZEPOSE33, COCO17

BODY = np.random.default_rng(2).uniform((0, 0), (80, 200), (33, 2))
TO_COCO = [ours for ours, _ in sorted(BLAZEPOSE33.map_to(COCO17), key=lambda pair: pair[1])]


def label(number: int, picture: int, x: float, scale: float = 1.0, **more: Any) -> dict[str, Any]:
    points = BODY[TO_COCO] * scale + (x, 10.0)
    keypoints = np.concatenate([points, np.full((17, 1), 2.0)], axis=1)
    box = [x, 10.0, 80.0 * scale, 200.0 * scale]
    return {
        "id": number, "image_id": picture, "category_id": 1, "bbox": box, "iscrowd": 0,
        "keypoints": keypoints.ravel().tolist(), "num_keypoints": 17, **more,
    }  # fmt: skip


def labels(*people: dict[str, Any]) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"}],
        "annotations": list(people),
        "categories": [{"id": 1, "name": "person"}],
    }


def found(*people: tuple[float, float], scale: float = 1.0) -> FrameResult:
    """People at x, with a score."""
    points = np.array([BODY * scale + (x, 10.0) for x, _ in people]).reshape(-1, 33, 2)
    return FrameResult(points, np.array([score for _, score in people]), np.arange(len(people)))


THREE = labels(label(1, 1, 0), label(2, 1, 300), label(3, 2, 0))


def test_score_images_labels_as_predictions_are_perfect() -> None:
    score = score_images(THREE, {1: found((0, 0.9), (300, 0.8)), 2: found((0, 0.7))})
    assert (score.ap, score.ap50) == (pytest.approx(1.0), pytest.approx(1.0))
    assert (score.recall, score.precision, score.people) == (1.0, 1.0, 3)


@pytest.mark.parametrize("predictions", [{}, {1: found(), 2: found()}])
def test_score_images_without_predictions_is_zero(predictions: dict[int, FrameResult]) -> None:
    score = score_images(THREE, predictions)
    assert (score.ap, score.recall, score.precision, score.people) == (0.0, 0.0, 0.0, 3)
    assert score.at_precision(0.5) is None


def test_score_images_counts_a_miss_and_a_false_alarm() -> None:
    score = score_images(THREE, {1: found((0, 0.9), (600, 0.8)), 2: found((0, 0.7))})
    assert (score.recall, score.precision) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert 0.5 < score.ap < 0.67


def test_score_images_ignores_people_below_the_height() -> None:
    small = labels(label(1, 1, 0), label(2, 1, 300, scale=0.4))
    both = score_images(small, {1: FrameResult(
        np.concatenate([found((0, 0)).landmarks_px, found((300, 0), scale=0.4).landmarks_px]),
        np.array([0.9, 0.8]), np.arange(2),
    )})  # fmt: skip
    alone = score_images(small, {1: found((0, 0.9))})
    for score in (both, alone):
        assert (score.people, score.recall, score.precision) == (1, 1.0, 1.0)


def test_score_images_ignores_small_unmatched_predictions() -> None:
    predictions = {1: found((0, 0.9), (300, 0.9)), 2: found((500, 0.9), scale=0.4)}
    assert score_images(THREE, predictions).precision == 1.0


def test_score_images_crowd_matches_any_number_of_predictions() -> None:
    crowd = labels(label(1, 1, 0), label(2, 1, 300, iscrowd=1))
    score = score_images(crowd, {1: found((0, 0.9), (300, 0.8), (301, 0.7))})
    assert (score.people, score.precision) == (1, 1.0)


def test_at_precision_higher_threshold_has_less_recall() -> None:
    score = curve([0.9, 0.8, 0.7, 0.6], [True, True, False, True])
    assert (score.recall, score.precision) == (0.75, 0.75)
    assert score.at_precision(0.9) == (0.5, 0.8)
    assert score.at_precision(0.7) == (0.75, 0.6)


def test_at_precision_keeps_equal_scores_together() -> None:
    score = curve([0.9, 0.9], [True, False])
    assert score.at_precision(0.9) is None
    assert score.at_precision(0.5) == (0.25, 0.9)


def curve(scores: list[float], correct: list[bool], people: int = 4) -> PeopleScore:
    return PeopleScore(0.5, 0.6, people, np.array(scores), np.array(correct))


def test_recall_ratio_is_at_the_precision_of_theirs() -> None:
    theirs = curve([0.9], [True])
    assert recall_ratio(curve([0.9, 0.8, 0.7], [True, True, False]), theirs) == pytest.approx(2.0)
    assert recall_ratio(curve([0.9, 0.8], [False, True]), theirs) is None


def test_table_and_report_name_every_configuration() -> None:
    scores = {"tasks 1": curve([0.9], [True]), "2 tiles, low scores": curve([0.9], [False])}
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table(scores, scores["tasks 1"], 2, 96.0))
    text = console.export_text()
    assert "…" not in text
    assert "2 pictures, 4 people of 96 px or more" in text
    written = report([Variant("2 tiles, low scores")], "g", scores, scores["tasks 1"])
    results = json.loads(json.dumps(written, allow_nan=False))["results"]
    assert results["2 tiles, low scores"]["at Tasks' precision"] is None
    assert results["2 tiles, low scores"]["people"] == MAX_PEOPLE


def test_parse_variant_name_and_options() -> None:
    assert parse_variant("plain") == Variant("plain")
    assert parse_variant("t: second_look.tiles=2, people=6, model=heavy") == Variant(
        "t", 6, "heavy", {"second_look.tiles": 2}
    )


@pytest.mark.parametrize("text", ["t: people=x", "t: search.tiles"])
def test_parse_variant_malformed_is_one_line(text: str) -> None:
    with pytest.raises(BlazetrackError, match="expected"):
        parse_variant(text)


def test_main_without_pictures_exits_with_2(tmp_path: Path) -> None:
    import typer

    from benchmarks.coco_people import main

    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["--data", str(tmp_path), "--skip-reference"])
    assert result.exit_code == 2
    assert "person_keypoints.json" in result.output
