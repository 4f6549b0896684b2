"""Confidence filter and OKS suppression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from blazetrack.tracking.pose_nms import SPREAD, is_inside, oks, pose_nms
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
FRAME = Frame(np.zeros((100, 200, 3), np.uint8))


@pytest.mark.parametrize(
    ("place", "there"),
    [((0, 0), True), ((199, 99), True), ((200, 50), False), ((50, 100), False), ((-1, 5), False)],
)
def test_is_inside_at_image_edges(
    people: MakePeople, place: tuple[float, float], there: bool
) -> None:
    assert is_inside(people((*place, 20)), FRAME).tolist() == [there]


def test_is_inside_needs_a_third_of_the_keypoints(people: MakePeople) -> None:
    two = people((50, 50, 20), (50, 50, 20))
    points = two.landmarks_px.copy()
    points[0, 11:, 0] = 300  # 11 of 33 are in the picture
    points[1, 9:, 0] = 300
    assert is_inside(replace(two, landmarks_px=points), FRAME).tolist() == [True, False]


def test_is_inside_nan_keypoints_are_outside(people: MakePeople) -> None:
    one = people((50, 50, 20))
    lost = replace(one, landmarks_px=np.full_like(one.landmarks_px, np.nan))
    assert is_inside(lost, FRAME).tolist() == [False]


def test_empty_input_gives_empty_result(people: MakePeople) -> None:
    assert is_inside(people(), FRAME).shape == (0,)


def body(x: float, y: float, radius: float) -> np.ndarray:
    """`(9, 2)` points on a grid as large as the circle."""
    grid = np.array([(a, b) for a in (-0.5, 0, 0.5) for b in (-1, 0, 1)], float)
    return np.array([x, y]) + radius * grid


def test_oks_is_one_for_itself_and_zero_far_away() -> None:
    points = np.stack([body(100, 100, 50), body(300, 100, 50)])
    np.testing.assert_allclose(oks(points, points, np.array([50, 50])), np.eye(2), atol=1e-9)


def test_oks_one_spread_off_is_gaussian() -> None:
    one, other = body(100, 100, 50)[None], body(100 + 50 * SPREAD, 100, 50)[None]
    assert oks(one, other, np.array([50.0]))[0, 0] == pytest.approx(np.exp(-0.5))


def test_oks_is_scale_invariant() -> None:
    small = oks(body(10, 10, 20)[None], body(12, 10, 20)[None], np.array([20.0]))
    large = oks(body(100, 100, 200)[None], body(120, 100, 200)[None], np.array([200.0]))
    np.testing.assert_allclose(small, large)


def test_pose_nms_keeps_the_better_duplicate() -> None:
    bodies = ((100, 100, 50), (103, 100, 50), (220, 100, 50))
    points = np.stack([body(*one) for one in bodies])
    rows = pose_nms(points, np.full(3, 50.0), np.array([0.8, 0.9, 0.7]), duplicate_oks=0.5)
    assert rows == [1, 2]
    assert pose_nms(points, np.full(3, 50.0), np.array([0.9, 0.9, 0.7]), duplicate_oks=0.5) == [
        0,
        2,
    ]
    assert pose_nms(points, np.full(3, 50.0), np.array([0.8, 0.9, 0.7]), duplicate_oks=2) == [
        0,
        1,
        2,
    ]


@pytest.mark.parametrize("count", [0, 1])
def test_pose_nms_of_up_to_one_pose_keeps_all(count: int) -> None:
    points = np.zeros((count, 9, 2))
    assert pose_nms(points, np.ones(count), np.ones(count), 0.5) == [*range(count)]
