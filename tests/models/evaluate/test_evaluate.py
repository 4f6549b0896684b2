"""Measuring: figures of answers that are known to be right or wrong, and the table around them."""

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
from models.evaluate.datasets import PeopleSet, open_people_set
from models.evaluate.detectors import Scenes, find_people, open_scenes
from models.evaluate.landmarks import evaluate, print_rows
from models.evaluate.load_model import Subject, open_subject
from models.evaluate.scores import Answers, Truth, answer_crops, figures, truth_of
from models.evaluate.worst_cases import worst, write_sheet

ROOT = Path(__file__).parents[3]
SIDE = 64


def standing(people: int = 2) -> Truth:
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
    return Truth(LSP14, points, np.ones((people, 14), bool))


def answers_of(truth: Truth, scores: float = 0.9) -> Answers:
    """What a model of 33 points says that knows the truth."""
    points = np.zeros((len(truth.points_px), 33, 2))
    for here, there in truth.skeleton.map_to(BLAZEPOSE33):
        points[:, there] = truth.points_px[:, here]
    return Answers(BLAZEPOSE33, points, np.full(len(points), scores))


def test_a_model_that_knows_the_truth_is_right() -> None:
    truth = standing()
    it = figures(answers_of(truth), truth)
    assert (it.people, it.found, it.measured) == (2, 1.0, 2)
    assert (it.pck, it.pckh, it.pdj, it.pcp) == (1.0, 1.0, 1.0, 1.0)
    assert it.oks is None  # no COCO keypoints
    assert len(it.joints) == 12  # the model has no neck and no head top
    assert set(it.joints.values()) == {1.0}


def test_pck_is_measured_by_the_torso_and_pckh_by_the_head() -> None:
    truth = standing()
    answers = answers_of(truth)
    answers.points_px[0, BLAZEPOSE33.index("left_wrist"), 0] += 22  # torso 100: above 0.2
    answers.points_px[0, BLAZEPOSE33.index("left_knee"), 0] += 18  # head 50: below 0.5
    answers.points_px[1, BLAZEPOSE33.index("left_ankle"), 0] += 26
    it = figures(answers, truth)
    assert it.pck == pytest.approx(22 / 24)
    assert it.pckh == pytest.approx(23 / 24)
    assert it.joints["left_wrist"] == 0.5
    assert it.joints["left_knee"] == 1.0


def test_who_is_not_found_is_wrong() -> None:
    truth = standing()
    answers = answers_of(truth)
    answers.scores[1] = 0.5  # not above it
    it = figures(answers, truth, min_score=0.5)
    assert (it.found, it.pck, it.pcp) == (0.5, 0.5, 0.5)
    assert figures(answers, truth, min_score=0.4).pck == 1.0
    answers.points_px[1] = np.nan
    answers.scores[1] = np.nan
    assert figures(answers, truth, min_score=0.0).pck == 0.5


def test_people_without_a_whole_torso_are_left_out_of_pck_only() -> None:
    truth = standing()
    truth.labelled[1, LSP14.index("left_hip")] = False
    answers = answers_of(truth)
    answers.points_px[1] += 50
    it = figures(answers, truth)
    assert (it.measured, it.pck) == (1, 1.0)
    assert it.pckh == pytest.approx(12 / 23)
    nobody = Truth(LSP14, truth.points_px, np.zeros_like(truth.labelled))
    assert figures(answers, nobody).pck is None


def test_oks_is_that_of_coco() -> None:
    rng = np.random.default_rng(0)
    truth = Truth(COCO17, rng.uniform(0, 100, (3, 17, 2)), np.ones((3, 17), bool))
    answers = answers_of(truth)
    assert figures(answers, truth).oks == pytest.approx(1.0)
    answers.points_px[0] += 500
    assert figures(answers, truth).oks == pytest.approx(2 / 3)


def test_a_model_and_labels_must_share_a_keypoint() -> None:
    other = Skeleton("robot", ("base", "arm"))
    truth = Truth(other, np.zeros((1, 2, 2)), np.ones((1, 2), bool))
    with pytest.raises(InputError, match="blazepose33 and labels of robot have no keypoint"):
        figures(answers_of(standing(1)), truth)


