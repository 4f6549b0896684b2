"""Training examples of a refinement network: crops around one displaced keypoint each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.geometry import apply, invert
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from models.data.annotated import AnnotatedImage
from models.data.prefetch import Arrays
from models.data.transforms.augment import AugmentSettings, augmented, fill, jittered
from models.data.transforms.mosaic import Draw
from models.data.transforms.person_crop import cut, mirrored, region, to_image_of

__all__ = ["Displace", "KeypointCrops", "NormalErrors", "SampledErrors", "displacement_targets"]

Float = NDArray[np.float64]
Displace = Callable[[int, np.random.Generator], Float]
"""Number of a keypoint → displacement `(2,)`, x y in parts of the side of the person's crop."""

MIN_ERRORS = 3  # of a keypoint; else those of all keypoints count


@dataclass(frozen=True, eq=False)
class SampledErrors:
    """Displacements that are errors of the stage before, drawn at random.

    Args:
        errors: `(N, K, 2)`, x y in parts of the side of the person's crop; NaN is unknown.

    Raises:
        InputError: there are next to no errors.
    """

    errors: Float

    def __post_init__(self) -> None:
        known = int(np.isfinite(self.errors).all(axis=-1).sum())
        if known < MIN_ERRORS:
            raise InputError(
                f"data.previous: expected errors of {MIN_ERRORS} keypoints or more, got {known}"
            )

    def of(self, keypoint: int) -> Float:
        """`(M, 2)` known errors of a keypoint."""
        one = self.errors[:, keypoint]
        one = one[np.isfinite(one).all(axis=-1)]
        if len(one) < MIN_ERRORS:
            one = self.errors[np.isfinite(self.errors).all(axis=-1)]
        return one

    def __call__(self, keypoint: int, rng: np.random.Generator) -> Float:
        one = self.of(keypoint)
        drawn: Float = one[int(rng.integers(len(one)))]
        return drawn


class NormalErrors(SampledErrors):
    """Displacements from a normal distribution per keypoint, with mean and covariance of errors."""

    def __call__(self, keypoint: int, rng: np.random.Generator) -> Float:
        one = self.of(keypoint)
        drawn: Float = rng.multivariate_normal(one.mean(axis=0), np.cov(one.T))
        return drawn


@dataclass(frozen=True)
class KeypointCrops:
    """Crops around one labelled keypoint each, displaced as the stage before misses it.

    Attributes:
        side: of the crop in pixels.
        share: its side in parts of the side of the person's crop.
        displace: draws displacements.
        skeleton: of the targets; images are brought to it by name.
        augment: random changes.
    """

    side: int
    share: float
    displace: Displace
    skeleton: Skeleton = BLAZEPOSE33
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __call__(self, image: AnnotatedImage, other: Draw, rng: np.random.Generator) -> Arrays:
        """One example without the batch's axis; `other` draws further images at random."""
        image, donor, settings = image.to_skeleton(self.skeleton), other(), self.augment.cut
        person = jittered(region(image.alignment_px), rng, settings)
        mirror = bool(rng.random() < settings.flip)
        keypoints = np.flatnonzero(image.labelled[0])
        chosen = int(rng.choice(keypoints)) if len(keypoints) else -1
        row = self.skeleton.partners[chosen] if mirror else chosen
        to_image = to_image_of(person, self.side)
        to_image = mirrored(to_image, self.side) if mirror else to_image
        center = np.full((1, 2), self.side / 2)
        if len(keypoints):
            place = np.asarray(image.points_px[0, chosen, :2], np.float64)
            center = apply(invert(to_image), place[None])
        center = center + self.displace(row, rng) * self.side
        roi = replace(
            person, center_px=apply(to_image, center), size_px=person.size_px * self.share
        )
        around = fill(self.side, rng, settings, donor.image)
        crop = cut(image, self.side, roi, mirror=mirror, background=around)[0]
        crop = augmented(crop, rng, self.augment, donor)
        return {"image": crop.image, **displacement_targets(crop, row)}


def displacement_targets(crop: AnnotatedImage, row: int) -> Arrays:
    """Targets of a crop: from its centre to the keypoint `row`, in parts of its side.

    Returns:
        float32: `displacements (K, 2)` and `displacements_weight (K, 2)`, 0 but for that row, and
        where that keypoint has no label.
    """
    k, side = len(crop.skeleton), crop.image.shape[1]
    away, weight = np.zeros((k, 2), np.float32), np.zeros((k, 2), np.float32)
    if len(crop) and crop.labelled[0, row]:
        away[row] = crop.points_px[0, row, :2] / side - 0.5
        weight[row] = crop.weights[0, row]
    return {"displacements": away, "displacements_weight": weight}
