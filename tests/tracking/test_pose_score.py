"""The node `pose_score`, its features and its logistic function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import nan

import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.errors import ModelError
from blazetrack.model_info import SCORE_FEATURES, ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.tracking.pose_score import (
    TYPICAL_PEAK,
    PoseScore,
    pose_features,
    pose_probability,
)
from blazetrack.types import Crops, Landmarks, Rois

SIDE = 64
COEFFICIENTS = {"intercept": -1.0, "presence": 0.5, "off_center": -4.0, "head_up": 2.0}
INFO = ModelInfo(
    "fake",
    "landmarks",
    (SIDE, SIDE),
    (0, 1),
    "zero",
    skeleton=BLAZEPOSE33,
    score_coefficients=COEFFICIENTS,
)

Change = Callable[[np.ndarray], None]


def upright(score: float = 0.9, skeleton: Skeleton = BLAZEPOSE33) -> Landmarks:
    """A symmetric person with the mid-hip in the centre of the crop."""
    rows = {"shoulder": 16, "elbow": 24, "wrist": 30, "hip": 32, "knee": 44, "ankle": 56}
    xyz = np.zeros((1, len(skeleton), 3))
    for i, name in enumerate(skeleton.names):
        side, _, joint = name.partition("_")
        xyz[0, i, :2] = SIDE / 2 + {"left": 5, "right": -5}.get(side, 0), rows.get(joint, 8)
    return Landmarks(
        xyz_crop=xyz,
        world_m=(xyz - SIDE / 2) / SIDE,
        visibility=np.full((1, len(skeleton)), 0.8),
        presence=np.ones((1, len(skeleton))),
        scores=np.array([score]),
        row=np.zeros(1, np.int64),
    )


def crops(count: int = 1) -> Crops:
    rois = Rois(np.zeros((count, 2)), np.ones((count, 2)), np.zeros(count), np.zeros(count, int))
    pixels = np.zeros((count, SIDE, SIDE, 3), np.uint8)
    return Crops(pixels, np.zeros((count, 2, 3)), rois, (SIDE, SIDE))


def features(landmarks: Landmarks, skeleton: Skeleton = BLAZEPOSE33) -> dict[str, float]:
    (values,) = pose_features(landmarks, (SIDE, SIDE), skeleton)
    return dict(zip(SCORE_FEATURES, values.tolist(), strict=True))


def test_pose_features_upright_symmetric_person_are_those_by_hand() -> None:
    found = features(upright())
    assert found["presence"] == pytest.approx(np.log(9))
    assert found["visibility"] == pytest.approx(0.8)
    assert found["doubt"] == pytest.approx(0.16)
    assert found["off_center"] == pytest.approx(0)
    assert found["head_up"] == pytest.approx(1)
    assert found["limb_asymmetry"] == pytest.approx(0)
    y = np.array([16, 24, 30, 32, 44, 56]) / SIDE
    assert found["spread"] == pytest.approx(0.5 * np.log(y.var() + (5 / SIDE) ** 2))


def test_pose_features_peaks_of_heatmaps_give_means_of_body_and_trunk() -> None:
    assert features(upright())["peak"] == 0
    peaks = np.full((1, len(BLAZEPOSE33)), TYPICAL_PEAK)
    peaks[0, BLAZEPOSE33.torso] = TYPICAL_PEAK - 0.3
    found = features(replace(upright(), peaks=peaks))
    assert found["trunk_peak"] == pytest.approx(-0.3)
    assert found["peak"] == pytest.approx(-0.3 * 4 / len(BLAZEPOSE33))


def test_pose_features_moved_person_changes_only_the_distance_from_the_centre() -> None:
    one = upright()
    moved = features(replace(one, xyz_crop=one.xyz_crop + np.array([8.0, 0.0, 0.0])))
    assert moved.pop("off_center") == pytest.approx(8 / SIDE)
    before = features(one)
    del before["off_center"]
    assert moved == pytest.approx(before)


def test_pose_features_person_upside_down_has_the_head_down() -> None:
    one = upright()
    turned = replace(one, xyz_crop=SIDE - one.xyz_crop)
    assert features(turned)["head_up"] == pytest.approx(-1)


def test_pose_features_limb_of_double_length_gives_the_mean_logarithm() -> None:
    one = upright()
    shoulder, elbow = (BLAZEPOSE33.index(name) for name in ("left_shoulder", "left_elbow"))
    world = one.world_m.copy()
    beyond = world[0, elbow] - world[0, shoulder]
    world[0, elbow:23:2] += beyond  # the arm below moves along, so that only one limb changes
    assert features(replace(one, world_m=world))["limb_asymmetry"] == pytest.approx(np.log(2) / 4)


def test_pose_features_heap_of_keypoints_has_a_small_spread() -> None:
    one = upright()
    heap = replace(one, xyz_crop=32 + (one.xyz_crop - 32) / 100)
    assert features(heap)["spread"] == pytest.approx(features(one)["spread"] - np.log(100))
    assert np.isfinite(features(replace(one, xyz_crop=0 * one.xyz_crop))["spread"])


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_pose_features_certain_score_gives_a_finite_presence(score: float) -> None:
    assert abs(features(upright(score))["presence"]) == pytest.approx(9.21, abs=0.01)


def test_pose_features_other_skeleton_of_people_has_the_same_features() -> None:
    assert features(upright(skeleton=COCO17), COCO17)["head_up"] == pytest.approx(1)


def test_pose_features_skeleton_without_joints_leaves_them_zero() -> None:
    tool = Skeleton("tool", ("tip", "grip"))
    found = features(upright(skeleton=tool), tool)
    assert found["off_center"] == found["head_up"] == found["limb_asymmetry"] == 0
    assert found["visibility"] == pytest.approx(0.8)


def test_pose_features_of_no_person_are_no_rows() -> None:
    assert pose_features(Landmarks.empty(), (SIDE, SIDE)).shape == (0, len(SCORE_FEATURES))


def test_pose_probability_is_the_logistic_function_of_the_weighted_sum() -> None:
    rows = np.zeros((2, len(SCORE_FEATURES)))
    rows[1, 0] = 4.0
    found = pose_probability(rows, {"intercept": -1.0, "presence": 0.5})
    assert found == pytest.approx([1 / (1 + np.e), 1 / (1 + np.exp(-1))])


def test_pose_probability_extreme_and_nan_features_stay_in_0_to_1() -> None:
    rows = np.zeros((3, len(SCORE_FEATURES)))
    rows[:, 0] = 1e9, -1e9, nan
    high, low, unknown = pose_probability(rows, {"presence": 1.0})
    assert high == pytest.approx(1)
    assert low == pytest.approx(0)
    assert unknown == 0


def test_pose_score_replaces_the_scores_and_nothing_else() -> None:
    one = upright()
    scored = PoseScore(FakeModel(INFO, lambda pixels: {}))(one, crops())
    expected = pose_probability(pose_features(one, (SIDE, SIDE)), COEFFICIENTS)
    assert scored.scores == pytest.approx(expected)
    assert scored.xyz_crop is one.xyz_crop
    assert scored.calibrated


def test_pose_score_model_without_coefficients_keeps_the_score_of_the_network() -> None:
    model = FakeModel(replace(INFO, score_coefficients={}), lambda pixels: {})
    kept = PoseScore(model)(upright(0.7), crops())
    assert (kept.scores.tolist(), kept.calibrated) == ([0.7], False)


def test_pose_score_min_score_drops_lower_ones() -> None:
    one = upright()
    upside_down = replace(one, xyz_crop=SIDE - one.xyz_crop, row=np.ones(1, np.int64))
    scored = PoseScore(FakeModel(INFO, lambda pixels: {}), min_score=0.5)(
        Landmarks.joined([upside_down, one]), crops(2)
    )
    assert scored.row.tolist() == [0]


def test_pose_score_no_person_gives_none() -> None:
    assert len(PoseScore(FakeModel(INFO, lambda pixels: {}))(Landmarks.empty(), crops(0))) == 0


def test_pose_score_detector_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"pose_score: .* got fake \(detector\)"):
        PoseScore(FakeModel(replace(INFO, kind="detector"), lambda pixels: {}))
