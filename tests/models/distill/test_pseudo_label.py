"""The teacher, with a network that reads its own place from the picture's colours.

Red grows by 1 per pixel to the right and green downwards, so the network knows which affine its
crop was cut with, and answers with the true points of a person in it. In a mirrored picture it
sees the person's mirror image, as a network would.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.errors import InputError, ModelError
from blazetrack.geometry import apply, invert
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14, Skeleton
from models.common.command import run
from models.data.readers.dataset import Person, collect
from models.data.sample import PoseSample
from models.data.shards import open_pack
from models.distill.pseudo_label import TeacherSettings, app, label, label_all, teach
from models.distill.test_time_augmentation import AROUND, FIRST, MORE, Teacher, stack

SIDE = 64
WIDTH, HEIGHT = 120, 160
PARTNERS = list(BLAZEPOSE33.partners)
Y, X = np.mgrid[:HEIGHT, :WIDTH]
CODED = np.stack([X, Y, np.zeros_like(X)], axis=2).astype(np.uint8)
WORLD = np.arange(99, dtype=np.float64).reshape(33, 3) / 100


def everything(make_person: Any) -> np.ndarray:
    """`(33, 3)` where the standing person's points are."""
    points = make_person(BLAZEPOSE33).points_px.astype(np.float64)
    unknown = np.isnan(points[:, 0])
    points[unknown, :2] = np.multiply((0.5, 0.147), (WIDTH, HEIGHT))
    points[:, 2] = np.arange(33)
    return points


def affine_of(pixels: np.ndarray) -> np.ndarray:
    """The affine from crop to picture, read where neither border nor corner disturbs."""
    y, x = np.mgrid[:SIDE, :SIDE]
    red, green = pixels[..., 0].astype(float), pixels[..., 1].astype(float)
    inner = (red > 0) & (red < WIDTH - 1) & (green > 0) & (green < HEIGHT - 1)
    places = np.stack([x[inner], y[inner], np.ones(inner.sum())], axis=1)
    values = np.stack([red[inner], green[inner]], axis=1)
    return np.linalg.lstsq(places, values, rcond=None)[0].T


def make_teacher(points: np.ndarray, score: float = 1.0, **settings: Any) -> Teacher:
    center = points[[23, 24], :2].mean(axis=0)
    alignment = np.stack([center, center - (0, 70)])

    def answer(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
        to_image = affine_of(pixels)
        mirrored = np.linalg.det(to_image[:, :2]) < 0
        order = PARTNERS if mirrored else list(range(33))
        scale = np.sqrt(abs(np.linalg.det(to_image[:, :2])))
        rows = np.zeros((35, 5))
        rows[:33, :2] = apply(invert(to_image), points[order, :2])
        rows[33:, :2] = apply(invert(to_image), alignment)
        rows[:33, 2] = points[order, 2] / scale
        rows[:, 3:] = 10.0
        rows[:33, 3] = np.where(np.array(order) == 19, -10.0, 10.0)  # one finger is hidden
        world = WORLD[order] * (-1 if mirrored else 1, 1, 1)
        first = to_image[0] * (-1 if mirrored else 1)
        angle = np.arctan2(to_image[1, 0], first[0])
        cos, sin = np.cos(angle), np.sin(angle)
        upright = world @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]).T
        return {"landmarks": rows.reshape(1, -1), "score": np.array([[score]]),
                "world": upright.reshape(1, -1)}  # fmt: skip

    names = dict.fromkeys(("landmarks", "score", "world"), "")
    info = ModelInfo(
        "coded", "landmarks", (SIDE, SIDE), (0, 1), "replicate", names, skeleton=BLAZEPOSE33
    )
    return Teacher(FakeModel(info, answer), TeacherSettings(**settings))


@pytest.fixture
def sample(make_person: Any) -> PoseSample:
    return make_person(LSP14, image=CODED)


@pytest.fixture
def teacher(make_person: Any) -> Teacher:
    return make_teacher(everything(make_person))


def test_every_guess_reads_the_same_person(
    sample: PoseSample, teacher: Teacher, make_person: Any
) -> None:
    guesses = [*FIRST, *MORE, *AROUND]
    poses = teacher.read(sample.image, sample.alignment_px.astype(float), guesses)
    truth = everything(make_person)
    assert len(poses) == len(guesses)
    assert np.abs(poses.landmarks_px[..., :2] - truth[:, :2]).max() < 0.3
    assert np.abs(poses.landmarks_px[..., 2] - truth[:, 2]).max() < 0.3
    assert np.abs(poses.world_landmarks_m - WORLD).max() < 0.02
    assert np.all((poses.visibility < 0.5) == (np.arange(33) == 19))
    assert np.abs(poses.alignment_px[:, 0] - truth[[23, 24], :2].mean(axis=0)).max() < 0.3


