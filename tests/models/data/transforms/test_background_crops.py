from __future__ import annotations

import cv2
import numpy as np
import pytest

from blazetrack.skeleton import LSP14
from models.data.readers.coco import read_coco
from models.data.transforms.background_crops import (
    Background,
    Backgrounds,
    background_of,
    crop_of_nobody,
)


def test_a_crop_of_nobody_shows_nobody():
    image = np.full((200, 300, 3), 60, np.uint8)
    image[:, 100:180] = 255  # the person
    background = Background(image, np.array([[100.0, 0, 180, 200]]))
    for seed in range(30):
        crop = crop_of_nobody(background, 64, np.random.default_rng(seed))
        assert crop.shape == (64, 64, 3)
        assert (crop == 255).mean() < 0.2  # turned, so a corner may look over


def test_a_picture_full_of_people_is_shuffled():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    background = Background(image, np.array([[0.0, 0, 40, 40]]))
    crop = crop_of_nobody(background, 40, np.random.default_rng(0))
    assert not np.array_equal(crop, image)
    np.testing.assert_array_equal(np.sort(crop, axis=None), np.sort(image, axis=None))


@pytest.mark.parametrize("size", [30, 41])
def test_shuffling_fits_any_side(size):
    image = np.zeros((5, 7, 3), np.uint8)
    background = Background(image, np.array([[0.0, 0, 7, 5]]))
    assert crop_of_nobody(background, size, np.random.default_rng(0)).shape == (size, size, 3)


def test_the_person_of_a_sample_is_the_box_around_it(make_person):
    person = make_person(LSP14)
    (box,) = background_of(person).people_px
    xy = person.points_px[:, :2]
    assert (box[:2] < xy.min(0)).all()
    assert (box[2:] > xy.max(0)).all()


def test_pictures_of_a_coco_file_come_with_all_their_people(make_coco):
    file = read_coco(make_coco(annotations__bbox=[5, 5, 40, 20]))
    pictures = Backgrounds(file)
    assert len(pictures) == 2
    first, second = pictures[:2]
    np.testing.assert_allclose(first.people_px, [[5, 5, 45, 55]])  # box and points together
    np.testing.assert_allclose(second.people_px, [[10, 5, 30, 55]])
    assert first.image.shape == (60, 40, 3)
    cv2.imwrite(str(file.pictures[2]), np.zeros((60, 40, 3), np.uint8))
    assert not pictures[1].image.any()  # decoded when asked for
