"""The annotated image: checks, keypoint sets, people, and transforms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14, Skeleton
from models.data.annotated import PEOPLE, boxes_around


def test_to_skeleton_maps_rows_by_name(make_person):
    person = make_person(LSP14)
    mapped = person.to_skeleton(BLAZEPOSE33)
    wrist = BLAZEPOSE33.index("left_wrist")
    np.testing.assert_array_equal(
        mapped.points_px[0, wrist], person.points_px[0, LSP14.index("left_wrist")]
    )
    assert mapped.labelled.sum() == 12  # neck and head top have no name there
    heel = BLAZEPOSE33.index("left_heel")
    assert np.isnan(mapped.points_px[0, heel]).all()
    assert np.isnan(mapped.visibility[0, heel])
    assert mapped.weights[0, heel] == 0
    assert mapped.to_skeleton(BLAZEPOSE33) is mapped


def test_labelled_needs_position_and_weight(make_person):
    person = make_person(LSP14)
    weights = person.weights.copy()
    weights[0, 3] = 0
    points = person.points_px.copy()
    points[0, 5, 1] = np.nan
    labelled = replace(person, weights=weights, points_px=points).labelled
    assert not labelled[0, 3]
    assert not labelled[0, 5]
    assert labelled.sum() == 12


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points_px", np.zeros((13, 3), np.float32)),
        ("visibility", np.zeros(14)),
        ("boxes_px", np.zeros(3, np.float32)),
        ("image", np.zeros((4, 4), np.uint8)),
        ("image", np.zeros((0, 4, 3), np.uint8)),
        ("alignment_px", np.full((2, 2), np.nan, np.float32)),
    ],
)
def test_wrong_array_is_refused(make_person, field, value):
    with pytest.raises(InputError, match="test/00000"):
        make_person(LSP14, **{field: value})


def test_has_torso_needs_both_hips_and_shoulders(make_person):
    person = make_person(COCO17)
    weights = person.weights.copy()
    weights[0, COCO17.index("left_hip")] = 0
    lacking = replace(person, weights=weights)
    assert person.joined([lacking]).has_torso.tolist() == [True, False]
    assert make_person(Skeleton("kite", ("tip", "tail"))).has_torso.tolist() == [False]


def test_take_and_joined_keep_rows_in_order(make_person):
    one, two = make_person(number=1), make_person(number=2)
    both = one.joined([two])
    assert both.sources == ("test/00001", "test/00002")
    assert both.take([1]).sources == two.sources
    assert len(both.take(np.array([False, False]))) == 0
    np.testing.assert_array_equal(both.take([1, 0]).points_px, both.points_px[::-1])


def test_transformed_mirror_moves_pixel_and_label_together(make_person):
    person = make_person(LSP14)
    wrist = LSP14.index("left_wrist")
    mirror = np.array([[-1.0, 0, 119], [0, 1, 0]])
    moved = person.transformed(person.image[:, ::-1], mirror)
    want = person.points_px[0, wrist, :2] * (-1, 1) + (119, 0)
    np.testing.assert_allclose(moved.points_px[0, LSP14.index("right_wrist"), :2], want, rtol=1e-6)


def test_transformed_mirror_twice_is_identity(make_person):
    world = np.random.default_rng(0).normal(size=(33, 3)).astype(np.float32)
    boxes = np.array([3, 4, 50, 60], np.float32)
    person = make_person(BLAZEPOSE33, world_m=world, boxes_px=boxes)
    mirror = np.array([[-1.0, 0, 119], [0, 1, 0]])
    once = person.transformed(person.image, mirror)
    assert not np.allclose(once.world_m[0], world)
    twice = once.transformed(person.image, mirror)
    for name in (*PEOPLE, "ignore_px"):
        np.testing.assert_allclose(getattr(twice, name), getattr(person, name), rtol=1e-5)


def test_transformed_scales_depth_and_turns_metres(make_person):
    points = np.zeros((33, 3), np.float32)
    points[:] = 1, 1, -3
    world = np.tile(np.array([1, 0, 5], np.float32), (33, 1))
    person = make_person(BLAZEPOSE33, points_px=points, world_m=world)
    moved = person.transformed(person.image, np.array([[0.0, -2.0, 5], [2.0, 0.0, 1]]))
    np.testing.assert_allclose(moved.points_px[0, 0], [3, 3, -6])
    np.testing.assert_allclose(moved.world_m[0, 0], [0, 1, 5], atol=1e-12)


def test_boxes_around_skips_unknown_corners():
    corners = np.array([[[1, 2], [np.nan, 9], [5, 0]], [[np.nan] * 2] * 3])
    boxes = boxes_around(corners)
    np.testing.assert_array_equal(boxes[0], [1, 0, 5, 2])
    assert np.isnan(boxes[1]).all()