def test_rows_come_in_the_order_of_the_guesses(sample: PoseSample, make_person: Any) -> None:
    points = everything(make_person)
    seen: list[float] = []
    teacher = make_teacher(points)
    look = teacher._look

    def spy(image: np.ndarray, alignment: np.ndarray) -> Any:
        seen.append(float(image[0, 0, 0]))
        poses = look(image, alignment)
        poses.scores[:] = np.hypot(*(alignment[:, 1] - alignment[:, 0]).T)
        return poses

    teacher._look = spy  # type: ignore[method-assign]
    guesses = [(0.0, 1.0, True), (0.0, 0.5, False), (0.0, 2.0, True), (0.0, 1.5, False)]
    radius = np.hypot(*(sample.alignment_px[1] - sample.alignment_px[0]))
    poses = teacher.read(sample.image, sample.alignment_px.astype(float), guesses)
    assert np.allclose(poses.scores / radius, [1.0, 0.5, 2.0, 1.5], atol=1e-6)
    assert seen == [0, WIDTH - 1]


def test_a_well_read_person_takes_five_runs(sample: PoseSample, teacher: Teacher) -> None:
    person, verdict = teach(sample, teacher)
    assert verdict.kept
    assert verdict.runs == 5
    assert person.skeleton == BLAZEPOSE33
    assert person.labelled.all()
    assert np.array_equal(label(sample, teacher).points_px, person.points_px, equal_nan=True)


def test_a_badly_read_person_takes_more(sample: PoseSample, make_person: Any) -> None:
    points = everything(make_person)
    points[:, 0] += 25
    person, verdict = teach(sample, make_teacher(points))
    assert verdict.runs == len(FIRST) + len(MORE)
    assert not verdict.kept
    assert person.labelled.sum() == 12


def test_without_a_torso_all_rotations_are_tried(sample: PoseSample, teacher: Teacher) -> None:
    weights = sample.weights.copy()
    weights[[LSP14.index("left_hip"), LSP14.index("right_hip")]] = 0
    lacking = PoseSample(
        sample.image, sample.skeleton, sample.points_px, sample.visibility, weights,
        sample.world_m, sample.alignment_px, sample.source,
    )  # fmt: skip
    person, verdict = teach(lacking, teacher)
    assert verdict.runs == len(AROUND) + len(FIRST)
    assert verdict.kept
    assert np.abs(person.points_px[23, :2] - sample.points_px[3, :2]).max() < 0.5


def test_too_few_labels_are_left_alone(make_person: Any, teacher: Teacher) -> None:
    few = make_person(
        COCO17, weights=np.eye(17, dtype=np.float32)[5] + np.eye(17, dtype=np.float32)[6]
    )
    person, verdict = teach(few, teacher)
    assert verdict.runs == 0
    assert not verdict.kept
    assert person.labelled.sum() == 2


def test_things_are_not_taught(make_person: Any, teacher: Teacher) -> None:
    kite = Skeleton("kite", ("tip", "tail"))
    with pytest.raises(InputError, match="test/00000: it knows people; the keypoints kite"):
        teach(make_person(kite), teacher)


def test_a_model_of_other_points_is_no_teacher() -> None:
    info = ModelInfo("lsp", "landmarks", (8, 8), (0, 1), "zero", {}, skeleton=LSP14)
    with pytest.raises(ModelError, match="expected a model of blazepose33, got lsp"):
        Teacher(FakeModel(info, lambda pixels: {}))


def test_stack_keeps_rows(teacher: Teacher, sample: PoseSample) -> None:
    poses = teacher.read(sample.image, sample.alignment_px.astype(float), FIRST)
    both = stack([poses, poses])
    assert len(both) == 10
    assert np.array_equal(both.landmarks_px[5:], poses.landmarks_px)


