"""Labels that a network's predictions add to those of a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from blazetrack.types import Poses
from models.data.annotated import PEOPLE, AnnotatedImage
from models.distill.label_fusion import FusionSettings, fuse

PARTNERS = list(BLAZEPOSE33.partners)
POINT = {name: i for i, name in enumerate(BLAZEPOSE33.names)}
LEFT_HAND = [POINT[f"left_{part}"] for part in ("pinky", "index", "thumb")]
RIGHT_HAND = [POINT[f"right_{part}"] for part in ("pinky", "index", "thumb")]
RIGHT_FOOT = [POINT[f"right_{part}"] for part in ("heel", "foot_index")]
SETTINGS = FusionSettings(swapped_labels=("test",))

Predict = Callable[..., Poses]


@pytest.fixture
def predict(make_person) -> Predict:
    """Predictions of the standing person, exact for all 33 points, in `runs` equal rows."""

    def make(runs: int = 5, change: Callable[[np.ndarray], None] | None = None) -> Poses:
        person = make_person(BLAZEPOSE33)
        points = person.points_px[0].astype(np.float64)
        points[:11, :2] = np.multiply((0.5, 0.147), (120, 160))  # ears where LSP's head is
        for hand, wrist in ((LEFT_HAND, "left_wrist"), (RIGHT_HAND, "right_wrist")):
            points[hand, :2] = points[POINT[wrist], :2] + (0, 6)
        for side in ("left", "right"):
            foot = [POINT[f"{side}_heel"], POINT[f"{side}_foot_index"]]
            points[foot, :2] = points[POINT[f"{side}_ankle"], :2] + (0, 5)
        points[:, 2] = np.arange(33)
        if change is not None:
            change(points)
        return Poses(
            np.repeat(points[None], runs, axis=0),
            np.full((runs, 33, 3), 0.25),
            np.full((runs, 33), 0.8),
            np.full((runs, 33), 0.9),
            np.ones(runs),
            np.zeros(runs, np.int64),
            np.repeat(np.array([[[61.0, 84], [61, 2]]]), runs, axis=0),
        )

    return make


def row(image: AnnotatedImage) -> SimpleNamespace:
    """The fields of the only person."""
    fields = {name: getattr(image, name)[0] for name in (*PEOPLE, "labelled")}
    return SimpleNamespace(**fields)


def fused(sample: AnnotatedImage, poses: Poses, settings: FusionSettings = SETTINGS) -> Any:
    return row(fuse(sample, poses, poses, settings)[0])


def without(sample: AnnotatedImage, *names: str) -> AnnotatedImage:
    rows = [sample.skeleton.index(name) for name in names]
    fields = {name: getattr(sample, name).copy() for name in PEOPLE}
    for name, missing in (("points_px", np.nan), ("weights", 0), ("visibility", np.nan)):
        fields[name][:, rows] = missing
    return replace(sample, **fields)


def test_labels_stay_and_missing_ones_are_added(make_person, predict: Predict) -> None:
    sample = make_person(LSP14, visibility=np.full(14, np.nan, np.float32))
    image, result = fuse(sample, predict(), predict(), SETTINGS)
    person = row(image)
    bare = row(sample.to_skeleton(BLAZEPOSE33))
    known = bare.labelled
    assert np.array_equal(person.points_px[known, :2], bare.points_px[known, :2])
    assert np.all(person.weights[known] == 1)
    assert np.all(person.weights[~known] == 0.5)
    assert np.array_equal(person.points_px[:, 2], np.arange(33))
    assert np.all(person.world_m == 0.25)
    assert np.all(person.visibility == pytest.approx(0.8))
    assert result.kept
    assert result.added == 21
    assert result.error == pytest.approx(0, abs=0.01)


def test_labelled_visibility_stays(make_person, predict: Predict) -> None:
    hidden = np.zeros(14, np.float32)
    person = fused(make_person(LSP14, visibility=hidden), predict())
    assert person.visibility[POINT["left_knee"]] == 0
    assert person.visibility[POINT["left_heel"]] == pytest.approx(0.8)


def test_hand_is_added_only_with_an_agreeing_wrist(make_person, predict: Predict) -> None:
    def change(points: np.ndarray) -> None:
        points[[POINT["left_wrist"], *LEFT_HAND]] += 40

    person = fused(make_person(LSP14), predict(change=change))
    assert np.all(person.weights[LEFT_HAND] == 0)
    assert np.isnan(person.points_px[LEFT_HAND]).all()
    assert np.all(person.weights[RIGHT_HAND] == 0.5)
    wrist = person.points_px[POINT["left_wrist"]]
    assert np.isfinite(wrist[:2]).all()
    assert np.isnan(wrist[2])
    assert np.isnan(person.world_m[POINT["left_wrist"]]).all()


def test_face_is_added_only_with_an_agreeing_head(make_person, predict: Predict) -> None:
    def change(points: np.ndarray) -> None:
        points[:11, 0] += 30

    person = fused(make_person(LSP14), predict(change=change))
    assert np.all(person.weights[:11] == 0)
    assert np.all(person.weights[RIGHT_FOOT] == 0.5)


def test_a_face_without_any_label_weighs_less(make_person, predict: Predict) -> None:
    person = fused(without(make_person(LSP14), "neck"), predict())
    assert np.all(person.weights[:11] == np.float32(0.2))


def test_a_point_with_half_of_its_joints_labelled_weighs_less(
    make_person, predict: Predict
) -> None:
    person = fused(without(make_person(LSP14), "left_wrist"), predict())
    assert person.weights[POINT["left_wrist"]] == 0.5  # elbow and shoulder are labelled
    assert np.all(person.weights[LEFT_HAND] == np.float32(0.2))


def test_hand_moves_with_the_labelled_wrist(make_person, predict: Predict) -> None:
    def change(points: np.ndarray) -> None:
        points[[POINT["left_wrist"], *LEFT_HAND], 0] += 5

    person = fused(make_person(LSP14), predict(change=change))
    expected = person.points_px[POINT["left_wrist"], :2] + (0, 6)
    assert np.allclose(person.points_px[LEFT_HAND, :2], expected, atol=0.01)


def test_predictions_that_disagree_add_nothing(make_person, predict: Predict) -> None:
    sample = make_person(LSP14)
    poses = predict(change=lambda points: points.__iadd__(60))
    image, result = fuse(sample, poses, poses, SETTINGS)
    person = row(image)
    assert not result.kept
    assert result.added == 0
    assert person.labelled.sum() == 12
    assert np.isnan(person.points_px[:, 2]).all()
    assert np.array_equal(person.alignment_px, sample.alignment_px[0])


def test_points_outside_of_the_picture_are_hidden(make_person, predict: Predict) -> None:
    def change(points: np.ndarray) -> None:
        points[RIGHT_FOOT, 1] = 170

    person = fused(make_person(LSP14), predict(change=change))
    assert np.all(person.visibility[RIGHT_FOOT] == 0)
    assert np.all(person.weights[RIGHT_FOOT] == 0.5)


def swapped(sample: AnnotatedImage) -> AnnotatedImage:
    return replace(sample, points_px=sample.points_px[:, list(sample.skeleton.partners)])


def test_swapped_labels_are_exchanged_where_runs_are_consistent(
    make_person, predict: Predict
) -> None:
    sample = make_person(LSP14)
    poses = predict()
    image, result = fuse(swapped(sample), poses, poses, SETTINGS)
    person = row(image)
    assert (result.swapped, result.doubted) == ("all", "")
    expected = row(sample.to_skeleton(BLAZEPOSE33))
    known = expected.labelled
    assert np.array_equal(person.points_px[known, :2], expected.points_px[known, :2])
    assert np.all(person.weights[known] == 1)


def test_swapped_labels_weigh_less_where_runs_are_not_consistent(
    make_person, predict: Predict
) -> None:
    sample = swapped(make_person(LSP14))
    poses = predict()
    unsure = Poses(
        poses.landmarks_px, poses.world_landmarks_m, poses.visibility, poses.presence,
        np.full(5, 0.5), poses.ids, poses.alignment_px,
    )  # fmt: skip
    image, result = fuse(sample, poses, unsure, SETTINGS)
    person = row(image)
    assert (result.swapped, result.doubted) == ("", "all")
    known = sample.to_skeleton(BLAZEPOSE33).labelled[0]
    assert np.all(person.weights[known] == np.float32(0.3))


def test_labels_of_other_data_sets_are_never_exchanged(make_person, predict: Predict) -> None:
    sample = swapped(make_person(LSP14))
    poses = predict()
    result = fuse(sample, poses, poses, FusionSettings(swapped_labels=("lspet",)))[1]
    assert (result.swapped, result.doubted) == ("", "")


def test_the_labelled_alignment_stays_where_there_is_a_torso(make_person, predict: Predict) -> None:
    sample = make_person(LSP14)
    assert np.array_equal(fused(sample, predict()).alignment_px, sample.alignment_px[0])
    lacking = without(sample, "left_hip")
    assert np.array_equal(fused(lacking, predict()).alignment_px, [[61, 84], [61, 2]])


def test_without_labels_the_runs_must_agree(make_person, predict: Predict) -> None:
    sample = without(make_person(COCO17), *COCO17.names)
    poses = predict()
    image, result = fuse(sample, poses, poses, SETTINGS)
    person = row(image)
    assert result.kept
    assert result.added == 33
    assert np.all(person.weights == 0.5)
    rng = np.random.default_rng(0)
    scattered = Poses(
        poses.landmarks_px + rng.normal(0, 40, poses.landmarks_px.shape),
        poses.world_landmarks_m, poses.visibility, poses.presence, poses.scores, poses.ids,
        poses.alignment_px,
    )  # fmt: skip
    assert not fuse(sample, scattered, scattered, SETTINGS)[1].kept
