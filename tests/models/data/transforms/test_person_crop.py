from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.geometry import apply, invert
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14, MPII16, Skeleton
from models.data.transforms.person_crop import (
    alignment_from_points,
    around,
    cut,
    jittered,
    region,
    to_crop,
    to_image_of,
)

KITE = Skeleton("kite", ("tip", "left_wing", "right_wing", "tail"), ())


def align(points, skeleton, **options):
    k = len(skeleton)
    rows = np.full((k, 3), np.nan, np.float32)
    for name, xy in points.items():
        rows[skeleton.index(name), :2] = xy
    return alignment_from_points(rows, np.ones(k, np.float32), skeleton, **options)


TORSO = {
    "left_shoulder": (110, 60), "right_shoulder": (90, 60),
    "left_hip": (106, 100), "right_hip": (94, 100),
}  # fmt: skip


def test_circle_is_around_the_hips_and_holds_the_feet_with_what_is_below_them():
    center, rim = align({**TORSO, "left_ankle": (100, 180)}, COCO17)
    np.testing.assert_allclose(center, (100, 100))
    np.testing.assert_allclose(rim, (100, 100 - 1.1 * 80), rtol=1e-6)


def test_circle_is_never_smaller_than_a_crouching_person():
    _, rim = align(TORSO, BLAZEPOSE33)
    np.testing.assert_allclose(rim, (100, 100 - 1.75 * 40), rtol=1e-6)


def test_circle_turns_and_moves_with_the_person():
    turn = np.array([[0.6, -0.8, 7], [0.8, 0.6, -3]])
    points = {**TORSO, "right_wrist": (30, 20), "left_ankle": (100, 180)}
    moved = {name: apply(turn, np.array(xy, float)[None])[0] for name, xy in points.items()}
    want = apply(turn, align(points, COCO17).astype(float))
    np.testing.assert_allclose(align(moved, COCO17), want, rtol=1e-5)


def test_one_hip_or_one_shoulder_is_enough():
    one_side = {name: xy for name, xy in TORSO.items() if name.startswith("left")}
    center, _ = align(one_side, LSP14)
    np.testing.assert_allclose(center, (106, 100))


def test_pelvis_and_neck_stand_in_for_hips_and_shoulders():
    center, rim = align({"pelvis": (50, 80), "neck": (50, 40)}, MPII16)
    np.testing.assert_allclose(center, (50, 80))
    np.testing.assert_allclose(rim, (50, 80 - 70), rtol=1e-6)


def test_hips_below_the_picture_are_sought_below_the_shoulders():
    upper = {"left_shoulder": (120, 60), "right_shoulder": (80, 60), "nose": (100, 40)}
    center, rim = align(upper, COCO17)
    assert center[0] == pytest.approx(100)
    assert center[1] == pytest.approx(60 + 1.5 * 40)
    assert rim[0] == pytest.approx(100)
    assert rim[1] < 40


def test_without_hips_and_shoulders_the_labelled_points_are_enclosed_upright():
    center, rim = align({"left_knee": (10, 20), "left_ankle": (10, 60)}, COCO17)
    np.testing.assert_allclose(center, (10, 40), atol=1e-3)
    np.testing.assert_allclose(rim, (10, 20), atol=1e-2)


def test_an_axis_says_which_way_a_thing_without_hips_is_up():
    points = {"tip": (30, 10), "tail": (10, 10)}
    center, rim = align(points, KITE, axis=("tail", "tip"))
    np.testing.assert_allclose(center, (20, 10), atol=1e-3)
    np.testing.assert_allclose(rim, (30, 10), atol=1e-2)
    _, upright = align(points, KITE)
    np.testing.assert_allclose(upright, (20, 0), atol=1e-2)


def test_an_axis_of_unlabelled_points_is_upright():
    _, rim = align({"tip": (30, 10), "left_wing": (10, 10)}, KITE, axis=("tail", "tip"))
    np.testing.assert_allclose(rim, (20, 0), atol=1e-2)


@pytest.mark.parametrize("points", [{}, {"tip": (5, 5)}, {"tip": (5, 5), "tail": (5, 5)}])
def test_fewer_than_two_places_have_no_circle(points):
    assert align(points, KITE) is None


def test_region_has_the_pipelines_margin():
    rois = region(np.array([[50, 60], [50, 20]], np.float32))
    np.testing.assert_allclose(rois.center_px, [[50, 60]])
    np.testing.assert_allclose(rois.side_px, [2 * 40 * 1.25])
    np.testing.assert_allclose(rois.angle_rad, [0])