@pytest.fixture
def data_set(tmp_path: Path, make_person: Any) -> Any:
    """Three people in lossless coded pictures; the reader labels the second one far off."""
    import cv2

    points = make_person(LSP14).points_px[:, :2]
    people = []
    for number, shift in enumerate((0, 40, 0)):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), CODED[..., ::-1])
        moved = points + np.array([shift, 0], np.float32)
        moved = np.clip(moved, 0, (WIDTH - 1, HEIGHT - 1)).astype(np.float32)
        people.append(Person(path, moved, np.full(14, np.nan, np.float32), f"test/{number}"))
    return collect("test", LSP14, people)


def test_a_data_set_becomes_a_pack_and_a_report(
    data_set: Any, teacher: Teacher, tmp_path: Path
) -> None:
    shards, report = label_all(data_set, teacher, tmp_path / "packs", progress=False)
    assert [verdict.kept for verdict in report.verdicts] == [True, False, True]
    assert report.kept == pytest.approx(2 / 3)
    assert len(shards) == 3
    assert shards[0].labelled.all()
    assert not shards[1].labelled.all()
    assert report.lines[0].startswith("3 people, taught 2 (66.7%)")
    runs = teacher._landmarker._model.runs  # type: ignore[attr-defined]
    again, same = label_all(data_set, teacher, tmp_path / "packs", progress=False)
    assert teacher._landmarker._model.runs == runs  # type: ignore[attr-defined]
    assert again.place == shards.place
    assert same == report


def test_other_settings_make_another_pack(data_set: Any, make_person: Any, tmp_path: Path) -> None:
    points = everything(make_person)
    one, _ = label_all(data_set, make_teacher(points), tmp_path, progress=False)
    other, _ = label_all(data_set, make_teacher(points, keep=0.1), tmp_path, progress=False)
    assert one.place != other.place


def test_an_interrupted_run_goes_on(
    data_set: Any, teacher: Teacher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.data.shards.PART", 1)
    whole, report = label_all(data_set, teacher, tmp_path / "whole", progress=False)
    decode, stopped = type(data_set).__getitem__, []

    def failing(self: Any, index: int) -> Any:
        if index == 2 and not stopped:
            stopped.append(index)
            raise KeyboardInterrupt
        return decode(self, index)

    monkeypatch.setattr(type(data_set), "__getitem__", failing)
    with pytest.raises(KeyboardInterrupt):
        label_all(data_set, teacher, tmp_path / "cut", progress=False)
    runs = teacher._landmarker._model.runs  # type: ignore[attr-defined]
    resumed, same = label_all(data_set, teacher, tmp_path / "cut", progress=False)
    assert teacher._landmarker._model.runs == runs + 5  # type: ignore[attr-defined]
    assert same == report
    assert np.array_equal(resumed[2].points_px, whole[2].points_px)


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(app, "models.distill.pseudo_label", [str(tmp_path / "none"), "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert "no such file or folder" in capsys.readouterr().err


def test_the_command_needs_pictures(tmp_path: Path, weights: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit) as stop:
        run(app, "models.distill.pseudo_label", [str(tmp_path), "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    assert "pictures" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_published_weights_teach_real_people(shared_data: Path, weights: Any) -> None:
    from models.data.readers.lsp import lsp

    teacher = Teacher.published(store=weights)
    people = lsp(shared_data / "lspet", "train")
    taught = [teach(people[row], teacher) for row in range(8)]
    assert sum(verdict.kept for _, verdict in taught) >= 6
    for row, (person, verdict) in enumerate(taught):
        truth = people[row].to_skeleton(BLAZEPOSE33)
        known = truth.labelled
        if not verdict.swapped:
            assert np.array_equal(person.points_px[known, :2], truth.points_px[known, :2])
        assert person.labelled.sum() == known.sum() + verdict.taught
        assert np.isfinite(person.points_px[~known & person.labelled]).all()


def test_unlabelled_pictures_are_taught(
    shared_data: Path, weights: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    (tmp_path / "in").mkdir()
    shutil.copy(shared_data / "golden" / "pose.jpg", tmp_path / "in")
    with pytest.raises(SystemExit) as stop:
        run(
            app,
            "models.distill.pseudo_label",
            [str(tmp_path / "in"), "--out", str(tmp_path / "out")],
        )
    said = capsys.readouterr().out
    assert stop.value.code == 0
    assert "1 people" in said
    (place,) = (tmp_path / "out").iterdir()
    person = open_pack(place)[0]
    assert person.source == "in/pose/1"
    assert person.labelled.sum() > 25
    with pytest.raises(InputError, match="no finished pack"):
        open_pack(tmp_path)
