"""Evaluation: scores of known predictions, and the tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.errors import InputError, ModelError
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.ssd import encode_boxes
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14, Skeleton
from blazetrack.store import Store
from models.common.tables import Style
from models.data.readers.synthetic import synthetic
from models.evaluate.datasets import EvaluationSet, open_evaluation_set
from models.evaluate.detectors import DetectionSet, open_detection_set, score_detector
from models.evaluate.landmarks import evaluate_landmarks, print_landmarks
from models.evaluate.load_model import EvaluatedModel, load_model
from models.evaluate.scores import (
    GroundTruth,
    Predictions,
    ground_truth,
    predict_crops,
    score_landmarks,
)
from models.evaluate.worst_cases import worst_people, write_contact_sheet

ROOT = Path(__file__).parents[3]
SIDE = 64


def standing(people: int = 2) -> GroundTruth:
    """People with a torso of 100 px and a head of 50 px, all 14 joints labelled."""
    points = np.zeros((people, 14, 2))
    for name, place in {
        "left_shoulder": (60, 100), "right_shoulder": (0, 100), "left_hip": (60, 180),
        "right_hip": (0, 180), "neck": (30, 100), "head_top": (30, 50), "left_elbow": (60, 140),
        "left_wrist": (60, 180), "right_elbow": (0, 140), "right_wrist": (0, 180),
        "left_knee": (60, 240), "left_ankle": (60, 300), "right_knee": (0, 240),
        "right_ankle": (0, 300),
    }.items():  # fmt: skip
        points[:, LSP14.index(name)] = place
    return GroundTruth(LSP14, points, np.ones((people, 14), bool))


def perfect_predictions(truth: GroundTruth, scores: float = 0.9) -> Predictions:
    """Predictions of a perfect model of 33 keypoints."""
    points = np.zeros((len(truth.points_px), 33, 2))
    for here, there in truth.skeleton.map_to(BLAZEPOSE33):
        points[:, there] = truth.points_px[:, here]
    return Predictions(BLAZEPOSE33, points, np.full(len(points), scores))


def test_score_landmarks_perfect_model() -> None:
    truth = standing()
    it = score_landmarks(perfect_predictions(truth), truth)
    assert (it.people, it.found, it.measured) == (2, 1.0, 2)
    assert (it.pck, it.pckh, it.pdj, it.pcp) == (1.0, 1.0, 1.0, 1.0)
    assert it.oks is None  # no COCO keypoints
    assert len(it.joints) == 12  # the model has no neck and no head top
    assert set(it.joints.values()) == {1.0}


def test_score_landmarks_pck_by_torso_and_pckh_by_head() -> None:
    truth = standing()
    answers = perfect_predictions(truth)
    answers.points_px[0, BLAZEPOSE33.index("left_wrist"), 0] += 22  # torso 100: above 0.2
    answers.points_px[0, BLAZEPOSE33.index("left_knee"), 0] += 18  # head 50: below 0.5
    answers.points_px[1, BLAZEPOSE33.index("left_ankle"), 0] += 26
    it = score_landmarks(answers, truth)
    assert it.pck == pytest.approx(22 / 24)
    assert it.pckh == pytest.approx(23 / 24)
    assert it.joints["left_wrist"] == 0.5
    assert it.joints["left_knee"] == 1.0


def test_score_landmarks_person_not_found_is_wrong() -> None:
    truth = standing()
    answers = perfect_predictions(truth)
    answers.scores[1] = 0.5  # not above it
    it = score_landmarks(answers, truth, min_score=0.5)
    assert (it.found, it.pck, it.pcp) == (0.5, 0.5, 0.5)
    assert score_landmarks(answers, truth, min_score=0.4).pck == 1.0
    answers.points_px[1] = np.nan
    answers.scores[1] = np.nan
    assert score_landmarks(answers, truth, min_score=0.0).pck == 0.5


def test_score_landmarks_without_torso_is_left_out_of_pck_only() -> None:
    truth = standing()
    truth.labelled[1, LSP14.index("left_hip")] = False
    answers = perfect_predictions(truth)
    answers.points_px[1] += 50
    it = score_landmarks(answers, truth)
    assert (it.measured, it.pck) == (1, 1.0)
    assert it.pckh == pytest.approx(12 / 23)
    unlabelled = GroundTruth(LSP14, truth.points_px, np.zeros_like(truth.labelled))
    assert score_landmarks(answers, unlabelled).pck is None


def test_score_landmarks_oks_of_coco() -> None:
    rng = np.random.default_rng(0)
    truth = GroundTruth(COCO17, rng.uniform(0, 100, (3, 17, 2)), np.ones((3, 17), bool))
    answers = perfect_predictions(truth)
    assert score_landmarks(answers, truth).oks == pytest.approx(1.0)
    answers.points_px[0] += 500
    assert score_landmarks(answers, truth).oks == pytest.approx(2 / 3)


def test_score_landmarks_without_common_keypoint_is_error() -> None:
    other = Skeleton("robot", ("base", "arm"))
    truth = GroundTruth(other, np.zeros((1, 2, 2)), np.ones((1, 2), bool))
    with pytest.raises(
        InputError, match="blazepose33 of the model and robot of the labels have no keypoint"
    ):
        score_landmarks(perfect_predictions(standing(1)), truth)


def test_score_landmarks_skeleton_without_torso_uses_circle() -> None:
    robot = Skeleton("robot", ("base", "arm"))
    truth = GroundTruth(robot, np.zeros((2, 2, 2)), np.ones((2, 2), bool), np.array([100.0, 50.0]))
    points = np.zeros((2, 2, 2))
    points[:, 1, 0] = 11  # 0.2 of 60 and of 30
    it = score_landmarks(Predictions(robot, points, np.ones(2)), truth)
    assert (it.measured, it.pck) == (2, 0.75)


def test_ground_truth_of_two_skeletons_is_error() -> None:
    people = list(synthetic(2, size=96))
    with pytest.raises(InputError, match="people of one skeleton"):
        ground_truth([people[0], people[1].to_skeleton(COCO17)])


def landmark_model(outputs: Any) -> FakeModel:
    names = {name: name for name in ("landmarks", "score", "world")}
    hw = (SIDE, SIDE)
    return FakeModel(
        ModelInfo("fake", "landmarks", hw, (0, 1), "replicate", names, BLAZEPOSE33), outputs
    )


def centred(pixels: Any) -> dict[str, np.ndarray]:
    """All keypoints in the middle of the crop."""
    rows = np.zeros((35, 5), np.float32)
    rows[:, :2] = SIDE / 2
    world = np.zeros((1, 99), np.float32)
    return {"landmarks": rows.reshape(1, -1), "score": np.full((1, 1), 0.9), "world": world}


def test_predict_crops_returns_image_pixels() -> None:
    people = list(synthetic(3, size=128))
    answers = predict_crops(landmark_model(centred), people)
    for row, person in enumerate(people):
        np.testing.assert_allclose(
            answers.points_px[row], np.tile(person.alignment_px[0, 0], (33, 1)), atol=1e-3
        )
    assert answers.scores == pytest.approx([0.9] * 3)


def test_predict_crops_score_of_nan_is_not_found() -> None:
    def unsure(pixels: Any) -> dict[str, np.ndarray]:
        return {**centred(pixels), "score": np.full((1, 1), np.nan)}

    people = list(synthetic(1, size=96))
    assert np.isnan(predict_crops(landmark_model(unsure), people).points_px).all()


def test_worst_people_are_first_on_the_sheet(tmp_path: Path) -> None:
    people = list(synthetic(3, size=96))
    truth = ground_truth(people)
    answers = Predictions(BLAZEPOSE33, truth.points_px.copy(), np.full(3, 0.9))
    answers.points_px[1] += 1000
    answers.points_px[2, :5] += 1000
    order = worst_people(answers, truth, 3)
    assert [row for row, _ in order] == [1, 2, 0]
    assert order[0][1] == 0.0
    assert order[2][1] == 1.0
    answers.points_px[1] = np.nan
    write_contact_sheet(tmp_path / "sheet.png", people, answers, truth, 2)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape == (240, 6 * 240, 3)


def test_print_landmarks_in_each_style(capsys: pytest.CaptureFixture[str]) -> None:
    people = list(synthetic(2, size=96))
    testset = EvaluationSet("2 people", people)
    rows = evaluate_landmarks(EvaluatedModel("fake", landmark_model(centred), True, None), testset)
    print_landmarks(rows, "drawn", Style.json)
    printed = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in printed] == ["fake"]
    assert printed[0]["people"] == 2
    print_landmarks(rows, "drawn", Style.markdown, joints=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| model | on | people | found | PCK@0.2 |")
    assert lines[2].startswith("| fake | drawn, crops | 2 | 1.000 |")
    assert any(line.startswith("| left_wrist |") for line in lines)
    print_landmarks(rows, "drawn", Style.rich)
    assert "PCK@0.2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"),
    [("lspet_def", "no data set 'lspet_def'; did you mean 'lspet_dev'?"), ("a.json", "a.json")],
)
def test_open_evaluation_set_unknown_name_is_error(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        open_evaluation_set(name, tmp_path)


def test_open_evaluation_set_missing_clip_is_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="squats: expected golden landmarks in"):
        open_evaluation_set("squats", tmp_path)


def test_command_wrong_data_set_is_one_line(tmp_path: Path) -> None:
    data = tmp_path / "coco.json"
    data.write_text("{}")
    words = [sys.executable, "-m", "models.evaluate", "blaze_lite", "--on", str(data)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("models.evaluate: coco: ")


def test_load_model_folder_without_run_is_error(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="models needs Keras")
    with pytest.raises(ModelError, match=r"expected a \.keras file or the folder of a training"):
        load_model(str(tmp_path))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_evaluate_landmarks_of_a_run(tiny_run: Path, weights: Store) -> None:
    people = list(synthetic(2, size=96))
    testset = EvaluationSet("2 people", people)
    run = load_model(str(tiny_run))
    assert run.label == "tiny"
    assert evaluate_landmarks(run, testset)[0].scores.people == 2
    assert load_model("full", store=weights).label == "full (refined)"
    unrefined = load_model("full:unrefined", store=weights)
    assert (unrefined.label, unrefined.refine) == ("full (unrefined)", False)


def test_evaluate_landmarks_full_on_golden_clip(weights: Store, shared_data: Path) -> None:
    testset = open_evaluation_set("squats", shared_data, 6)
    rows = evaluate_landmarks(load_model("full", store=weights), testset)
    assert [row.way for row in rows] == ["crops", "tracker"]
    assert all(row.scores.pck is not None and row.scores.pck > 0.95 for row in rows)


def test_open_evaluation_set_has_expected_people(shared_data: Path) -> None:
    testset = open_evaluation_set("coco_dev", shared_data, 5)
    assert len(testset.samples) == 5
    assert open_evaluation_set("lspet_dev", shared_data, 3).note.startswith("lspet_dev: 500 people")


def detector_of(points_unit: np.ndarray, hw: tuple[int, int] = (SIDE, SIDE)) -> FakeModel:
    """A detector with one person in every image, `(3, 2)` in parts of its input."""
    layout = Anchors((16,), 2)
    centers = anchor_centers(layout, hw)
    box = np.array([[0.4, 0.2, 0.6, 0.4]], np.float32)
    row = encode_boxes(box, points_unit[None].astype(np.float32), centers[:1], hw)
    boxes, scores = np.zeros((1, len(centers), 10), np.float32), np.full((1, len(centers), 1), -9.0)
    boxes[0, 0], scores[0, 0] = row[0], 9.0
    names = {"boxes": "boxes", "scores": "scores"}
    info = ModelInfo("fake", "detector", hw, (0, 1), "zero", names, None, layout)
    return FakeModel(info, lambda pixels: {"boxes": boxes, "scores": scores})


def test_score_detector_counts_found_and_others(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path in paths:
        cv2.imwrite(str(path), np.zeros((100, 100, 3), np.uint8))
    unit = np.array([[0.5, 0.5], [0.5, 0.1], [0.5, 0.3]])
    there, away = 100 * unit[None, :2], 100 * unit[None, :2] + 40
    none = np.zeros((0, 2, 2))
    alignment = [there, np.concatenate([there, away]), none]
    torso = [np.full(len(one), 20.0) for one in alignment]
    it = score_detector(
        EvaluatedModel("fake", detector_of(unit), True, None),
        DetectionSet("", paths, alignment, torso),
    )
    assert (it.pictures, it.people, it.found, it.others, it.others_in) == (3, 3, 2, 1, 1)
    assert it.ms is None
    wrong = EvaluatedModel("fake", landmark_model(centred), True, None)
    with pytest.raises(ModelError, match=r"expected a detector, got fake \(landmarks\)"):
        score_detector(wrong, DetectionSet("", [], [], []))


def test_open_detection_set_has_people_with_torso_only(shared_data: Path) -> None:
    images = open_detection_set("coco_dev", shared_data, 10)
    assert len(images.pictures) == len(images.torso_px) == 10
    assert all((torso > 0).all() for torso in images.torso_px)
    empty = open_detection_set("no_person", shared_data)
    assert len(empty.pictures) == 68
    assert not any(len(torso) for torso in empty.torso_px)


def test_command_evaluates_detectors_by_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from models.common import command
    from models.evaluate.__main__ import app

    (tmp_path / "no_person").mkdir()
    cv2.imwrite(str(tmp_path / "no_person" / "a.png"), np.zeros((64, 64, 3), np.uint8))
    words = ["blaze_detector_lite", "--on", "no_person", "--data", str(tmp_path), "--json"]
    printed = []
    for more in ([], ["detector"]):  # the old call, with a warning
        with pytest.raises(SystemExit) as end:
            command.run(app, "models.evaluate", [*more, *words])
        assert end.value.code == 0
        captured = capsys.readouterr()
        printed.append({**json.loads(captured.out)[0], "ms": 0})
        assert ("warning: evaluate: 'detector MODEL" in captured.err) == bool(more)
    assert printed[0] == printed[1]
    assert (printed[0]["model"], printed[0]["pictures"]) == ("blaze_detector_lite", 1)
    for wrong in (["--joints"], ["blaze_lite"]):
        with pytest.raises(SystemExit) as end:
            command.run(app, "models.evaluate", [*words, *wrong])
        assert end.value.code == 2
    err = capsys.readouterr().err.splitlines()
    assert err[0].endswith("--axis, --joints, --stages and --sheet are for landmark models only")
    assert err[1].endswith("expected models of one kind, got landmark models and detectors")
