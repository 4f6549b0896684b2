"""Records that travel between stages: checks, selection, concatenation."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import COCO17
from blazetrack.types import Crops, Detections, Frame, Landmarks, Poses, Rois

IMAGE = np.zeros((4, 6, 3), np.uint8)


def rois(n: int) -> Rois:
    sizes = np.arange(2.0 * n).reshape(n, 2)
    return Rois(np.zeros((n, 2)), sizes, np.zeros(n), np.arange(n))


def test_frame_size_and_defaults() -> None:
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
def test_frame_wrong_image_is_refused(image: Any, got: str) -> None:
    with pytest.raises(InputError, match=f"Frame.image: expected .*{got}"):
        Frame(image)


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -math.inf])
def test_frame_time_not_finite_is_refused(time_s: float) -> None:
    with pytest.raises(InputError, match=r"Frame.time_s: expected finite seconds"):
        Frame(IMAGE, 0, time_s)


def test_frame_negative_time_is_allowed() -> None:
    assert Frame(IMAGE, 0, -1.5).time_s == -1.5


def test_frame_is_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Frame(IMAGE).index = 1  # type: ignore[misc]


def test_rois_side_is_the_longer_side() -> None:
    assert rois(2).side_px.tolist() == [1.0, 3.0]


def test_rois_squares_keep_centre_angle_and_id() -> None:
    region = Rois(np.array([[5.0, 6.0]]), np.array([[2.0, 8.0]]), np.array([0.3]), np.array([4]))
    square = region.squares()
    assert square.size_px.tolist() == [[8.0, 8.0]]
    assert square.center_px is region.center_px
    assert square.angle_rad is region.angle_rad
    assert square.ids.tolist() == [4]


def test_take_accepts_indices_mask_and_slice() -> None:
    three = rois(3)
    for rows in (np.array([0, 2]), np.array([True, False, True]), slice(0, 3, 2)):
        assert three.take(rows).ids.tolist() == [0, 2]
    assert len(three.take(np.zeros(0, np.int64))) == 0


def test_rois_unequal_lengths_are_refused() -> None:
    with pytest.raises(InputError, match=r"Rois.angle_rad"):
        Rois(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(1), np.zeros(2, np.int64))


def test_rois_size_without_height_is_refused() -> None:
    with pytest.raises(InputError, match=r"Rois.size_px: expected \(2, 2\) float64, got \(2,\)"):
        Rois(np.zeros((2, 2)), np.zeros(2), np.zeros(2), np.zeros(2, np.int64))  # type: ignore[arg-type]


def test_crops_and_rois_of_unequal_length_are_refused() -> None:
    pixels, to_image = np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 2, 3))
    assert len(Crops(pixels, to_image, rois(2), (6, 4))) == 2
    with pytest.raises(InputError, match=r"Crops.rois"):
        Crops(pixels, to_image, rois(1), (6, 4))
    with pytest.raises(InputError, match=r"Crops.to_image"):
        Crops(pixels, to_image[:1], rois(2), (6, 4))


def test_detections_float64_is_refused() -> None:
    boxes, points, scores, row = (
        np.zeros((1, 4), np.float32),
        np.zeros((1, 4, 2), np.float32),
        np.ones(1, np.float32),
        np.zeros(1, np.int64),
    )
    assert len(Detections(boxes, points, scores, row)) == 1
    with pytest.raises(InputError, match=r"Detections.boxes_unit"):
        Detections(boxes.astype(np.float64), points, scores, row)  # type: ignore[arg-type]


def test_landmarks_other_alignment_shape_is_refused() -> None:
    points, grid = np.zeros((1, 33, 3)), np.zeros((1, 33))
    with pytest.raises(InputError, match=r"Landmarks.alignment_crop: expected \(1, 2, 2\)"):
        Landmarks(points, points, grid, grid, np.ones(1), np.zeros(1, int), np.zeros((1, 4, 2)))


def test_empty_has_the_shape_of_the_record() -> None:
    empty = Poses.empty(17)
    assert len(empty) == 0
    assert empty.landmarks_px.shape == (0, 17, 3)
    assert empty.visibility.shape == (0, 17)
    assert empty.masks is None
    assert len(Rois.empty()) == 0


def test_poses_unequal_lengths_are_refused(people: Any) -> None:
    two = people((1, 2, 3), (4, 5, 6))
    with pytest.raises(InputError, match=r"Poses.ids"):
        two.with_ids(np.zeros(3, np.int64))


def test_take_selects_every_field(people: Any) -> None:
    masks = np.stack([np.full((4, 6), n, np.float32) for n in range(2)])
    two = dataclasses.replace(people((1, 2, 3), (4, 5, 6), ids=[7, 8]), masks=masks)
    second = two.take(np.array([False, True]))
    assert second.ids.tolist() == [8]
    assert second.alignment_px[0].tolist() == [[4, 5], [4, -1]]
    assert second.landmarks_px[0, 0].tolist() == [4, 5, 0]
    assert second.masks is not None
    assert (second.masks == 1).all()


def test_poses_with_ids_changes_only_ids(people: Any) -> None:
    before = people((1, 2, 3), ids=[1])
    after = before.with_ids(np.array([5]))
    assert (before.ids.tolist(), after.ids.tolist()) == ([1], [5])
    assert after.landmarks_px is before.landmarks_px


def test_poses_radius_is_that_of_the_circle(people: Callable[..., Poses]) -> None:
    np.testing.assert_allclose(people((5, 5, 30), (9, 9, 4)).radius_px, [30, 4])
    assert people().radius_px.shape == (0,)


def landmarks(n: int, masks: bool) -> Landmarks:
    points, grid = np.full((n, 17, 3), float(n)), np.zeros((n, 17))
    mask = np.zeros((n, 4, 6), np.float32) if masks else None
    return Landmarks(points, points, grid, grid, np.ones(n), np.arange(n), None, mask, COCO17)


def test_joined_keeps_order_shared_fields_and_common_optional_fields() -> None:
    both = Landmarks.joined([landmarks(1, masks=True), landmarks(2, masks=True)])
    assert both.xyz_crop[:, 0, 0].tolist() == [1, 2, 2]
    assert both.row.tolist() == [0, 0, 1]
    assert both.alignment_crop is None
    assert both.masks_crop is not None
    assert both.masks_crop.shape == (3, 4, 6)
    assert both.skeleton is COCO17
    mixed = Landmarks.joined([landmarks(1, masks=True), landmarks(2, masks=False)])
    assert mixed.masks_crop is None


def test_joined_of_one_is_the_same_object_and_of_none_is_empty() -> None:
    one = landmarks(1, masks=False)
    assert Landmarks.joined([one]) is one
    assert len(Rois.joined([])) == 0
    assert Detections.empty().keypoints_unit.shape == (0, 0, 2)


def test_take_keeps_absent_optional_and_shared_fields() -> None:
    part = landmarks(3, masks=False).take(np.array([2, 0]))
    assert part.row.tolist() == [2, 0]
    assert part.masks_crop is None
    assert part.skeleton is COCO17


def test_sizes_with_one_name_must_agree() -> None:
    one = landmarks(2, masks=False)
    with pytest.raises(InputError, match=r"Landmarks.visibility: expected \(2, 17\) float64, got"):
        dataclasses.replace(one, visibility=np.zeros((2, 33)))
    with pytest.raises(
        InputError, match=r"Landmarks.row: expected \(2\) int64, got \(2,\) float64"
    ):
        dataclasses.replace(one, row=np.zeros(2))
    with pytest.raises(InputError, match=r"Landmarks.scores: expected a numpy array, got list"):
        dataclasses.replace(one, scores=[1.0, 1.0])  # type: ignore[arg-type]


def test_rois_valid_drops_what_cannot_be_cropped() -> None:
    three = rois(3)  # sides 1, 3, 5
    assert three.valid() is three
    centers = np.array([[0, 0], [np.nan, 0], [0, np.inf]])
    assert dataclasses.replace(three, center_px=centers).valid().ids.tolist() == [0]
    assert dataclasses.replace(three, size_px=three.size_px / 2).valid().ids.tolist() == [1, 2]