def test_what_has_no_torso_is_measured_by_its_circle() -> None:
    robot = Skeleton("robot", ("base", "arm"))
    truth = Truth(robot, np.zeros((2, 2, 2)), np.ones((2, 2), bool), np.array([100.0, 50.0]))
    points = np.zeros((2, 2, 2))
    points[:, 1, 0] = 11  # 0.2 of 60 and of 30
    it = figures(Answers(robot, points, np.ones(2)), truth)
    assert (it.measured, it.pck) == (2, 0.75)


def test_labels_of_two_skeletons_are_not_mixed() -> None:
    people = list(synthetic(2, size=96))
    with pytest.raises(InputError, match="people of one skeleton"):
        truth_of([people[0], people[1].to_skeleton(COCO17)])


def landmark_model(answer: Any) -> FakeModel:
    names = {name: name for name in ("landmarks", "score", "world")}
    hw = (SIDE, SIDE)
    return FakeModel(
        ModelInfo("fake", "landmarks", hw, (0, 1), "replicate", names, BLAZEPOSE33), answer
    )


def centred(pixels: Any) -> dict[str, np.ndarray]:
    """All keypoints in the middle of the crop."""
    rows = np.zeros((35, 5), np.float32)
    rows[:, :2] = SIDE / 2
    world = np.zeros((1, 99), np.float32)
    return {"landmarks": rows.reshape(1, -1), "score": np.full((1, 1), 0.9), "world": world}


def test_answers_come_home_to_the_picture() -> None:
    people = list(synthetic(3, size=128))
    answers = answer_crops(landmark_model(centred), people)
    for row, person in enumerate(people):
        np.testing.assert_allclose(
            answers.points_px[row], np.tile(person.alignment_px[0, 0], (33, 1)), atol=1e-3
        )
    assert answers.scores == pytest.approx([0.9] * 3)


def test_a_score_of_nan_is_nobody() -> None:
    def unsure(pixels: Any) -> dict[str, np.ndarray]:
        return {**centred(pixels), "score": np.full((1, 1), np.nan)}

    people = list(synthetic(1, size=96))
    assert np.isnan(answer_crops(landmark_model(unsure), people).points_px).all()


def test_the_worst_come_first_on_the_sheet(tmp_path: Path) -> None:
    people = list(synthetic(3, size=96))
    truth = truth_of(people)
    answers = Answers(BLAZEPOSE33, truth.points_px.copy(), np.full(3, 0.9))
    answers.points_px[1] += 1000
    answers.points_px[2, :5] += 1000
    order = worst(answers, truth, 3)
    assert [row for row, _ in order] == [1, 2, 0]
    assert order[0][1] == 0.0
    assert order[2][1] == 1.0
    answers.points_px[1] = np.nan
    write_sheet(tmp_path / "sheet.png", people, answers, truth, 2)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape == (240, 6 * 240, 3)


def test_the_table_is_printed_in_each_style(capsys: pytest.CaptureFixture[str]) -> None:
    people = list(synthetic(2, size=96))
    testset = PeopleSet("drawn", "2 people", people)
    rows = evaluate(Subject("fake", landmark_model(centred), True, None), testset)
    print_rows(rows, "drawn", Style.json)
    said = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in said] == ["fake"]
    assert said[0]["people"] == 2
    print_rows(rows, "drawn", Style.markdown, joints=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| model | on | people | found | PCK@0.2 |")
    assert lines[2].startswith("| fake | drawn, crops | 2 | 1.000 |")
    assert any(line.startswith("| left_wrist |") for line in lines)
    print_rows(rows, "drawn", Style.rich)
    assert "PCK@0.2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"),
    [("lspet_def", "no data set 'lspet_def'; did you mean 'lspet_dev'?"), ("a.json", "a.json")],
)
def test_a_data_set_that_is_not_there_is_told(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        open_people_set(name, tmp_path)


def test_the_golden_clip_is_missing_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="squats: expected golden landmarks in"):
        open_people_set("squats", tmp_path)


