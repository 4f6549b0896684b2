"""Crops that show no person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.skeleton import LSP14
from models.data.annotated import AnnotatedImage
from models.data.transforms.background_crops import background_crop


def picture(image, *ignored):
    """A picture with ignored regions."""
    empty = AnnotatedImage.empty(image, LSP14)
    return replace(empty, ignore_px=np.array(ignored, np.float32))


def test_background_crop_shows_no_person():
    image = np.full((200, 300, 3), 60, np.uint8)
    image[:, 100:180] = 255  # the person
    background = picture(image, [100.0, 0, 180, 200])
    for seed in range(30):
        crop = background_crop(background, 64, np.random.default_rng(seed))
        assert crop.shape == (64, 64, 3)
        assert (crop == 255).mean() < 0.2  # turned, so a corner may look over


def test_background_crop_of_a_full_picture_is_shuffled():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    background = picture(image, [0.0, 0, 40, 40])
    crop = background_crop(background, 40, np.random.default_rng(0))
    assert not np.array_equal(crop, image)
    np.testing.assert_array_equal(np.sort(crop, axis=None), np.sort(image, axis=None))


@pytest.mark.parametrize("size", [30, 41])
def test_background_crop_shuffled_fits_any_side(size):
    image = np.zeros((5, 7, 3), np.uint8)
    background = picture(image, [0.0, 0, 7, 5])
    assert background_crop(background, size, np.random.default_rng(0)).shape == (size, size, 3)


def test_person_without_a_box_is_avoided_by_its_points(make_person):
    person = make_person(LSP14, (300, 200), image=np.full((200, 300, 3), 60, np.uint8))
    points = person.points_px.copy()
    points[..., 0] = points[..., 0] / 3 + 50  # in the left half
    low, high = points[0, :, :2].min(0).astype(int), points[0, :, :2].max(0).astype(int)
    person.image[low[1] : high[1], low[0] : high[0]] = 255
    person = replace(person, points_px=points)
    for seed in range(20):
        crop = background_crop(person, 64, np.random.default_rng(seed))
        assert (crop == 255).mean() < 0.25
