"""What a teacher may add to the labels of a person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from blazetrack.types import Poses
from models.data.sample import PoseSample
from models.distill.label_fusion import TeacherSettings, combine

PARTNERS = list(BLAZEPOSE33.partners)
POINT = {name: i for i, name in enumerate(BLAZEPOSE33.names)}
LEFT_HAND = [POINT[f"left_{part}"] for part in ("pinky", "index", "thumb")]
RIGHT_HAND = [POINT[f"right_{part}"] for part in ("pinky", "index", "thumb")]
RIGHT_FOOT = [POINT[f"right_{part}"] for part in ("heel", "foot_index")]
SETTINGS = TeacherSettings(swapped_labels=("test",))

Answer = Callable[..., Poses]


@pytest.fixture
def answer(make_person) -> Answer:
    """Readings of the standing person, exact for all 33 points, in `runs` equal rows."""

    def make(runs: int = 5, change: Callable[[np.ndarray], None] | None = None) -> Poses:
        person = make_person(BLAZEPOSE33)
        points = person.points_px.astype(np.float64)
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


def taught(sample: PoseSample, poses: Poses, settings: TeacherSettings = SETTINGS) -> PoseSample:
    return combine(sample, poses, poses, settings)[0]


def without(sample: PoseSample, *names: str) -> PoseSample:
    rows = [sample.skeleton.index(name) for name in names]
    fields = {name: getattr(sample, name).copy() for name in PoseSample.__dataclass_fields__
              if isinstance(getattr(sample, name), np.ndarray)}  # fmt: skip
    fields["points_px"][rows] = np.nan
    fields["weights"][rows] = 0
    fields["visibility"][rows] = np.nan
    return PoseSample(skeleton=sample.skeleton, source=sample.source, **fields)


def test_labels_stay_and_the_rest_is_added(make_person, answer: Answer) -> None:
    sample = make_person(LSP14, visibility=np.full(14, np.nan, np.float32))
    person, verdict = combine(sample, answer(), answer(), SETTINGS)
    bare = sample.to_skeleton(BLAZEPOSE33)
    known = bare.labelled
    assert np.array_equal(person.points_px[known, :2], bare.points_px[known, :2])
    assert np.all(person.weights[known] == 1)
    assert np.all(person.weights[~known] == 0.5)
    assert np.array_equal(person.points_px[:, 2], np.arange(33))
    assert np.all(person.world_m == 0.25)
    assert np.all(person.visibility == pytest.approx(0.8))
    assert verdict.kept
    assert verdict.taught == 21
    assert verdict.far == pytest.approx(0, abs=0.01)


def test_labelled_visibility_stays(make_person, answer: Answer) -> None:
    hidden = np.zeros(14, np.float32)
    person = taught(make_person(LSP14, visibility=hidden), answer())
    assert person.visibility[POINT["left_knee"]] == 0
    assert person.visibility[POINT["left_heel"]] == pytest.approx(0.8)


def test_a_hand_needs_its_wrist(make_person, answer: Answer) -> None:
    def change(points: np.ndarray) -> None:
        points[[POINT["left_wrist"], *LEFT_HAND]] += 40

    person = taught(make_person(LSP14), answer(change=change))
    assert np.all(person.weights[LEFT_HAND] == 0)
    assert np.isnan(person.points_px[LEFT_HAND]).all()
    assert np.all(person.weights[RIGHT_HAND] == 0.5)
    wrist = person.points_px[POINT["left_wrist"]]
    assert np.isfinite(wrist[:2]).all()
    assert np.isnan(wrist[2])
    assert np.isnan(person.world_m[POINT["left_wrist"]]).all()


def test_a_face_needs_its_head(make_person, answer: Answer) -> None:
    def change(points: np.ndarray) -> None:
        points[:11, 0] += 30

    person = taught(make_person(LSP14), answer(change=change))
    assert np.all(person.weights[:11] == 0)
    assert np.all(person.weights[RIGHT_FOOT] == 0.5)


def test_a_face_without_any_label_weighs_less(make_person, answer: Answer) -> None:
    person = taught(without(make_person(LSP14), "neck"), answer())
    assert np.all(person.weights[:11] == np.float32(0.2))


def test_a_point_with_half_of_its_joints_labelled_weighs_less(make_person, answer: Answer) -> None:
    person = taught(without(make_person(LSP14), "left_wrist"), answer())
    assert person.weights[POINT["left_wrist"]] == 0.5  # elbow and shoulder are labelled
    assert np.all(person.weights[LEFT_HAND] == np.float32(0.2))


def test_hands_hang_on_the_labelled_wrist(make_person, answer: Answer) -> None:
    def change(points: np.ndarray) -> None:
        points[[POINT["left_wrist"], *LEFT_HAND], 0] += 5

    person = taught(make_person(LSP14), answer(change=change))
    expected = person.points_px[POINT["left_wrist"], :2] + (0, 6)
    assert np.allclose(person.points_px[LEFT_HAND, :2], expected, atol=0.01)


def test_a_pose_that_disagrees_adds_nothing(make_person, answer: Answer) -> None:
    sample = make_person(LSP14)
    poses = answer(change=lambda points: points.__iadd__(60))
    person, verdict = combine(sample, poses, poses, SETTINGS)
    assert not verdict.kept
    assert verdict.taught == 0
    assert person.labelled.sum() == 12
    assert np.isnan(person.points_px[:, 2]).all()
    assert np.array_equal(person.alignment_px, sample.alignment_px)


def test_points_outside_of_the_picture_are_hidden(make_person, answer: Answer) -> None:
    def change(points: np.ndarray) -> None:
        points[RIGHT_FOOT, 1] = 170

    person = taught(make_person(LSP14), answer(change=change))
    assert np.all(person.visibility[RIGHT_FOOT] == 0)
    assert np.all(person.weights[RIGHT_FOOT] == 0.5)


def swapped(sample: PoseSample) -> PoseSample:
    rows = list(sample.skeleton.partners)
    points = sample.points_px[rows]
    fields = {"visibility": sample.visibility, "weights": sample.weights}
    return PoseSample(
        sample.image, sample.skeleton, points, world_m=sample.world_m, source=sample.source,
        alignment_px=sample.alignment_px, **fields,
    )  # fmt: skip


def test_mixed_up_sides_are_put_right_where_the_teacher_is_sure(
    make_person, answer: Answer
) -> None:
    sample = make_person(LSP14)
    poses = answer()
    person, verdict = combine(swapped(sample), poses, poses, SETTINGS)
    assert (verdict.swapped, verdict.doubted) == ("all", "")
    expected = sample.to_skeleton(BLAZEPOSE33)
    known = expected.labelled
    assert np.array_equal(person.points_px[known, :2], expected.points_px[known, :2])
    assert np.all(person.weights[known] == 1)


def test_mixed_up_sides_weigh_less_where_it_is_not(make_person, answer: Answer) -> None:
    sample = swapped(make_person(LSP14))
    poses = answer()
    unsure = Poses(
        poses.landmarks_px, poses.world_landmarks_m, poses.visibility, poses.presence,
        np.full(5, 0.5), poses.ids, poses.alignment_px,
    )  # fmt: skip
    person, verdict = combine(sample, poses, unsure, SETTINGS)
    assert (verdict.swapped, verdict.doubted) == ("", "all")
    known = sample.to_skeleton(BLAZEPOSE33).labelled
    assert np.all(person.weights[known] == np.float32(0.3))


def test_labels_of_experts_are_never_exchanged(make_person, answer: Answer) -> None:
    sample = swapped(make_person(LSP14))
    poses = answer()
    verdict = combine(sample, poses, poses, TeacherSettings(swapped_labels=("lspet",)))[1]
    assert (verdict.swapped, verdict.doubted) == ("", "")


def test_the_labelled_alignment_stays_where_there_is_a_torso(make_person, answer: Answer) -> None:
    sample = make_person(LSP14)
    assert np.array_equal(taught(sample, answer()).alignment_px, sample.alignment_px)
    lacking = without(sample, "left_hip")
    assert np.array_equal(taught(lacking, answer()).alignment_px, [[61, 84], [61, 2]])


def test_without_labels_the_runs_must_agree(make_person, answer: Answer) -> None:
    sample = without(make_person(COCO17), *COCO17.names)
    poses = answer()
    person, verdict = combine(sample, poses, poses, SETTINGS)
    assert verdict.kept
    assert verdict.taught == 33
    assert np.all(person.weights == 0.5)
    rng = np.random.default_rng(0)
    scattered = Poses(
        poses.landmarks_px + rng.normal(0, 40, poses.landmarks_px.shape),
        poses.world_landmarks_m, poses.visibility, poses.presence, poses.scores, poses.ids,
        poses.alignment_px,
    )  # fmt: skip
    assert not combine(sample, scattered, scattered, SETTINGS)[1].kept