def test_a_wrong_model_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    data = tmp_path / "coco.json"
    data.write_text("{}")
    words = [sys.executable, "-m", "models.evaluate", "full", "--on", str(data)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("models.evaluate: coco: ")


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="the workshop needs Keras")
    with pytest.raises(ModelError, match=r"expected a \.keras file or the folder of a training"):
        open_subject(str(tmp_path))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_trained_run_is_measured_and_refinement_is_told(tiny_run: Path, weights: Store) -> None:
    people = list(synthetic(2, size=96))
    testset = PeopleSet("drawn", "2 people", people)
    subject = open_subject(str(tiny_run))
    assert subject.label == "tiny"
    assert evaluate(subject, testset)[0].figures.people == 2
    assert open_subject("full", store=weights).label == "full (refined)"
    unrefined = open_subject("full:unrefined", store=weights)
    assert (unrefined.label, unrefined.refine) == ("full (unrefined)", False)


def test_the_published_network_knows_the_golden_clip(weights: Store, shared_data: Path) -> None:
    testset = open_people_set("squats", shared_data, 6)
    rows = evaluate(open_subject("full", store=weights), testset)
    assert [row.way for row in rows] == ["crops", "tracker"]
    assert all(row.figures.pck is not None and row.figures.pck > 0.95 for row in rows)


def test_data_sets_are_read_as_described(shared_data: Path) -> None:
    testset = open_people_set("coco_dev", shared_data, 5)
    assert (testset.name, len(testset.samples)) == ("coco_dev", 5)
    assert open_people_set("lspet_dev", shared_data, 3).note.startswith("lspet_dev: 500 people")


def detector_of(points_unit: np.ndarray, hw: tuple[int, int] = (SIDE, SIDE)) -> FakeModel:
    """A detector that sees one person in every picture, `(3, 2)` in parts of its input."""
    layout = Anchors((16,), 2)
    centers = anchor_centers(layout, hw)
    box = np.array([[0.4, 0.2, 0.6, 0.4]], np.float32)
    row = encode_boxes(box, points_unit[None].astype(np.float32), centers[:1], hw)
    boxes, scores = np.zeros((1, len(centers), 10), np.float32), np.full((1, len(centers), 1), -9.0)
    boxes[0, 0], scores[0, 0] = row[0], 9.0
    names = {"boxes": "boxes", "scores": "scores"}
    info = ModelInfo("fake", "detector", hw, (0, 1), "zero", names, None, layout)
    return FakeModel(info, lambda pixels: {"boxes": boxes, "scores": scores})


def test_a_detector_is_measured_by_who_it_finds(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path in paths:
        cv2.imwrite(str(path), np.zeros((100, 100, 3), np.uint8))
    unit = np.array([[0.5, 0.5], [0.5, 0.1], [0.5, 0.3]])
    there, away = 100 * unit[None, :2], 100 * unit[None, :2] + 40
    nobody = np.zeros((0, 2, 2))
    alignment = [there, np.concatenate([there, away]), nobody]
    torso = [np.full(len(one), 20.0) for one in alignment]
    it = find_people(
        Subject("fake", detector_of(unit), True, None), Scenes("", "", paths, alignment, torso)
    )
    assert (it.pictures, it.people, it.found, it.others, it.others_in) == (3, 3, 2, 1, 1)
    assert it.ms is None
    wrong = Subject("fake", landmark_model(centred), True, None)
    with pytest.raises(ModelError, match=r"expected a detector, got fake \(landmarks\)"):
        find_people(wrong, Scenes("", "", [], [], []))


def test_only_people_with_a_torso_are_asked_for(shared_data: Path) -> None:
    scenes = open_scenes("coco_dev", shared_data, 10)
    assert len(scenes.pictures) == len(scenes.torso_px) == 10
    assert all((torso > 0).all() for torso in scenes.torso_px)
    nobody = open_scenes("no_person", shared_data)
    assert len(nobody.pictures) == 68
    assert not any(len(torso) for torso in nobody.torso_px)
