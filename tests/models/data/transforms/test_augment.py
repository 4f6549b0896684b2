from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from blazetrack.skeleton import BLAZEPOSE33, LSP14
from models.data.transforms.augment import (
    AugmentSettings,
    CutSettings,
    OcclusionSettings,
    augmented,
    fill,
    flipped,
    occluded,
    truncated,
)

NONE = AugmentSettings.none()


def lit(person, xy):
    """The person in a black picture with one white pixel at `xy`, which is its left wrist."""
    image = np.zeros_like(person.image)
    image[xy[1], xy[0]] = 255
    points = person.points_px.copy()
    points[person.skeleton.index("left_wrist"), :2] = xy
    return replace(person, image=image, points_px=points)


def brightest(image):
    y, x = np.unravel_index(image[..., 0].argmax(), image.shape[:2])
    return int(x), int(y)


def test_a_mirror_moves_the_lit_pixel_and_its_label_together(make_person):
    person = flipped(lit(make_person(LSP14), (17, 40)))
    assert brightest(person.image) == (120 - 1 - 17, 40)
    wrist = LSP14.index("right_wrist")  # what was left is right in the mirror
    np.testing.assert_array_equal(person.points_px[wrist, :2], (102, 40))


def test_a_mirror_twice_changes_nothing(make_person):
    world = np.random.default_rng(0).normal(size=(33, 3)).astype(np.float32)
    person = make_person(BLAZEPOSE33, world_m=world)
    once = flipped(person)
    assert not np.array_equal(once.world_m, world)
    twice = flipped(once)
    for name in ("image", "points_px", "visibility", "weights", "world_m", "alignment_px"):
        np.testing.assert_allclose(getattr(twice, name), getattr(person, name), err_msg=name)


@pytest.mark.parametrize("seed", range(8))
def test_a_cut_off_picture_keeps_pixels_and_labels_together(make_person, seed):
    person = lit(make_person(LSP14), (61, 70))
    cut = truncated(person, np.random.default_rng(seed))
    assert cut.image.size < person.image.size
    wrist = LSP14.index("left_wrist")
    if cut.image.any():
        assert brightest(cut.image) == tuple(cut.points_px[wrist, :2].astype(int))
    else:
        assert cut.visibility[wrist] == 0
    moved = person.points_px[0, :2] - cut.points_px[0, :2]
    np.testing.assert_array_equal(person.alignment_px - cut.alignment_px, [moved, moved])
    height, width = cut.image.shape[:2]
    outside = ~((cut.points_px[:, :2] > -0.5) & (cut.points_px[:, :2] < (width, height))).all(1)
    assert outside.any()
    assert (cut.visibility[outside] == 0).all()
    np.testing.assert_array_equal(cut.labelled, person.labelled)


def test_a_person_of_few_points_is_not_cut_off(make_person):
    person = make_person(LSP14)
    weights = np.zeros(14, np.float32)
    weights[:3] = 1
    few = replace(person, weights=weights)
    assert truncated(few, np.random.default_rng(0)) is few


def test_what_a_rectangle_covers_becomes_hidden():
    image = np.full((64, 64, 3), 128, np.uint8)
    points = np.stack(np.meshgrid(np.arange(64), np.arange(64)), -1).reshape(-1, 2).astype(float)
    unknown = np.full(len(points), np.nan, np.float32)
    settings = OcclusionSettings(share=1, most=1, texture=0, patch=0)
    covered, seen = occluded(image, points, unknown, np.random.default_rng(3), settings)
    changed = (covered != 128).any(axis=2).ravel()
    assert 0 < changed.sum() < len(points)
    np.testing.assert_array_equal(seen == 0, changed)  # known to be hidden
    assert np.isnan(seen[~changed]).all()  # all others are as unknown as before
    assert (image == 128).all()


@pytest.mark.parametrize("kind", [{"texture": 1, "patch": 0}, {"texture": 0, "patch": 1}])
def test_a_rectangle_may_show_a_pattern_or_another_picture(kind):
    donor = np.random.default_rng(0).integers(1, 256, (30, 20, 3), np.uint8)
    settings = OcclusionSettings(share=1, most=1, smallest=0.5, largest=0.5, **kind)
    nowhere = np.full((1, 2), np.nan)
    image, seen = occluded(
        np.zeros((64, 64, 3), np.uint8),
        nowhere,
        np.ones(1),
        np.random.default_rng(1),
        settings,
        donor,
    )
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 2
    assert seen[0] == 1


def test_what_surrounds_the_picture_is_drawn_by_lot(make_person):
    donor = make_person(LSP14).image
    rng = np.random.default_rng(0)
    assert fill(32, rng, CutSettings(black=0, picture=0), donor) is None
    black = fill(32, rng, CutSettings(black=1, picture=0), donor)
    assert black is not None
    assert not black.any()
    picture = fill(32, rng, CutSettings(black=0, picture=1), donor)
    assert picture is not None
    assert picture.shape == (32, 32, 3)
    assert picture.any()


def test_no_augmentation_changes_no_pixel():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    points, visibility = np.full((3, 2), 5.0), np.array([1, 0, np.nan])
    same, seen = augmented(image, points, visibility, np.random.default_rng(1), NONE)
    np.testing.assert_array_equal(same, image)
    np.testing.assert_array_equal(seen, visibility.astype(np.float32))


def test_settings_refuse_what_they_do_not_know():
    with pytest.raises(ValidationError, match="occlusoin"):
        AugmentSettings.model_validate({"occlusoin": {}})
    with pytest.raises(ValidationError, match="share"):
        AugmentSettings.model_validate({"occlusion": {"share": 1.5}})
    with pytest.raises(ValidationError, match="most"):
        AugmentSettings.model_validate({"occlusion": {"most": "3"}})
