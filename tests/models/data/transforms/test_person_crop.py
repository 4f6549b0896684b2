"""Crops of people: pixels and labels move together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.geometry import apply, invert
from blazetrack.skeleton import LSP14
from models.data.transforms.augment import CutSettings, jittered
from models.data.transforms.person_crop import (
    around,
    cut,
    region,
    to_image_of,
)


def test_region_has_the_pipelines_margin():
    rois = region(np.array([[[50, 60], [50, 20]]], np.float32))
    np.testing.assert_allclose(rois.center_px, [[50, 60]])
    np.testing.assert_allclose(rois.side_px, [2 * 40 * 1.25])
    np.testing.assert_allclose(rois.angle_rad, [0])


def test_jitter_stays_within_its_bounds_and_follows_the_seed():
    rois = region(np.array([[[50, 60], [90, 60]]], np.float32))
    settings = CutSettings(shift=0.1, scale=0.2, angle_deg=15)
    draws = [jittered(rois, np.random.default_rng(i), settings) for i in range(200)]
    side = rois.side_px[0]
    shift = np.array([d.center_px[0] - rois.center_px[0] for d in draws]) / side
    scale = np.array([d.side_px[0] for d in draws]) / side
    turn = np.degrees([d.angle_rad[0] - rois.angle_rad[0] for d in draws])
    for values, bound in ((shift, 0.1), (scale - 1, 0.2), (turn, 15)):
        assert 0.9 * bound < np.abs(values).max() <= bound
    again = jittered(rois, np.random.default_rng(7), settings)
    np.testing.assert_array_equal(again.center_px, draws[7].center_px)


@pytest.mark.parametrize("angle_deg", [0, 37, 180, -100])
@pytest.mark.parametrize("scale", [0.6, 1.5])
def test_lit_pixel_and_its_label_land_together(make_person, angle_deg, scale):
    image = np.zeros((160, 120, 3), np.uint8)
    image[70:73, 60:63] = 255
    person = make_person(LSP14, image=image)
    up = np.array([np.sin(np.radians(angle_deg)), -np.cos(np.radians(angle_deg))])
    center = np.array([55.0, 80.0])
    rois = region(np.stack([center, center + up * 40 * scale])[None])
    crop, to_image = cut(person, 128, rois)
    weight = crop.image[..., 0].astype(float)
    y, x = (np.average(axis, weights=weight) for axis in np.mgrid[:128, :128])
    np.testing.assert_allclose(
        apply(invert(to_image), np.array([[61.0, 71.0]]))[0], (x, y), atol=0.2
    )


def test_the_aligned_crop_shows_the_person_upright_in_the_middle(make_person):
    person = make_person(LSP14)
    crop, affine = cut(person, 200)
    center, rim = crop.alignment_px[0]
    np.testing.assert_allclose(center, (100, 100), atol=1e-4)
    np.testing.assert_allclose(rim, (100, 100 - 100 / 1.25), atol=1e-4)
    to_image = to_image_of(region(person.alignment_px), 200)
    np.testing.assert_array_equal(affine, to_image)


def test_cut_to_size_0_is_refused(make_person):
    with pytest.raises(InputError, match="one region"):
        cut(make_person(LSP14), 0)


def test_around_pixels_and_labels_move_together(make_person):
    person = make_person(LSP14, (1000, 800))
    image = np.zeros((800, 1000, 3), np.uint8)
    wrist = LSP14.index("left_wrist")
    x, y = person.points_px[0, wrist, :2].astype(int)
    image[y - 6 : y + 7, x - 6 : x + 7] = 255
    points = person.points_px.copy()
    points[0, wrist] = x, y, -30
    small = around(replace(person, image=image, points_px=points), 128)
    assert max(small.image.shape[:2]) <= 257
    assert region(small.alignment_px).side_px[0] == pytest.approx(128, rel=0.01)
    light = small.image[..., 0].astype(float)
    at = [np.average(axis, weights=light) for axis in np.mgrid[: light.shape[0], : light.shape[1]]]
    np.testing.assert_allclose(small.points_px[0, wrist, :2], at[::-1], atol=0.1)
    factor = 128 / region(person.alignment_px).side_px[0]
    assert small.points_px[0, wrist, 2] == pytest.approx(-30 * factor, rel=0.02)
    np.testing.assert_array_equal(small.labelled, person.labelled)


def test_around_gives_the_same_crop(make_person):
    waves = np.sin(np.arange(600) / 40)
    grey = 128 + 60 * waves[:500, None] * waves[None]
    image = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    person = make_person(LSP14, (600, 500), image=image)
    one, _ = cut(person, 64)
    two, _ = cut(around(person, 200), 64)
    assert np.abs(one.image.astype(int) - two.image)[4:-4, 4:-4].max() <= 4


def test_around_small_picture_stays(make_person):
    person = make_person(LSP14)
    assert around(person, 1000, room=10) is person
