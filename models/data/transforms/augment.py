"""Random augmentation of a training picture, with its labels.

Every function is pure: (annotated image, generator, settings) in, an annotated image out. Lengths
are in parts of the crop's side, so that settings mean the same at all sizes. `examples.py` puts
shift, scale, angle and flip into one resampling with the crop; the rest works on the crop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from blazetrack.types import Rois
from models.common.config_base import Strict
from models.data.annotated import AnnotatedImage
from models.data.transforms.pasted_people import paste_person
from models.data.transforms.photometric import (
    ColourSettings,
    DamageSettings,
    blurred,
    damaged,
    recoloured,
)

__all__ = [
    "AugmentSettings",
    "CutSettings",
    "OcclusionSettings",
    "augmented",
    "fill",
    "jittered",
    "occluded",
    "truncated",
]

Image = NDArray[np.uint8]


class CutSettings(Strict):
    """Where the crop lies and what surrounds the picture.

    Attributes:
        shift: up to so many sides, in x and in y.
        scale: the side is multiplied by 1 − scale … 1 + scale (BlazePose, arXiv 2006.10204: 0.1).
        angle_deg: up to so many degrees either way.
        flip: share of crops that are mirrored.
        truncate: share of pictures that end within the person, as at a desk.
        black: share of crops with black around the picture,
        picture: share with another, blurred picture there; all others repeat the edge.
    """

    shift: float = Field(default=0.1, ge=0, le=0.5)
    scale: float = Field(default=0.1, ge=0, lt=1)
    angle_deg: float = Field(default=20.0, ge=0, le=180)
    flip: float = Field(default=0.5, ge=0, le=1)
    truncate: float = Field(default=0.1, ge=0, le=1)
    black: float = Field(default=0.15, ge=0, le=1)
    picture: float = Field(default=0.45, ge=0, le=1)


class OcclusionSettings(Strict):
    """Rectangles and people that cover parts of the crop.

    Attributes:
        people: share of crops with another person pasted over.
        share: of crops that get rectangles.
        max_count: maximum number on one crop.
        min_side, max_side: range of the rectangles' sides, in crop sides.
        texture: share of rectangles that are patterned,
        patch: share that show a piece of another picture; all others are of one colour.
    """

    renamed: ClassVar[Mapping[str, str]] = {
        "most": "max_count",
        "smallest": "min_side",
        "largest": "max_side",
    }

    people: float = Field(default=0.0, ge=0, le=1)
    share: float = Field(default=0.5, ge=0, le=1)
    max_count: int = Field(default=3, ge=1, le=20)
    min_side: float = Field(default=0.08, gt=0, le=1)
    max_side: float = Field(default=0.35, gt=0, le=1)
    texture: float = Field(default=0.25, ge=0, le=1)
    patch: float = Field(default=0.35, ge=0, le=1)


class AugmentSettings(Strict):
    """All random changes of a training picture."""

    cut: CutSettings = CutSettings()
    occlusion: OcclusionSettings = OcclusionSettings()
    colour: ColourSettings = ColourSettings()
    damage: DamageSettings = DamageSettings()

    @classmethod
    def none(cls) -> AugmentSettings:
        """No change: the exact aligned crop with the edge repeated around it."""
        return cls(
            cut=CutSettings(shift=0, scale=0, angle_deg=0, flip=0, truncate=0, black=0, picture=0),
            occlusion=OcclusionSettings(people=0, share=0),
            colour=ColourSettings(
                brightness=0, contrast=0, gamma=0, saturation=0, hue_deg=0, tint=0, grey=0
            ),
            damage=DamageSettings(small=0, blur=0, motion=0, noise=0, jpeg=0),
        )


def jittered(rois: Rois, rng: np.random.Generator, settings: CutSettings) -> Rois:
    """N regions with the errors of a tracker: shift, scale and angle, uniformly within ± bounds."""
    n = len(rois)
    aside = rng.uniform(-settings.shift, settings.shift, (n, 2)) * rois.side_px[:, None]
    grown = rng.uniform(1 - settings.scale, 1 + settings.scale, (n, 1))
    turned = np.radians(rng.uniform(-settings.angle_deg, settings.angle_deg, n))
    return Rois(rois.center_px + aside, rois.size_px * grown, rois.angle_rad + turned, rois.ids)


def truncated(person: AnnotatedImage, rng: np.random.Generator) -> AnnotatedImage:
    """One person in a picture that ends within the body; at least half of the points stay.

    Points that are cut off keep their places and become hidden: a network shall estimate legs that
    the picture does not show. The lower edge is cut most often.
    """
    xy = person.points_px[person.labelled, :2]
    side = int(rng.choice(4, p=(0.6, 0.15, 0.15, 0.1)))  # below, left, right, above
    if len(xy) < 4:
        return person
    axis, after = (1, 0, 0, 1)[side], side in (0, 2)
    inner, outer = np.quantile(xy[:, axis], (0.5, 0.97) if after else (0.5, 0.03))
    edge = int(np.rint(rng.uniform(min(inner, outer), max(inner, outer))))
    height, width = person.image.shape[:2]
    low, high = (0, edge) if after else (edge, (width, height)[axis])
    low, high = max(low, 0), min(high, (width, height)[axis])
    if high - low < 8:
        return person
    image = person.image[low:high] if axis else person.image[:, low:high]
    moved = np.array([0, low] if axis else [low, 0], np.float32)
    points = person.points_px.copy()
    points[..., :2] -= moved
    ends = np.array(image.shape[1::-1]) - 0.5
    outside = ((points[..., :2] < -0.5) | (points[..., :2] > ends)).any(axis=-1)  # False for NaN
    return replace(
        person,
        image=image,
        points_px=points,
        visibility=np.where(outside, np.float32(0), person.visibility),
        alignment_px=person.alignment_px - moved,
        boxes_px=person.boxes_px - np.tile(moved, 2),
        ignore_px=person.ignore_px - np.tile(moved, 2),
    )


def fill(size: int, rng: np.random.Generator, settings: CutSettings, donor: Image) -> Image | None:
    """`(S, S, 3)` uint8, what a crop shows outside of its picture; None repeats the edge.

    Args:
        size: S.
        settings: shares of black and of another picture.
        donor: `(h, w, 3)` uint8, another picture.
    """
    drawn = rng.random()
    if drawn < settings.black:
        return np.zeros((size, size, 3), np.uint8)
    if drawn >= settings.black + settings.picture:
        return None
    quarter = max(1, size // 4)  # it is out of focus anyway
    piece = cv2.resize(_piece(donor, rng, 0.5), (quarter, quarter), interpolation=cv2.INTER_AREA)
    soft = blurred(np.asarray(piece, np.uint8), quarter * rng.uniform(0, 0.03))
    return np.asarray(cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def occluded(
    crop: AnnotatedImage,
    rng: np.random.Generator,
    settings: OcclusionSettings,
    donor: Image | None = None,
) -> AnnotatedImage:
    """Cover parts of a square crop with rectangles; labelled keypoints below become hidden.

    Args:
        crop: S × S pixels.
        settings: how many rectangles, how large, what they show.
        donor: another picture, for patches.
    """
    if rng.random() >= settings.share:
        return crop
    covered, size = crop.image.copy(), crop.image.shape[0]
    xy = np.where(crop.labelled[..., None], crop.points_px[..., :2], np.nan)
    seen = crop.visibility.copy()
    for _ in range(int(rng.integers(1, settings.max_count + 1))):
        wide, high = np.maximum(
            1, size * rng.uniform(settings.min_side, settings.max_side, 2)
        ).astype(int)
        x, y = (int(v) for v in rng.integers(0, (size - wide + 1, size - high + 1)))
        covered[y : y + high, x : x + wide] = _cover(wide, high, rng, settings, donor)
        below = (xy >= (x - 0.5, y - 0.5)) & (xy < (x + wide - 0.5, y + high - 0.5))
        seen[below.all(axis=-1)] = 0.0
    return replace(crop, image=covered, visibility=seen)


def _cover(
    wide: int, high: int, rng: np.random.Generator, settings: OcclusionSettings, donor: Image | None
) -> Image:
    """What one rectangle shows: `(high, wide, 3)` uint8, or a colour to fill it with."""
    drawn = rng.random()
    if drawn < settings.patch and donor is not None:
        piece = _piece(donor, rng, 0.2)
        return np.asarray(cv2.resize(piece, (wide, high), interpolation=cv2.INTER_LINEAR), np.uint8)
    if drawn < settings.patch + settings.texture:
        grid = rng.integers(0, 256, (*rng.integers(1, 7, 2), 3), np.uint8)
        way = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(grid, (wide, high), interpolation=way), np.uint8)
    return rng.integers(0, 256, 3, np.uint8)


def _piece(picture: Image, rng: np.random.Generator, min_part: float) -> Image:
    """A random part of a picture, at least `min_part` of its sides."""
    height, width = picture.shape[:2]
    h, w = (max(1, int(side * rng.uniform(min_part, 1.0))) for side in (height, width))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    return picture[y : y + h, x : x + w]


def augmented(
    crop: AnnotatedImage,
    rng: np.random.Generator,
    settings: AugmentSettings,
    donor: AnnotatedImage | None = None,
) -> AnnotatedImage:
    """All changes of a crop after it was cut: occlusion, then light, then the camera's damage."""
    people = settings.occlusion.people
    if donor is not None and people > 0 and rng.random() < people:
        crop = paste_person(crop, donor, rng)
    crop = occluded(crop, rng, settings.occlusion, None if donor is None else donor.image)
    image = recoloured(crop.image, rng, settings.colour)
    return replace(crop, image=damaged(image, rng, settings.damage))
