"""Other people pasted over a crop: pixels of the donor, hidden keypoints below."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.skeleton import LSP14
from models.data.annotated import AnnotatedImage
from models.data.transforms.augment import AugmentSettings, OcclusionSettings, augmented
from models.data.transforms.pasted_people import outline, paste_person

SIDE = 96
# Right leg, left leg, right arm, left arm, neck, top of the head, of a person in a 96-pixel square.
PLACES = (
    (38, 86), (40, 70), (43, 55), (53, 55), (56, 70), (58, 86),
    (28, 52), (32, 42), (40, 30), (56, 30), (64, 42), (68, 52),
    (48, 26), (48, 12),
)  # fmt: skip


def person(value: int, keypoints: int = 14) -> AnnotatedImage:
    """A person in a picture of one grey value, with the first labels only."""
    points = np.array(PLACES, np.float32)[None].copy()
    points[:, keypoints:] = np.nan
    image = np.full((SIDE, SIDE, 3), value, np.uint8)
    circle = np.array([[[48, 55], [48, 10]]], np.float32)
    seen = np.where(np.isfinite(points[..., 0]), 1, np.nan).astype(np.float32)
    return AnnotatedImage.of(image, LSP14, points, circle, ["test/1"], visibility=seen)


def test_outline_covers_limbs_and_trunk_only() -> None:
    mask = outline(person(0), 45.0)
    assert mask is not None
    assert mask[45, 48] == mask[70, 40] == mask[42, 64] == 255
    assert mask[80, 48] == mask[5, 5] == 0


def test_outline_few_keypoints_is_none() -> None:
    assert outline(person(0, keypoints=5), 45.0) is None


@pytest.mark.parametrize("seed", range(8))
def test_paste_person_hides_exactly_covered_keypoints(seed: int) -> None:
    crop = person(0)
    pasted = paste_person(crop, person(200), np.random.default_rng(seed))
    x, y = np.rint(crop.points_px[0, :, :2]).astype(int).T
    covered = pasted.image[y, x, 0] > 100
    np.testing.assert_array_equal(pasted.visibility[0] == 0, covered)
    np.testing.assert_array_equal(pasted.points_px, crop.points_px)
    assert (pasted.image == 200).any(), "the donor is in front"
    assert (pasted.image == 0).any(), "the crop is behind"


def test_paste_person_donor_without_labels_leaves_crop() -> None:
    crop, donor = person(0), person(200, keypoints=4)
    assert paste_person(crop, donor, np.random.default_rng(0)) is crop


def test_augmented_people_share_pastes_donor() -> None:
    crop, donor = person(0), person(200)
    plain = AugmentSettings.none()
    wanted = plain.model_copy(update={"occlusion": OcclusionSettings(people=1, share=0)})
    assert (augmented(crop, np.random.default_rng(0), wanted, donor).image > 0).any()
    same = augmented(crop, np.random.default_rng(0), plain, donor)
    np.testing.assert_array_equal(same.image, crop.image)
