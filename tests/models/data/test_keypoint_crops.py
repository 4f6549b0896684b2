"""Crops around displaced keypoints: the target leads from the centre to the lit keypoint."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.skeleton import Skeleton
from models.data.annotated import AnnotatedImage
from models.data.keypoint_crops import KeypointCrops, NormalErrors, SampledErrors
from models.data.transforms.augment import AugmentSettings, CutSettings

PAIR = Skeleton("pair", ("left_eye", "right_eye", "nose"))
PLAIN = AugmentSettings.none()


def person(lit: int) -> AnnotatedImage:
    """A dark picture with a disc at one keypoint; only that one is labelled."""
    image = np.zeros((240, 240, 3), np.uint8)
    points = np.full((1, 3, 2), np.nan, np.float32)
    points[0, lit] = (150, 110)
    cv2.circle(image, (150, 110), 4, (255, 255, 255), -1)
    alignment = np.array([[[120, 120], [120, 60]]], np.float32)
    return AnnotatedImage.of(image, PAIR, points, alignment, ["one"])


def shifted(keypoint: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.array([0.03, -0.05])


@pytest.mark.parametrize("lit", [0, 2])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("angle", [0.0, 180.0])
def test_target_leads_to_the_keypoint(lit: int, mirror: bool, angle: float) -> None:
    cut = CutSettings(
        **{**PLAIN.cut.model_dump(), "flip": float(mirror), "angle_deg": angle, "shift": 0.1}
    )
    crops = KeypointCrops(64, 0.3, shifted, PAIR, PLAIN.model_copy(update={"cut": cut}))
    for seed in range(4):
        one = crops(person(lit), lambda: person(lit), np.random.default_rng(seed))
        row = 1 if lit == 0 and mirror else lit
        weights = one["displacements_weight"]
        assert weights[row].tolist() == [1, 1]
        assert weights.sum() == 2
        y, x = np.nonzero(one["image"][..., 0] > 127)
        place = np.array([x.mean(), y.mean()]) + 0.5
        np.testing.assert_allclose(one["displacements"][row] * 64 + 32, place, atol=1.0)
        # The centre is off by the displacement, in sides of the person's crop.
        np.testing.assert_allclose(one["displacements"][row] * 0.3, (-0.03, 0.05), atol=1e-4)


def test_person_without_labels_has_no_weight() -> None:
    image = person(0)
    unlabelled = AnnotatedImage.of(
        image.image, PAIR, np.full((1, 3, 2), np.nan, np.float32), image.alignment_px, ["one"]
    )
    one = KeypointCrops(32, 0.3, shifted, PAIR, PLAIN)(
        unlabelled, lambda: image, np.random.default_rng(0)
    )
    assert not one["displacements_weight"].any()
    assert np.isfinite(one["displacements"]).all()


def test_errors_are_drawn_per_keypoint_or_from_a_normal_distribution() -> None:
    rng = np.random.default_rng(0)
    errors = rng.normal(0, 0.01, (400, 3, 2)) + np.array([[0.1, 0], [0, -0.2], [0.3, 0.3]])
    errors[:, 2] = np.nan  # known of no person: those of all keypoints
    sampled, normal = SampledErrors(errors), NormalErrors(errors)
    assert (sampled(0, rng) == errors[:, 0]).all(axis=1).any()
    for keypoint, mean in ((0, (0.1, 0)), (1, (0, -0.2)), (2, (0.05, -0.1))):
        drawn = np.stack([normal(keypoint, rng) for _ in range(400)])
        np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.02)
    spread = np.stack([normal(0, rng) for _ in range(400)]).std(axis=0)
    np.testing.assert_allclose(spread, 0.01, atol=0.002)


def test_next_to_no_errors_is_one_line() -> None:
    with pytest.raises(InputError, match="errors of 3 keypoints or more, got 2"):
        NormalErrors(np.zeros((2, 1, 2)))
