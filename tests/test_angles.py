"""Joint angles of bodies whose bends are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.angles import angle_keypoints, joint_angles
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
