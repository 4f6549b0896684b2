"""Affines, rotated rectangles and overlap."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.geometry import apply, box_iou, invert, rectangle_to_image


def one_affine(
    center: tuple[float, float],
    size: tuple[float, float],
    angle: float,
    crop_hw: tuple[int, int],
) -> np.ndarray:
    """`rectangle_to_image` for a single rectangle, `(2, 3)`."""
    return rectangle_to_image(np.array([center]), np.array([size]), np.array([angle]), crop_hw)[0]


coordinates = st.floats(-2000, 2000)
angles = st.floats(-10, 10)


@st.composite
def crops(draw: st.DrawFn) -> np.ndarray:
    """The affine from some crop to some rectangle of the image, `(2, 3)`."""
    center = (draw(coordinates), draw(coordinates))
    sides, pixels = st.floats(1, 3000), st.integers(1, 512)
    size = (draw(sides), draw(sides))
    return one_affine(center, size, draw(angles), (draw(pixels), draw(pixels)))


points = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5).map(np.array)


@given(crops(), points)
def test_invert_undoes_apply(affine: np.ndarray, xy: np.ndarray) -> None:
    home = apply(invert(affine), apply(affine, xy))
    np.testing.assert_allclose(home, xy, atol=1e-5)


def test_apply_maps_stacks_row_by_row() -> None:
    affines = rectangle_to_image(
        np.array([[10.0, 20.0], [30.0, 40.0]]),
        np.array([[8.0, 8.0], [16.0, 12.0]]),
        np.array([0.0, 1.0]),
        (8, 8),
    )
    xy = np.arange(12.0).reshape(2, 3, 2)
    stacked = apply(affines, xy)
    assert stacked.shape == (2, 3, 2)
    for row in range(2):
        np.testing.assert_allclose(stacked[row], apply(affines[row], xy[row]))
        np.testing.assert_allclose(invert(affines)[row], invert(affines[row]))


def test_rectangle_to_image_of_no_rectangles_is_empty() -> None:
    none = rectangle_to_image(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), (256, 256))
    assert none.shape == (0, 2, 3)
    assert apply(none, np.zeros((0, 33, 2))).shape == (0, 33, 2)


@given(coordinates, coordinates, st.floats(1, 3000), angles)
def test_rectangle_to_image_maps_the_middle_to_the_centre(
    x: float, y: float, side: float, angle: float
) -> None:
    affine = one_affine((x, y), (side, side / 2), angle, (64, 256))
    np.testing.assert_allclose(apply(affine, np.array([[128.0, 32.0]])), [[x, y]], atol=1e-9)


def test_rectangle_to_image_maps_the_corners() -> None:
    affine = one_affine((50.0, 60.0), (20.0, 8.0), 0.0, (10, 40))
    corners = apply(affine, np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 10.0], [0.0, 10.0]]))
    np.testing.assert_allclose(corners, [[40, 56], [60, 56], [60, 64], [40, 64]])


def test_rectangle_to_image_angles_are_clockwise() -> None:
    affine = one_affine((50.0, 60.0), (20.0, 20.0), pi / 2, (20, 20))
    top_left, right_of_it = apply(affine, np.array([[0.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(top_left, [60, 50], atol=1e-9)
    np.testing.assert_allclose(right_of_it - top_left, [0, 1], atol=1e-9)


def test_rectangle_to_image_size_is_before_rotation() -> None:
    affine = one_affine((50.0, 60.0), (40.0, 10.0), pi / 2, (1, 1))
    across, down = affine[:, 0], affine[:, 1]
    np.testing.assert_allclose(across, [0, 40], atol=1e-9)
    np.testing.assert_allclose(down, [-10, 0], atol=1e-9)


def test_box_iou_of_known_boxes() -> None:
    box = np.array([0.0, 0.0, 2.0, 2.0])
    others = np.array(
        [
            [0.0, 0.0, 2.0, 2.0],  # itself
            [1.0, 0.0, 3.0, 2.0],  # half of it: 2 of 6
            [2.0, 0.0, 4.0, 2.0],  # touches
            [5.0, 5.0, 6.0, 6.0],  # elsewhere
            [0.5, 0.5, 1.5, 1.5],  # inside: 1 of 4
            [1.0, 1.0, 1.0, 1.0],  # without area
        ]
    )
    np.testing.assert_allclose(box_iou(box, others), [1, 1 / 3, 0, 0, 1 / 4, 0])


def test_box_iou_of_boxes_without_area_is_zero() -> None:
    assert box_iou(np.ones(4), np.ones((1, 4))).tolist() == [0.0]
    assert box_iou(np.ones(4), np.zeros((0, 4))).shape == (0,)


boxes = st.tuples(coordinates, coordinates, st.floats(0.1, 500), st.floats(0.1, 500)).map(
    lambda b: np.array([b[0], b[1], b[0] + b[2], b[1] + b[3]])
)


@given(boxes, boxes)
def test_box_iou_is_symmetric_and_at_most_one(one: np.ndarray, other: np.ndarray) -> None:
    overlap = float(box_iou(one, other[None])[0])
    assert 0.0 <= overlap <= 1.0 + 1e-12
    assert overlap == pytest.approx(float(box_iou(other, one[None])[0]))
