"""Pseudo-labels of a network that reads its crop's affine from the picture's colours.

Red grows by 1 per pixel to the right and green downwards, so the affine of a crop follows from its
pixels, and the network outputs the true points of a person in it; in a mirrored picture those of
the mirrored person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from models.data.annotated import AnnotatedImage
from models.data.pack import open_pack, pack_key
from models.data.readers.dataset import PersonLabels, collect
from models.distill.label_fusion import FusionSettings
from models.distill.pseudo_label import PseudoLabeler, app, label_dataset
from models.distill.test_time_augmentation import AROUND, FIRST, MORE, AugmentedLandmarker

SIDE = 64
WIDTH, HEIGHT = 120, 160
PARTNERS = list(BLAZEPOSE33.partners)
Y, X = np.mgrid[:HEIGHT, :WIDTH]
CODED = np.stack([X, Y, np.zeros_like(X)], axis=2).astype(np.uint8)
WORLD = np.arange(99, dtype=np.float64).reshape(33, 3) / 100


def everything(make_person: Any) -> np.ndarray:
    """`(33, 3)` where the standing person's points are."""
    points = make_person(BLAZEPOSE33).points_px[0].astype(np.float64)
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


def make_labeler(points: np.ndarray, score: float = 1.0, **settings: Any) -> PseudoLabeler:
    center = points[[23, 24], :2].mean(axis=0)
    alignment = np.stack([center, center - (0, 70)])

    def predict(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
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
    network = AugmentedLandmarker(FakeModel(info, predict))
    return PseudoLabeler(network, FusionSettings(**settings))


@pytest.fixture
def sample(make_person: Any) -> AnnotatedImage:
    return make_person(LSP14, image=CODED)


@pytest.fixture
def labeler(make_person: Any) -> PseudoLabeler:
    return make_labeler(everything(make_person))


def test_every_view_predicts_the_same_person(
    sample: AnnotatedImage, labeler: PseudoLabeler, make_person: Any
) -> None:
    views = [*FIRST, *MORE, *AROUND]
    poses = labeler.network.predict(sample.image, sample.alignment_px[0], views)
    truth = everything(make_person)
    assert len(poses) == len(views)
    assert np.abs(poses.landmarks_px[..., :2] - truth[:, :2]).max() < 0.3
    assert np.abs(poses.landmarks_px[..., 2] - truth[:, 2]).max() < 0.3
    assert np.abs(poses.world_landmarks_m - WORLD).max() < 0.02
    assert np.all((poses.visibility < 0.5) == (np.arange(33) == 19))
    assert np.abs(poses.alignment_px[:, 0] - truth[[23, 24], :2].mean(axis=0)).max() < 0.3


def test_rows_come_in_the_order_of_the_views(sample: AnnotatedImage, make_person: Any) -> None:
    points = everything(make_person)
    seen: list[float] = []
    network = make_labeler(points).network
    run_views = network._run

    def spy(image: np.ndarray, alignment: np.ndarray) -> Any:
        seen.append(float(image[0, 0, 0]))
        poses = run_views(image, alignment)
        poses.scores[:] = np.hypot(*(alignment[:, 1] - alignment[:, 0]).T)
        return poses

    network._run = spy  # type: ignore[method-assign]
    views = [(0.0, 1.0, True), (0.0, 0.5, False), (0.0, 2.0, True), (0.0, 1.5, False)]
    radius = sample.diameters_px[0] / 2
    poses = network.predict(sample.image, sample.alignment_px[0], views)
    assert np.allclose(poses.scores / radius, [1.0, 0.5, 2.0, 1.5], atol=1e-6)
    assert seen == [0, WIDTH - 1]


def test_good_agreement_takes_five_runs(sample: AnnotatedImage, labeler: PseudoLabeler) -> None:
    person, result = labeler.label(sample)
    assert result.kept
    assert result.runs == 5
    assert person.skeleton == BLAZEPOSE33
    assert person.labelled.all()


def test_bad_agreement_takes_all_runs(sample: AnnotatedImage, make_person: Any) -> None:
    points = everything(make_person)
    points[:, 0] += 25
    person, result = make_labeler(points).label(sample)
    assert result.runs == len(FIRST) + len(MORE)
    assert not result.kept
    assert person.labelled.sum() == 12


def test_without_a_torso_all_rotations_are_tried(
    sample: AnnotatedImage, labeler: PseudoLabeler
) -> None:
    weights = sample.weights.copy()
    weights[:, [LSP14.index("left_hip"), LSP14.index("right_hip")]] = 0
    person, result = labeler.label(replace(sample, weights=weights))
    assert result.runs == len(AROUND) + len(FIRST)
    assert result.kept
    assert np.abs(person.points_px[0, 23, :2] - sample.points_px[0, 3, :2]).max() < 0.5


def test_too_few_labels_get_no_pseudo_labels(make_person: Any, labeler: PseudoLabeler) -> None:
    few = make_person(
        COCO17, weights=np.eye(17, dtype=np.float32)[5] + np.eye(17, dtype=np.float32)[6]
    )
    person, result = labeler.label(few)
    assert result.runs == 0
    assert not result.kept
    assert person.labelled.sum() == 2


def test_skeleton_without_body_points_is_refused(make_person: Any, labeler: PseudoLabeler) -> None:
    kite = Skeleton("kite", ("tip", "tail"))
    with pytest.raises(InputError, match="test/00000: expected a person; the keypoints kite"):
        labeler.label(make_person(kite))


def test_model_of_other_points_is_refused() -> None:
    info = ModelInfo("lsp", "landmarks", (8, 8), (0, 1), "zero", {}, skeleton=LSP14)
    with pytest.raises(ModelError, match="expected a model of blazepose33, got lsp"):
        AugmentedLandmarker(FakeModel(info, lambda pixels: {}))


@pytest.fixture
def data_set(tmp_path: Path, make_person: Any) -> Any:
    """Three people in lossless coded pictures; the reader labels the second one far off."""
    import cv2

    points = make_person(LSP14).points_px[0, :, :2]
    people = []
    for number, shift in enumerate((0, 40, 0)):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), CODED[..., ::-1])
        moved = points + np.array([shift, 0], np.float32)
        moved = np.clip(moved, 0, (WIDTH - 1, HEIGHT - 1)).astype(np.float32)
        people.append(PersonLabels(path, moved, np.full(14, np.nan, np.float32), f"test/{number}"))
    return collect("test", LSP14, people)


