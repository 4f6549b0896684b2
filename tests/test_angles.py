"""Joint angles of bodies whose bends are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.angles import (
    AngleSet,
    angle_keypoints,
    joint_angles,
    known_angles,
    parse_angle,
    standard_angles,
)
from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14, MPII16, SKELETONS, Skeleton

EIGHT = tuple(
    f"{side}_{joint}"
    for joint in ("knee", "elbow", "hip", "shoulder")
    for side in ("left", "right")
)


def body(**moved: tuple[float, float, float]) -> np.ndarray:
    """`(33, 3)`: an upright person with hanging arms, some keypoints elsewhere."""
    places = {
        "shoulder": (0.2, -0.5, 0.0),
        "elbow": (0.2, -0.2, 0.0),
        "wrist": (0.2, 0.1, 0.0),
        "hip": (0.2, 0.0, 0.0),
        "knee": (0.2, 0.45, 0.0),
        "ankle": (0.2, 0.9, 0.0),
    }
    points = np.zeros((33, 3))
    for part, (x, y, z) in places.items():
        points[BLAZEPOSE33.index(f"left_{part}")] = x, y, z
        points[BLAZEPOSE33.index(f"right_{part}")] = -x, y, z
    for name, place in moved.items():
        points[BLAZEPOSE33.index(name)] = place
    return points


def angles(points: np.ndarray, skeleton: Skeleton = BLAZEPOSE33) -> dict[str, float]:
    return dict(
        zip(angle_keypoints(skeleton), joint_angles(points, skeleton).tolist(), strict=True)
    )


def test_joint_angles_of_upright_person() -> None:
    found = angles(body())
    assert tuple(found) == EIGHT
    for name, angle in found.items():
        assert angle == pytest.approx(0.0 if "shoulder" in name else 180.0, abs=1e-9)


def test_joint_angles_bend_is_local() -> None:
    sits = angles(body(left_knee=(0.2, 0.0, -0.45), left_ankle=(0.2, 0.45, -0.45)))
    assert sits["left_knee"] == pytest.approx(90)
    assert sits["left_hip"] == pytest.approx(90)
    assert sits["right_knee"] == sits["right_hip"] == pytest.approx(180)
    waves = angles(body(right_elbow=(-0.5, -0.5, 0.0), right_wrist=(-0.5, -0.8, 0.0)))
    assert waves["right_shoulder"] == pytest.approx(90)
    assert waves["right_elbow"] == pytest.approx(90)
    assert waves["left_elbow"] == pytest.approx(180)


def test_joint_angles_are_in_space() -> None:
    forward = body(left_wrist=(0.2, -0.2, -0.3))  # straight at the camera
    assert angles(forward)["left_elbow"] == pytest.approx(90)
    assert joint_angles(forward[:, :2], BLAZEPOSE33).shape == (8,)
    assert np.isnan(joint_angles(forward[:, :2], BLAZEPOSE33)[2])  # seen from here, no forearm


@given(st.floats(0, 180), st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_joint_angles_are_similarity_invariant(degrees: float, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    radians = np.radians(degrees)
    plane = np.array([[1, 0, 0], [0, 0, 0], [np.cos(radians), np.sin(radians), 0]])
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    one = Skeleton("leg", ("left_hip", "left_knee", "left_ankle"))
    found = joint_angles(plane @ turn * scale + rng.normal(size=3), one)
    assert found == pytest.approx([degrees], abs=1e-6)


def test_joint_angles_without_limb_are_nan() -> None:
    found = angles(body(left_ankle=(0.2, 0.45, 0.0)))
    assert np.isnan(found["left_knee"])
    assert sum(np.isnan(list(found.values()))) == 1
    assert np.isnan(joint_angles(np.zeros((2, 33, 3)), BLAZEPOSE33)).all()


def test_joint_angles_batch_shapes() -> None:
    points = np.stack([body(), body(left_ankle=(0.2, 0.45, 0.45))])
    both = joint_angles(np.stack([points] * 5), BLAZEPOSE33)
    assert both.shape == (5, 2, 8)
    assert both[3, 1, 0] == pytest.approx(90)
    assert joint_angles(np.zeros((0, 33, 3), np.float32), BLAZEPOSE33).shape == (0, 8)


@pytest.mark.parametrize("skeleton", [BLAZEPOSE33, COCO17, LSP14, MPII16], ids=lambda s: s.name)
def test_angle_keypoints_of_whole_body_sets(skeleton: Skeleton) -> None:
    assert skeleton.name in SKELETONS
    assert tuple(angle_keypoints(skeleton)) == EIGHT
    assert joint_angles(np.zeros((1, len(skeleton), 3)), skeleton).shape == (1, 8)


def test_angle_keypoints_of_other_set_is_empty() -> None:
    hand = Skeleton("hand", ("wrist", "thumb"))
    assert not angle_keypoints(hand)
    assert joint_angles(np.zeros((2, 2, 3)), hand).shape == (2, 0)
    arms = Skeleton("arm", ("left_wrist", "left_elbow", "left_shoulder", "right_wrist"))
    assert angle_keypoints(arms) == {"left_elbow": (2, 1, 0)}


def test_standard_angles_begin_with_joint_angles_and_end_upright() -> None:
    feet = {f"{side}_{part}": (x, y, z) for side, x in (("left", 0.2), ("right", -0.2))
            for part, y, z in (("heel", 1.0, 0.05), ("foot_index", 1.0, -0.2))}  # fmt: skip
    points = body(left_ear=(0.1, -0.7, 0.0), right_ear=(-0.1, -0.7, 0.0), **feet)
    angles = standard_angles(BLAZEPOSE33)
    assert angles.names == (*EIGHT, "left_ankle", "right_ankle", "trunk", "neck")
    found = angles(points)
    assert found[:8].tolist() == joint_angles(points, BLAZEPOSE33).tolist()
    np.testing.assert_allclose(found[8:], (90, 90, 0, 0), atol=1e-9)
    tilt = np.array([[np.cos(0.5), -np.sin(0.5), 0], [np.sin(0.5), np.cos(0.5), 0], [0, 0, 1]])
    np.testing.assert_allclose(angles(points @ tilt)[10:], (np.degrees(0.5), 0), atol=1e-6)
    assert angles(np.stack([points, points])[..., :2]).shape == (2, 12)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("one=left_hip,left_knee,left_ankle", "left_knee"),
        ("one = left_ankle, left_knee, left_heel, left_foot_index", "left_ankle"),
        ("one=mid_hip,mid_shoulder", "trunk"),
    ],
)
def test_parse_angle_three_four_and_two_points(text: str, same_as: str) -> None:
    points = np.random.default_rng(3).normal(size=(4, 33, 3))
    angles = AngleSet(BLAZEPOSE33, [parse_angle(text)])
    assert angles.names[-1] == "one"
    found = angles(points)
    assert found[:, -1].tolist() == found[:, angles.names.index(same_as)].tolist()


@pytest.mark.parametrize("text", ["", "a", "a=left_hip", "1a=b,c", "a=b,c,d,e,f", "a=b,,c"])
def test_parse_angle_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="angle: expected NAME=A,B,C"):
        parse_angle(text)


def test_angle_set_unknown_point_or_name_twice_is_refused() -> None:
    with pytest.raises(InputError, match="no keypoint 'left_hpi'; did you mean 'left_hip'"):
        AngleSet(BLAZEPOSE33, [parse_angle("a=left_hpi,nose")])
    with pytest.raises(InputError, match="no keypoint 'mid_heel'"):
        AngleSet(COCO17, [parse_angle("a=mid_heel,nose")])
    with pytest.raises(InputError, match="'trunk' is there already"):
        AngleSet(COCO17, [parse_angle("trunk=mid_hip,nose")])
    assert "left_ankle" not in known_angles(COCO17)
