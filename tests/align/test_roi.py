"""Regions from detections, boxes, poses and keypoints, and their selection."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.align.crop import Crop
from blazetrack.align.roi import (
    free_rois,
    merge_rois,
    rois_from_alignment,
    rois_from_boxes,
    rois_from_detections,
    rois_from_poses,
    whole_roi,
)
from blazetrack.parity import roi as parity
from blazetrack.types import Crops, Detections, Frame, Poses, Rois

MakePeople = Callable[..., Poses]
ONE = np.array([1], np.int64)


def squares(*rows: tuple[float, float, float], ids: list[int] | None = None) -> Rois:
    """Upright squares `(x, y, side)`."""
    n = len(rows)
    x, y, side = np.reshape(rows, (n, 3)).astype(np.float64).T
    given_ids = np.zeros(n, np.int64) if ids is None else np.array(ids, np.int64)
    return Rois(np.stack([x, y], 1), np.stack([side, side], 1), np.zeros(n), given_ids)


def frame_of(width: int, height: int) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8))


def whole_crop(width: int, height: int, side: int = 224) -> Crops:
    frame = frame_of(width, height)
    return Crop(size=(side, side), border="zero")(frame, whole_roi(frame))


def found(keypoints: np.ndarray) -> Detections:
    """Detections with these keypoints `(N, P, 2)`, all in the first crop."""
    n = len(keypoints)
    boxes, scores = np.zeros((n, 4), np.float32), np.ones(n, np.float32)
    return Detections(boxes, keypoints.astype(np.float32), scores, np.zeros(n, np.int64))


def test_whole_roi_is_upright_without_id() -> None:
    rois = whole_roi(frame_of(640, 480))
    assert rois.center_px.tolist() == [[320, 240]]
    assert rois.size_px.tolist() == [[640, 480]]
    assert rois.side_px.tolist() == [640]
    assert (rois.angle_rad.tolist(), rois.ids.tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ("rim", "angle"),
    [
        ((0, -40), 0.0),  # the head above the hip: upright
        ((40, 0), pi / 2),  # the head to the right: the crop turns clockwise
        ((-40, 0), -pi / 2),
        ((0, 40), pi),  # upside down
        ((40, -40), pi / 4),
    ],
)
def test_rois_from_alignment_turn_the_person_upright(
    rim: tuple[float, float], angle: float
) -> None:
    points = np.array([[[100, 80], [100 + rim[0], 80 + rim[1]]]], np.float64)
    rois = rois_from_alignment(points, ONE)
    np.testing.assert_allclose(rois.angle_rad, [angle], atol=1e-12)
    np.testing.assert_allclose(rois.center_px, [[100, 80]])
    np.testing.assert_allclose(rois.size_px, 2 * 1.25 * np.hypot(*rim))
    assert rois.ids.tolist() == [1]


def test_rois_from_alignment_margin_scales_the_side() -> None:
    points = np.array([[[0, 0], [0, -10]]], np.float64)
    assert rois_from_alignment(points, ONE, margin=2.0).side_px.tolist() == [40]


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (300, 300)])
def test_rois_from_detections_undo_the_letterbox(width: int, height: int) -> None:
    side = max(width, height)
    hip, rim = np.array([200.0, 250.0]), np.array([210.0, 130.0])
    corner = (np.array([width, height]) - side) / 2
    unit = (np.array([[hip, rim, hip, rim]]) - corner) / side
    rois = rois_from_detections(found(unit), whole_crop(width, height))
    want = rois_from_alignment(np.array([[hip, rim]]), np.zeros(1, np.int64))
    np.testing.assert_allclose(rois.center_px, want.center_px, atol=1e-4)
    np.testing.assert_allclose(rois.size_px, want.size_px, atol=1e-3)
    np.testing.assert_allclose(rois.angle_rad, want.angle_rad, atol=1e-6)
    assert rois.ids.tolist() == [0]


def test_rois_from_detections_points_select_the_keypoints() -> None:
    unit = np.array([[[0.1, 0.1], [0.1, 0.2], [0.5, 0.5], [0.5, 0.4]]])
    rois = rois_from_detections(found(unit), whole_crop(100, 100), points=(2, 3))
    np.testing.assert_allclose(rois.center_px, [[50, 50]], atol=1e-5)
    np.testing.assert_allclose(rois.angle_rad, [0], atol=1e-6)


inner = st.floats(0.2, 0.8)


@given(st.integers(40, 2000), st.integers(40, 2000), st.tuples(inner, inner, inner, inner))
def test_rois_from_detections_agree_with_the_parity_node(
    width: int, height: int, points: tuple[float, ...]
) -> None:
    keypoints = np.reshape(points, (1, 2, 2))
    crop = whole_crop(width, height)
    plain = rois_from_detections(found(keypoints), crop)
    exact = parity.rois_from_detections(found(keypoints), crop)
    agree(plain, exact)


@given(
    st.integers(40, 2000),
    st.integers(40, 2000),
    st.tuples(st.floats(-200, 2200), st.floats(-200, 2200)),
    st.floats(-pi, pi),
    st.floats(2, 900),
)
def test_rois_from_poses_agree_with_the_parity_node(
    width: int, height: int, hip: tuple[float, float], turn: float, radius: float
) -> None:
    rim = hip[0] + radius * np.sin(turn), hip[1] - radius * np.cos(turn)
    empty = Poses.empty()
    one = np.zeros((1, 33, 3))
    alignment = np.array([[hip, rim]])
    poses = Poses(one, one, one[..., 0], one[..., 0], np.ones(1), ONE, alignment)
    frame = frame_of(width, height)
    agree(
        rois_from_poses(poses, frame),
        parity.rois_from_poses(poses, frame),
    )
    assert len(rois_from_poses(empty, frame)) == 0


def agree(plain: Rois, exact: Rois) -> None:
    """Within the resolution of float32: a thousandth of a pixel where people are."""
    assert len(plain) == len(exact)
    np.testing.assert_allclose(exact.center_px, plain.center_px, atol=1e-3)
    np.testing.assert_allclose(exact.size_px, plain.size_px, atol=2e-3)
    turn = np.abs(exact.angle_rad - plain.angle_rad)
    # A point close to the hip gives its angle no better than its own rounding.
    limit = 2e-3 / np.maximum(plain.side_px, 1)
    assert (np.minimum(turn, 2 * pi - turn) < limit).all()


@pytest.mark.parametrize("bad", [nan, 1e7])
@pytest.mark.parametrize("node", [rois_from_poses, parity.rois_from_poses])
def test_rois_from_poses_invalid_regions_are_left_out(
    people: MakePeople, bad: float, node: Callable[..., Rois]
) -> None:
    poses = people((50, 50, 20), (60, 60, 0.1), (bad, 50, 20), (50, 50, bad), ids=[1, 2, 3, 4])
    rois = node(poses, frame_of(100, 100))
    kept = [1] if bad != 1e7 else [1, 3]  # far away can be cut: it shows the border
    assert rois.ids.tolist() == kept


def test_rois_from_poses_infinite_points_are_left_out(people: MakePeople) -> None:
    poses = people((50, 50, 20), (50, 50, inf), ids=[1, 2])
    assert rois_from_poses(poses, frame_of(100, 100)).ids.tolist() == [1]


def test_rois_from_poses_keep_their_ids(people: MakePeople) -> None:
    rois = rois_from_poses(people((10, 20, 30), (40, 50, 6), ids=[7, 3]), frame_of(100, 100))
    assert rois.ids.tolist() == [7, 3]
    np.testing.assert_allclose(rois.side_px, [75, 15])


def test_free_rois_region_on_a_tracked_person_is_dropped() -> None:
    taken = squares((100, 100, 80), ids=[1])
    assert len(free_rois(squares((110, 100, 80)), taken, max_people=5)) == 0
    assert len(free_rois(squares((121, 100, 80)), taken, max_people=5)) == 1


def test_free_rois_distance_is_relative_to_the_smaller_region() -> None:
    taken = squares((100, 100, 400), ids=[1])
    assert len(free_rois(squares((110, 100, 80)), taken, max_people=5)) == 0
    assert len(free_rois(squares((130, 100, 80)), taken, max_people=5)) == 1


def test_free_rois_keep_the_first_of_near_regions() -> None:
    new = squares((10, 10, 40), (12, 10, 40), (90, 10, 40))
    assert free_rois(new, max_people=5).center_px[:, 0].tolist() == [10, 90]


@pytest.mark.parametrize(("distance", "free"), [(0.0, 3), (0.1, 2), (0.2, 1), (1.0, 0)])
def test_free_rois_min_distance_separates_people(distance: float, free: int) -> None:
    taken = squares((100, 100, 80), ids=[1])
    new = squares((104, 100, 80), (110, 100, 80), (150, 100, 80))
    assert len(free_rois(new, taken, max_people=9, min_distance=distance)) == free
    assert len(merge_rois(new, taken, max_people=9, min_distance=distance)) == 1 + free


def test_free_rois_min_distance_applies_among_new_regions() -> None:
    new = squares((100, 100, 80), (110, 100, 80))
    for distance, free in ((0.1, 2), (0.2, 1)):
        assert len(free_rois(new, max_people=9, min_distance=distance)) == free
        assert len(merge_rois(new, None, max_people=9, min_distance=distance)) == free


def test_free_rois_tracked_people_count_towards_max_people() -> None:
    new = squares((0, 0, 10), (50, 0, 10), (99, 0, 10))
    assert len(free_rois(new)) == 1
    assert len(free_rois(new, max_people=2)) == 2
    taken = squares((500, 500, 10), ids=[1])
    assert len(free_rois(new, taken, max_people=2)) == 1
    assert len(free_rois(new, taken, max_people=1)) == 0


def test_free_rois_min_candidates_exceed_max_people() -> None:
    new = squares((0, 0, 10), (50, 0, 10), (99, 0, 10))
    assert len(free_rois(new, min_candidates=2)) == 2
    assert len(free_rois(new, max_people=3, min_candidates=2)) == 3
    taken = squares((500, 500, 10), ids=[1])
    assert len(free_rois(new, taken, max_people=2, min_candidates=2)) == 2
    assert len(free_rois(new, taken, max_people=1, min_candidates=2)) == 0


def test_merge_rois_puts_tracked_people_first() -> None:
    carried, new = squares((0, 0, 10), ids=[4]), squares((50, 0, 10), (2, 0, 10))
    merged = merge_rois(new, carried, max_people=3)
    assert merged.ids.tolist() == [4, 0]
    assert merged.center_px[:, 0].tolist() == [0, 50]


def test_merge_rois_without_people() -> None:
    carried = squares((0, 0, 10), ids=[4])
    assert merge_rois(None, carried).ids.tolist() == [4]
    assert len(merge_rois(None, None)) == 0
    assert merge_rois(squares((1, 1, 9)), None).center_px.tolist() == [[1, 1]]
    assert len(merge_rois(Rois.empty(), Rois.empty())) == 0


def test_rois_from_boxes_are_upright_and_larger_by_the_margin() -> None:
    rois = rois_from_boxes(np.array([[10.0, 20, 30, 100]]), ONE, margin=1.5)
    assert rois.center_px.tolist() == [[20, 60]]
    assert rois.size_px.tolist() == [[30, 120]]
    assert (rois.angle_rad.tolist(), rois.ids.tolist()) == ([0], [1])


def test_rois_from_detections_without_keypoints_are_those_of_the_boxes() -> None:
    box = np.array([[0.25, 0.25, 0.5, 0.75]], np.float32)
    row = np.zeros(1, np.int64)
    detections = Detections(box, np.zeros((1, 0, 2), np.float32), np.ones(1, np.float32), row)
    rois = rois_from_detections(detections, whole_crop(400, 200), margin=1.0)
    np.testing.assert_allclose(rois.center_px, [[150, 100]])
    np.testing.assert_allclose(rois.size_px, [[100, 200]])