def test_a_data_set_becomes_a_pack_and_a_report(
    data_set: Any, labeler: PseudoLabeler, tmp_path: Path
) -> None:
    packed, report = label_dataset(data_set, labeler, tmp_path / "packs")
    assert [result.kept for result in report.results] == [True, False, True]
    assert report.kept == pytest.approx(2 / 3)
    assert len(packed) == 3
    assert packed[0].labelled.all()
    assert not packed[1].labelled.all()
    assert report.lines[0].startswith("3 people, 2 with pseudo-labels (66.7%)")
    runs = labeler.network._landmarker._model.runs  # type: ignore[attr-defined]
    again, same = label_dataset(data_set, labeler, tmp_path / "packs")
    assert labeler.network._landmarker._model.runs == runs  # type: ignore[attr-defined]
    assert again.place == packed.place
    assert same == report


def test_other_settings_make_another_pack(data_set: Any, make_person: Any, tmp_path: Path) -> None:
    points = everything(make_person)
    one, _ = label_dataset(data_set, make_labeler(points), tmp_path)
    other, _ = label_dataset(data_set, make_labeler(points, keep=0.1), tmp_path)
    assert one.place != other.place


def test_results_of_a_pack_of_before_are_read(
    data_set: Any, labeler: PseudoLabeler, tmp_path: Path
) -> None:
    packed, report = label_dataset(data_set, labeler, tmp_path)
    path = packed.place / "verdicts.jsonl"
    text = path.read_text().replace('"error"', '"far"').replace('"single_error"', '"far_once"')
    path.write_text(text.replace('"added"', '"taught"'))
    assert label_dataset(data_set, labeler, tmp_path)[1] == report


def test_key_of_the_published_labels_is_that_of_before(labeler: PseudoLabeler) -> None:
    """Renamed settings find the packs of commit b5766c1."""
    assert pack_key(labeler.recipe("0" * 64)) == "9e6cedbbb9cd7ec3"


def test_an_interrupted_run_goes_on(
    data_set: Any, labeler: PseudoLabeler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.data.pack.PART", 1)
    whole, report = label_dataset(data_set, labeler, tmp_path / "whole")
    decode, stopped = type(data_set).__getitem__, []

    def failing(self: Any, index: int) -> Any:
        if index == 2 and not stopped:
            stopped.append(index)
            raise KeyboardInterrupt
        return decode(self, index)

    monkeypatch.setattr(type(data_set), "__getitem__", failing)
    with pytest.raises(KeyboardInterrupt):
        label_dataset(data_set, labeler, tmp_path / "cut")
    runs = labeler.network._landmarker._model.runs  # type: ignore[attr-defined]
    resumed, same = label_dataset(data_set, labeler, tmp_path / "cut")
    assert labeler.network._landmarker._model.runs == runs + 5  # type: ignore[attr-defined]
    assert same == report
    assert np.array_equal(resumed[2].points_px, whole[2].points_px)


def test_command_missing_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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


def test_published_weights_label_real_people(shared_data: Path, weights: Any) -> None:
    from models.data.readers.lsp import lsp

    labeler = PseudoLabeler.published(store=weights)
    people = lsp(shared_data / "lspet", "train")
    labelled = [labeler.label(people[row]) for row in range(8)]
    assert sum(result.kept for _, result in labelled) >= 6
    for row, (person, result) in enumerate(labelled):
        truth = people[row].to_skeleton(BLAZEPOSE33)
        known = truth.labelled
        if not result.swapped:
            assert np.array_equal(person.points_px[known, :2], truth.points_px[known, :2])
        assert person.labelled.sum() == known.sum() + result.added
        assert np.isfinite(person.points_px[~known & person.labelled]).all()


def test_unlabelled_pictures_are_labelled(
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
    printed = capsys.readouterr().out
    assert stop.value.code == 0
    assert "1 people" in printed
    (place,) = (tmp_path / "out").iterdir()
    person = open_pack(place)[0]
    assert person.source == "in/pose/1"
    assert person.labelled.sum() > 25
    with pytest.raises(InputError, match="no finished pack"):
        open_pack(tmp_path)
