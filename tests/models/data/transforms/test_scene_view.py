"""All people of a picture in the skeleton of a network for several people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.skeleton import COCO17, COCO18, LSP14, Skeleton
from models.common.person_finder import FoundPeople
from models.data.transforms.detector_view import ignore_unlabelled
from models.data.transforms.scene_view import scene_view, with_neck


def test_scene_view_neck_is_the_middle_of_the_shoulders(make_person) -> None:
    person = make_person(COCO17)
    view = scene_view(person, COCO18)
    left, right = (COCO18.index(f"{side}_shoulder") for side in ("left", "right"))
    neck = view.points_px[0, COCO18.index("neck")]
    np.testing.assert_allclose(neck[:2], view.points_px[0, [left, right], :2].mean(axis=0))
    assert view.labelled[0, COCO18.index("neck")]
    np.testing.assert_allclose(
        view.points_px[0, COCO18.index("left_wrist")],
        person.points_px[0, COCO17.index("left_wrist")],
    )


def test_with_neck_without_a_shoulder_has_none(make_person) -> None:
    person = make_person(COCO17)
    person.points_px[0, COCO17.index("left_shoulder")] = np.nan
    view = scene_view(person, COCO18)
    assert not view.labelled[0, COCO18.index("neck")]


def test_with_neck_replaces_the_neck_of_another_definition(make_person) -> None:
    person = make_person(LSP14)
    person.points_px[0, LSP14.index("neck"), :2] = 1, 1
    neck = with_neck(person).points_px[0, LSP14.index("neck"), :2]
    assert (neck > 20).all()


def test_scene_view_person_without_keypoints_is_ignored(make_person) -> None:
    skeleton = Skeleton("nose", ("nose", "tail"), ((0, 1),))
    person = make_person(COCO17)
    person.points_px[0, COCO17.index("nose")] = np.nan
    view = scene_view(person, skeleton)
    assert len(view) == 0
    np.testing.assert_array_equal(view.ignore_px, [[0, 0, 120, 160]])
    boxed = replace(person, boxes_px=np.array([[5, 6, 50, 60]], np.float32))
    np.testing.assert_array_equal(scene_view(boxed, skeleton).ignore_px, [[5, 6, 50, 60]])


def test_ignore_unlabelled_whole_ignores_the_circle_of_the_others(make_person) -> None:
    view = scene_view(make_person(COCO17), COCO18)
    other = view.alignment_px + np.array([300.0, 0.0])
    found = FoundPeople(
        np.array([[0.0, 0, 4, 4], [300, 0, 304, 4]]),
        np.concatenate([view.alignment_px, other]),
        np.zeros((2, 2)),
        np.ones(2),
    )
    ignored = ignore_unlabelled(view, found, whole=True).ignore_px
    radius = view.diameters_px[0] / 2
    center = other[0, 0]
    np.testing.assert_allclose(ignored, [[*(center - radius), *(center + radius)]])
