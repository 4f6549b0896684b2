"""Training examples: an annotated image in, one randomly augmented input and its targets out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

import numpy as np

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from models.data.annotated import AnnotatedImage
from models.data.keypoint_crops import KeypointCrops
from models.data.prefetch import Arrays
from models.data.targets import Encoder
from models.data.targets.keypoints import keypoint_targets
from models.data.transforms.augment import AugmentSettings, augmented, fill, jittered, truncated
from models.data.transforms.background_crops import background_crop
from models.data.transforms.mosaic import CanvasSettings, Draw, draw
from models.data.transforms.person_crop import cut, region

__all__ = ["Canvases", "Example", "KeypointCrops", "PersonCrops"]


@dataclass(frozen=True)
class PersonCrops:
    """Crops of one person each, aligned as the pipeline aligns them, for a landmark network.

    Attributes:
        side: of the crop in pixels.
        skeleton: of the targets; images are brought to it by name.
        encode: makes the targets of a crop.
        augment: random changes.
        negatives: share of crops without a person.
        backgrounds: pictures to cut these from; by default those of the batch's own sources.
    """

    side: int
    skeleton: Skeleton = BLAZEPOSE33
    encode: Encoder = keypoint_targets
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    negatives: float = 0.0
    backgrounds: Sequence[AnnotatedImage] = ()

    def __post_init__(self) -> None:
        _check_side(self.side)
        if not 0 <= self.negatives < 1:
            raise InputError(f"negatives: expected a share of 0 to 1, got {self.negatives}")

    def __call__(self, image: AnnotatedImage, other: Draw, rng: np.random.Generator) -> Arrays:
        """One example without the batch's axis; `other` draws further images at random."""
        if rng.random() < self.negatives:
            crop = self._background(other, rng)
            donor = other()
        else:
            donor = other()
            crop = self._person(image.to_skeleton(self.skeleton), donor.image, rng)
        crop = augmented(crop, rng, self.augment, donor)
        return {"image": crop.image, **self.encode(crop)}

    def _person(
        self, image: AnnotatedImage, donor: np.ndarray, rng: np.random.Generator
    ) -> AnnotatedImage:
        settings = self.augment.cut
        if rng.random() < settings.truncate:
            image = truncated(image, rng)
        roi = jittered(region(image.alignment_px), rng, settings)
        mirror = bool(rng.random() < settings.flip)
        around = fill(self.side, rng, settings, donor)
        return cut(image, self.side, roi, mirror=mirror, background=around)[0]

    def _background(self, other: Draw, rng: np.random.Generator) -> AnnotatedImage:
        count = len(self.backgrounds)
        picture = self.backgrounds[int(rng.integers(count))] if count else other()
        return AnnotatedImage.empty(background_crop(picture, self.side, rng), self.skeleton)


@dataclass(frozen=True)
class Canvases:
    """Whole pictures, parts of them and mosaics, for a network that finds several people.

    Attributes:
        side: of the canvas in pixels.
        encode: makes the targets of a canvas.
        canvas: what is shown.
    """

    side: int
    encode: Encoder
    canvas: CanvasSettings = field(default_factory=CanvasSettings)
    skeleton: ClassVar[None] = None  # images of any keypoints

    def __post_init__(self) -> None:
        _check_side(self.side)

    def __call__(self, image: AnnotatedImage, other: Draw, rng: np.random.Generator) -> Arrays:
        """One example without the batch's axis; `other` draws further images at random."""
        canvas = draw(image, other, self.side, rng, self.canvas)
        return {"image": canvas.image, **self.encode(canvas)}


Example: TypeAlias = PersonCrops | Canvases | KeypointCrops


def _check_side(side: int) -> None:
    if side < 1:
        raise InputError(f"batches: side: expected 1 or more, got {side}")
