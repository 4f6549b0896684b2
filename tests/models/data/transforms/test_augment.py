"""Augmentation: pixels and labels change together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from blazetrack.skeleton import LSP14, Skeleton
from models.data.annotated import AnnotatedImage
from models.data.transforms.augment import (
    AugmentSettings,
    CutSettings,
    OcclusionSettings,
    augmented,
    fill,
    occluded,
    truncated,
)

NONE = AugmentSettings.none()


def lit(person, xy):
    """The person in a black picture with one white pixel at `xy`, which is its left wrist."""
    image = np.zeros_like(person.image)
    image[xy[1], xy[0]] = 255
    points = person.points_px.copy()
    points[0, person.skeleton.index("left_wrist"), :2] = xy
    return replace(person, image=image, points_px=points)


def brightest(image):
    y, x = np.unravel_index(image[..., 0].argmax(), image.shape[:2])
    return int(x), int(y)


@pytest.mark.parametrize("seed", range(8))
def test_truncated_pixels_and_labels_move_together(make_person, seed):
    person = lit(make_person(LSP14), (61, 70))
    cut = truncated(person, np.random.default_rng(seed))
    assert cut.image.size < person.image.size
    wrist = LSP14.index("left_wrist")
    if cut.image.any():
        assert brightest(cut.image) == tuple(cut.points_px[0, wrist, :2].astype(int))
    else:
        assert cut.visibility[0, wrist] == 0
    moved = person.points_px[0, 0, :2] - cut.points_px[0, 0, :2]
    np.testing.assert_array_equal(person.alignment_px - cut.alignment_px, [[moved, moved]])
    height, width = cut.image.shape[:2]
    outside = ~((cut.points_px[..., :2] > -0.5) & (cut.points_px[..., :2] < (width, height))).all(
        -1
    )
    assert outside.any()
    assert (cut.visibility[outside] == 0).all()
    np.testing.assert_array_equal(cut.labelled, person.labelled)


def test_truncated_person_of_few_points_stays(make_person):
    person = make_person(LSP14)
    weights = np.zeros((1, 14), np.float32)
    weights[:, :3] = 1
    few = replace(person, weights=weights)
    assert truncated(few, np.random.default_rng(0)) is few


def crop_of(image, points, visibility=None):
    """A crop of as many keypoints as there are points."""
    skeleton = Skeleton("dots", tuple(f"dot{i}" for i in range(len(points))))
    known = {} if visibility is None else {"visibility": np.array(visibility, np.float32)[None]}
    circle = np.zeros((1, 2, 2), np.float32)
    points = np.array(points, np.float32)
    return AnnotatedImage.of(image, skeleton, points[None], circle, ["test/0"], **known)


def test_occluded_covered_keypoints_become_hidden():
    image = np.full((64, 64, 3), 128, np.uint8)
    points = np.stack(np.meshgrid(np.arange(64), np.arange(64)), -1).reshape(-1, 2)[::5]
    crop = crop_of(image, points)
    settings = OcclusionSettings(share=1, max_count=1, texture=0, patch=0)
    covered = occluded(crop, np.random.default_rng(3), settings)
    changed = (covered.image != 128).any(axis=2)[points[:, 1], points[:, 0]]
    assert 0 < changed.sum() < len(points)
    np.testing.assert_array_equal(covered.visibility[0] == 0, changed)
    assert np.isnan(covered.visibility[0, ~changed]).all()  # as unknown as before
    assert (image == 128).all()


@pytest.mark.parametrize("kind", [{"texture": 1, "patch": 0}, {"texture": 0, "patch": 1}])
def test_occluded_may_show_a_pattern_or_another_picture(kind):
    donor = np.random.default_rng(0).integers(1, 256, (30, 20, 3), np.uint8)
    settings = OcclusionSettings(share=1, max_count=1, min_side=0.5, max_side=0.5, **kind)
    crop = crop_of(np.zeros((64, 64, 3), np.uint8), [[np.nan, np.nan]], [1])
    covered = occluded(crop, np.random.default_rng(1), settings, donor)
    assert len(np.unique(covered.image.reshape(-1, 3), axis=0)) > 2
    assert covered.visibility[0, 0] == 1


def test_fill_follows_its_shares(make_person):
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


def test_augmented_without_augmentation_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    crop = crop_of(image, np.full((3, 2), 5.0), [1, 0, np.nan])
    same = augmented(crop, np.random.default_rng(1), NONE)
    np.testing.assert_array_equal(same.image, image)
    np.testing.assert_array_equal(same.visibility, crop.visibility)


def test_settings_unknown_or_wrong_value_is_refused():
    with pytest.raises(ValidationError, match="occlusoin"):
        AugmentSettings.model_validate({"occlusoin": {}})
    with pytest.raises(ValidationError, match="share"):
        AugmentSettings.model_validate({"occlusion": {"share": 1.5}})
    with pytest.raises(ValidationError, match="max_count"):
        AugmentSettings.model_validate({"occlusion": {"max_count": "3"}})
