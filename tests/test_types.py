from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.types import Crops, Detections, Frame, Landmarks, Poses, Rois

IMAGE = np.zeros((4, 6, 3), np.uint8)


def rois(n: int) -> Rois:
    sizes = np.arange(2.0 * n).reshape(n, 2)
    return Rois(np.zeros((n, 2)), sizes, np.zeros(n), np.arange(n))


def test_a_frame_knows_its_size_and_starts_at_time_zero() -> None:
    frame = Frame(IMAGE)
    assert (frame.width, frame.height, frame.index, frame.time_s) == (6, 4, 0, 0.0)


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (IMAGE.tolist(), "got list"),
        (IMAGE[..., 0], "got \\(4, 6\\) uint8"),
        (np.zeros((4, 6, 4), np.uint8), "got \\(4, 6, 4\\) uint8"),
        (IMAGE.astype(np.float32), "got \\(4, 6, 3\\) float32"),
        (np.zeros((0, 6, 3), np.uint8), "at least 1×1"),
    ],
)
def test_a_frame_refuses_other_pictures(image: Any, got: str) -> None:
    with pytest.raises(InputError, match=f"Frame.image: expected .*{got}"):
        Frame(image)


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -math.inf])
def test_a_frame_refuses_a_time_that_is_no_time(time_s: float) -> None:
    with pytest.raises(InputError, match=r"Frame.time_s: expected finite seconds"):
        Frame(IMAGE, 0, time_s)


def test_a_negative_time_is_a_time() -> None:
    assert Frame(IMAGE, 0, -1.5).time_s == -1.5


def test_nothing_can_be_assigned_to() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Frame(IMAGE).index = 1  # type: ignore[misc]


def test_a_region_s_crop_is_as_wide_as_its_longer_side() -> None:
    assert rois(2).side_px.tolist() == [1.0, 3.0]


def test_the_square_around_a_region_has_its_centre_and_turn() -> None:
    region = Rois(np.array([[5.0, 6.0]]), np.array([[2.0, 8.0]]), np.array([0.3]), np.array([4]))
    square = region.squares()
    assert square.size_px.tolist() == [[8.0, 8.0]]
    assert square.center_px is region.center_px
    assert square.angle_rad is region.angle_rad
    assert square.ids.tolist() == [4]


def test_regions_are_taken_by_number_mask_or_slice() -> None:
    three = rois(3)
    for rows in (np.array([0, 2]), np.array([True, False, True]), slice(0, 3, 2)):
        assert three.take(rows).ids.tolist() == [0, 2]
    assert len(three.take(np.zeros(0, np.int64))) == 0


def test_regions_of_unequal_numbers_are_refused() -> None:
    with pytest.raises(InputError, match=r"Rois.angle_rad"):
        Rois(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(1), np.zeros(2, np.int64))


def test_a_region_without_height_is_refused() -> None:
    with pytest.raises(InputError, match=r"Rois.size_px: expected \(2, 2\) float64, got \(2,\)"):
        Rois(np.zeros((2, 2)), np.zeros(2), np.zeros(2), np.zeros(2, np.int64))  # type: ignore[arg-type]


def test_crops_and_their_regions_go_together() -> None:
    pixels, to_image = np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 2, 3))
    assert len(Crops(pixels, to_image, rois(2), (6, 4))) == 2
    with pytest.raises(InputError, match=r"Crops.rois"):
        Crops(pixels, to_image, rois(1), (6, 4))
    with pytest.raises(InputError, match=r"Crops.to_image"):
        Crops(pixels, to_image[:1], rois(2), (6, 4))


def test_detections_are_single_precision() -> None:
    boxes, points, scores, row = (
        np.zeros((1, 4), np.float32),
        np.zeros((1, 4, 2), np.float32),
        np.ones(1, np.float32),
        np.zeros(1, np.int64),
    )
    assert len(Detections(boxes, points, scores, row)) == 1
    with pytest.raises(InputError, match=r"Detections.boxes_unit"):
        Detections(boxes.astype(np.float64), points, scores, row)  # type: ignore[arg-type]


def test_landmarks_carry_two_alignment_points() -> None:
    points, grid = np.zeros((1, 33, 3)), np.zeros((1, 33))
    with pytest.raises(InputError, match=r"Landmarks.alignment_crop: expected \(1, 2, 2\)"):
        Landmarks(points, points, grid, grid, np.ones(1), np.zeros(1, int), np.zeros((1, 4, 2)))


def test_nobody_has_the_shape_of_somebody() -> None:
    nobody = Poses.empty(17)
    assert len(nobody) == 0
    assert nobody.landmarks_px.shape == (0, 17, 3)
    assert nobody.visibility.shape == (0, 17)
    assert nobody.masks is None
    assert len(Rois.empty()) == 0


def test_poses_of_unequal_numbers_are_refused(people: Any) -> None:
    two = people((1, 2, 3), (4, 5, 6))
    with pytest.raises(InputError, match=r"Poses.ids"):
        two.with_ids(np.zeros(3, np.int64))


def test_people_are_taken_with_all_that_is_theirs(people: Any) -> None:
    masks = np.stack([np.full((4, 6), n, np.float32) for n in range(2)])
    two = dataclasses.replace(people((1, 2, 3), (4, 5, 6), ids=[7, 8]), masks=masks)
    second = two.take(np.array([False, True]))
    assert second.ids.tolist() == [8]
    assert second.alignment_px[0].tolist() == [[4, 5], [4, -1]]
    assert second.landmarks_px[0, 0].tolist() == [4, 5, 0]
    assert second.masks is not None
    assert (second.masks == 1).all()


def test_other_ids_leave_the_people_as_they_are(people: Any) -> None:
    before = people((1, 2, 3), ids=[1])
    after = before.with_ids(np.array([5]))
    assert (before.ids.tolist(), after.ids.tolist()) == ([1], [5])
    assert after.landmarks_px is before.landmarks_px


def test_the_radius_is_that_of_the_circle(people: Callable[..., Poses]) -> None:
    np.testing.assert_allclose(people((5, 5, 30), (9, 9, 4)).radius_px, [30, 4])
    assert people().radius_px.shape == (0,)