def test_jitter_stays_within_its_bounds_and_follows_the_seed():
    rois = region(np.array([[50, 60], [90, 60]], np.float32))
    draws = [
        jittered(rois, np.random.default_rng(i), shift=0.1, scale=0.2, angle_deg=15)
        for i in range(200)
    ]
    side = rois.side_px[0]
    shift = np.array([d.center_px[0] - rois.center_px[0] for d in draws]) / side
    scale = np.array([d.side_px[0] for d in draws]) / side
    turn = np.degrees([d.angle_rad[0] - rois.angle_rad[0] for d in draws])
    for values, bound in ((shift, 0.1), (scale - 1, 0.2), (turn, 15)):
        assert 0.9 * bound < np.abs(values).max() <= bound
    again = jittered(rois, np.random.default_rng(7), shift=0.1, scale=0.2, angle_deg=15)
    np.testing.assert_array_equal(again.center_px, draws[7].center_px)


@pytest.mark.parametrize("angle_deg", [0, 37, 180, -100])
@pytest.mark.parametrize("scale", [0.6, 1.5])
def test_one_lit_pixel_and_its_label_land_together(make_person, angle_deg, scale):
    image = np.zeros((160, 120, 3), np.uint8)
    image[70:73, 60:63] = 255
    person = make_person(LSP14, image=image)
    up = np.array([np.sin(np.radians(angle_deg)), -np.cos(np.radians(angle_deg))])
    center = np.array([55.0, 80.0])
    rois = region(np.stack([center, center + up * 40 * scale]))
    crop, to_crop_affine = cut(person, 128, rois)
    weight = crop[..., 0].astype(float)
    y, x = (np.average(axis, weights=weight) for axis in np.mgrid[:128, :128])
    np.testing.assert_allclose(
        to_crop(np.array([[61.0, 71.0]]), to_crop_affine)[0], (x, y), atol=0.2
    )


def test_the_aligned_crop_shows_the_person_upright_in_the_middle(make_person):
    person = make_person(LSP14)
    _, affine = cut(person, 200)
    center, rim = to_crop(person.alignment_px, affine)
    np.testing.assert_allclose(center, (100, 100), atol=1e-4)
    np.testing.assert_allclose(rim, (100, 100 - 100 / 1.25), atol=1e-4)
    to_image = to_image_of(region(person.alignment_px), 200)
    np.testing.assert_allclose(invert(affine), to_image, atol=1e-9)


def test_depth_is_scaled_like_the_picture():
    affine = np.array([[0.0, -2.0, 5], [2.0, 0.0, 1]])
    np.testing.assert_allclose(to_crop(np.array([[1.0, 1.0, -3.0]]), affine), [[3, 3, -6]])
    mirrored = affine * np.array([[-1], [1]])
    assert to_crop(np.array([[1.0, 1.0, -3.0]]), mirrored)[0, 2] == pytest.approx(-6)


def test_cutting_nothing_is_refused(make_person):
    with pytest.raises(InputError, match="one region"):
        cut(make_person(LSP14), 0)


def test_a_small_picture_around_the_person_keeps_pixels_and_labels_together(make_person):
    person = make_person(LSP14, (1000, 800))
    image = np.zeros((800, 1000, 3), np.uint8)
    wrist = LSP14.index("left_wrist")
    x, y = person.points_px[wrist, :2].astype(int)
    image[y - 6 : y + 7, x - 6 : x + 7] = 255
    points = person.points_px.copy()
    points[wrist] = x, y, -30
    small = around(replace(person, image=image, points_px=points), 128)
    assert max(small.image.shape[:2]) <= 257
    assert region(small.alignment_px).side_px[0] == pytest.approx(128, rel=0.01)
    light = small.image[..., 0].astype(float)
    at = [np.average(axis, weights=light) for axis in np.mgrid[: light.shape[0], : light.shape[1]]]
    np.testing.assert_allclose(small.points_px[wrist, :2], at[::-1], atol=0.1)
    factor = 128 / region(person.alignment_px).side_px[0]
    assert small.points_px[wrist, 2] == pytest.approx(-30 * factor, rel=0.02)
    np.testing.assert_array_equal(small.labelled, person.labelled)


def test_the_same_crop_comes_from_the_small_picture(make_person):
    waves = np.sin(np.arange(600) / 40)
    grey = 128 + 60 * waves[:500, None] * waves[None]
    image = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    person = make_person(LSP14, (600, 500), image=image)
    one, _ = cut(person, 64)
    two, _ = cut(around(person, 200), 64)
    assert np.abs(one.astype(int) - two)[4:-4, 4:-4].max() <= 4


def test_a_picture_that_is_small_already_stays(make_person):
    person = make_person(LSP14)
    assert around(person, 1000, room=10) is person
