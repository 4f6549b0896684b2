"""The circle around a person that gives its region."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.align.roi import circle_of_keypoints
from blazetrack.geometry import apply
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14, MPII16, Skeleton

KITE = Skeleton("kite", ("tip", "left_wing", "right_wing", "tail"), ())


def align(points, skeleton, **options):
    k = len(skeleton)
    rows = np.full((k, 3), np.nan, np.float32)
    for name, xy in points.items():
        rows[skeleton.index(name), :2] = xy
    return circle_of_keypoints(rows, skeleton, **options)


TORSO = {
    "left_shoulder": (110, 60), "right_shoulder": (90, 60),
    "left_hip": (106, 100), "right_hip": (94, 100),
}  # fmt: skip


def test_circle_holds_the_feet_around_the_hips():
    center, rim = align({**TORSO, "left_ankle": (100, 180)}, COCO17)
    np.testing.assert_allclose(center, (100, 100))
    np.testing.assert_allclose(rim, (100, 100 - 1.1 * 80), rtol=1e-6)


def test_circle_has_a_minimum_radius_in_torsos():
    _, rim = align(TORSO, BLAZEPOSE33)
    np.testing.assert_allclose(rim, (100, 100 - 1.75 * 40), rtol=1e-6)


def test_circle_turns_and_moves_with_the_person():
    turn = np.array([[0.6, -0.8, 7], [0.8, 0.6, -3]])
    points = {**TORSO, "right_wrist": (30, 20), "left_ankle": (100, 180)}
    moved = {name: apply(turn, np.array(xy, float)[None])[0] for name, xy in points.items()}
    want = apply(turn, align(points, COCO17))
    np.testing.assert_allclose(align(moved, COCO17), want, rtol=1e-5)


def test_circle_of_one_hip_and_one_shoulder():
    one_side = {name: xy for name, xy in TORSO.items() if name.startswith("left")}
    center, _ = align(one_side, LSP14)
    np.testing.assert_allclose(center, (106, 100))


def test_circle_of_pelvis_and_neck():
    center, rim = align({"pelvis": (50, 80), "neck": (50, 40)}, MPII16)
    np.testing.assert_allclose(center, (50, 80))
    np.testing.assert_allclose(rim, (50, 80 - 70), rtol=1e-6)


def test_circle_without_hips_lies_below_the_shoulders():
    upper = {"left_shoulder": (120, 60), "right_shoulder": (80, 60), "nose": (100, 40)}
    center, rim = align(upper, COCO17)
    assert center[0] == pytest.approx(100)
    assert center[1] == pytest.approx(60 + 1.5 * 40)
    assert rim[0] == pytest.approx(100)
    assert rim[1] < 40


def test_circle_without_torso_encloses_all_points_upright():
    center, rim = align({"left_knee": (10, 20), "left_ankle": (10, 60)}, COCO17)
    np.testing.assert_allclose(center, (10, 40), atol=1e-3)
    np.testing.assert_allclose(rim, (10, 20), atol=1e-2)


def test_circle_with_axis_is_turned_along_it():
    points = {"tip": (30, 10), "tail": (10, 10)}
    center, rim = align(points, KITE, axis=("tail", "tip"))
    np.testing.assert_allclose(center, (20, 10), atol=1e-3)
    np.testing.assert_allclose(rim, (30, 10), atol=1e-2)
    _, upright = align(points, KITE)
    np.testing.assert_allclose(upright, (20, 0), atol=1e-2)


def test_circle_with_unlabelled_axis_is_upright():
    _, rim = align({"tip": (30, 10), "left_wing": (10, 10)}, KITE, axis=("tail", "tip"))
    np.testing.assert_allclose(rim, (20, 0), atol=1e-2)


@pytest.mark.parametrize("points", [{}, {"tip": (5, 5)}, {"tip": (5, 5), "tail": (5, 5)}])
def test_circle_of_fewer_than_two_places_is_none(points):
    assert align(points, KITE) is None
