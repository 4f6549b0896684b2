"""Random changes of a training picture, and what they do to its labels.

Every function is pure: (picture or person, chance, settings) in, the same kind out. Lengths are
in parts of the crop's side, so that settings mean the same at all sizes. `batches.py` puts shift,
scale, angle and flip into one resampling with the cut; the rest works on the crop.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.common.config_base import Strict
from models.data.sample import PoseSample
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
    "flipped",
    "occluded",
    "truncated",
]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]


class CutSettings(Strict):
    """Where the crop lies and what surrounds the picture.

    Attributes:
        shift: up to so many sides, in x and in y.
        scale: the side is multiplied by 1 − scale … 1 + scale (BlazePose, arXiv 2006.10204: 0.1).
        angle_deg: up to so many degrees either way.
        flip: share of crops that are mirrored.
        truncate: share of pictures that are cut off through the person, as at a desk.
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
    """Rectangles that cover parts of the crop.

    Attributes:
        share: of crops that get rectangles.
        most: at most so many on one crop.
        smallest: side of a rectangle, from
        largest: to so many crop sides.
        texture: share of rectangles that are patterned,
        patch: share that show a piece of another picture; all others are of one colour.
    """

    share: float = Field(default=0.5, ge=0, le=1)
    most: int = Field(default=3, ge=1, le=20)
    smallest: float = Field(default=0.08, gt=0, le=1)
    largest: float = Field(default=0.35, gt=0, le=1)
    texture: float = Field(default=0.25, ge=0, le=1)
    patch: float = Field(default=0.35, ge=0, le=1)


class AugmentSettings(Strict):
    """All that is done to a training picture."""

    cut: CutSettings = CutSettings()
    occlusion: OcclusionSettings = OcclusionSettings()
    colour: ColourSettings = ColourSettings()
    damage: DamageSettings = DamageSettings()

    @classmethod
    def none(cls) -> AugmentSettings:
        """Change nothing: the exact aligned crop with the edge repeated around it."""
        return cls(
            cut=CutSettings(shift=0, scale=0, angle_deg=0, flip=0, truncate=0, black=0, picture=0),
            occlusion=OcclusionSettings(share=0),
            colour=ColourSettings(
                brightness=0, contrast=0, gamma=0, saturation=0, hue_deg=0, tint=0, grey=0
            ),
            damage=DamageSettings(small=0, blur=0, motion=0, noise=0, jpeg=0),
        )


def flipped(person: PoseSample) -> PoseSample:
    """The person in a mirror: pixels, places, and which keypoint is called left."""
    partner = list(person.skeleton.partners)
    points, world = person.points_px[partner], person.world_m[partner]
    points[:, 0] = person.image.shape[1] - 1 - points[:, 0]
    world[:, 0] *= -1
    alignment = person.alignment_px.copy()
    alignment[:, 0] = person.image.shape[1] - 1 - alignment[:, 0]
    return replace(
        person,
        image=np.ascontiguousarray(person.image[:, ::-1]),
        points_px=points,
        visibility=person.visibility[partner],
        weights=person.weights[partner],
        world_m=world,
        alignment_px=alignment,
    )


def truncated(person: PoseSample, rng: np.random.Generator) -> PoseSample:
    """The person in a picture that ends within the body; at least half of the points stay.

    What is cut off keeps its place and becomes hidden: a network shall know where legs are that
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
    points[:, :2] -= moved
    ends = np.array(image.shape[1::-1]) - 0.5
    outside = ((points[:, :2] < -0.5) | (points[:, :2] > ends)).any(axis=1)  # False for NaN
    return replace(
        person,
        image=image,
        points_px=points,
        visibility=np.where(outside, np.float32(0), person.visibility),
        alignment_px=person.alignment_px - moved,
    )


def fill(size: int, rng: np.random.Generator, settings: CutSettings, donor: Image) -> Image | None:
    """`(S, S, 3)` uint8, what a crop shows outside of its picture; None repeats the edge.

    Args:
        size: S.
        rng: where chance comes from.
        settings: shares of black and of another picture.
        donor: `(h, w, 3)` uint8, another picture.
    """
    chance = rng.random()
    if chance < settings.black:
        return np.zeros((size, size, 3), np.uint8)
    if chance >= settings.black + settings.picture:
        return None
    quarter = max(1, size // 4)  # it is out of focus anyway
    piece = cv2.resize(_piece(donor, rng, 0.5), (quarter, quarter), interpolation=cv2.INTER_AREA)
    soft = blurred(np.asarray(piece, np.uint8), quarter * rng.uniform(0, 0.03))
    return np.asarray(cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def occluded(
    image: Image,
    points_crop: Float,
    visibility: NDArray[np.floating],
    rng: np.random.Generator,
    settings: OcclusionSettings,
    donor: Image | None = None,
) -> tuple[Image, NDArray[np.float32]]:
    """Cover parts of a crop; keypoints below become known to be hidden.

    Args:
        image: `(S, S, 3)` uint8.
        points_crop: `(K, 2)` crop pixels, NaN where not known.
        visibility: `(K,)`, NaN where not known.
        rng: where chance comes from.
        settings: how many rectangles, how large, what they show.
        donor: another picture, for patches.

    Returns:
        The crop and `(K,)` float32 visibility.
    """
    seen = np.array(visibility, np.float32)
    if rng.random() >= settings.share:
        return image, seen
    covered, size = image.copy(), image.shape[0]
    for _ in range(int(rng.integers(1, settings.most + 1))):
        wide, high = np.maximum(
            1, size * rng.uniform(settings.smallest, settings.largest, 2)
        ).astype(int)
        x, y = (int(v) for v in rng.integers(0, (size - wide + 1, size - high + 1)))
        covered[y : y + high, x : x + wide] = _cover(wide, high, rng, settings, donor)
        below = (points_crop >= (x - 0.5, y - 0.5)) & (
            points_crop < (x + wide - 0.5, y + high - 0.5)
        )
        seen[below.all(axis=1)] = 0.0
    return covered, seen


def _cover(
    wide: int, high: int, rng: np.random.Generator, settings: OcclusionSettings, donor: Image | None
) -> Image:
    """What one rectangle shows: `(high, wide, 3)` uint8, or a colour to fill it with."""
    chance = rng.random()
    if chance < settings.patch and donor is not None:
        piece = _piece(donor, rng, 0.2)
        return np.asarray(cv2.resize(piece, (wide, high), interpolation=cv2.INTER_LINEAR), np.uint8)
    if chance < settings.patch + settings.texture:
        grid = rng.integers(0, 256, (*rng.integers(1, 7, 2), 3), np.uint8)
        way = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(grid, (wide, high), interpolation=way), np.uint8)
    return rng.integers(0, 256, 3, np.uint8)


def _piece(picture: Image, rng: np.random.Generator, least: float) -> Image:
    """A random part of a picture, at least `least` of its sides."""
    height, width = picture.shape[:2]
    h, w = (max(1, int(side * rng.uniform(least, 1.0))) for side in (height, width))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    return picture[y : y + h, x : x + w]


def augmented(
    image: Image,
    points_crop: Float,
    visibility: NDArray[np.floating],
    rng: np.random.Generator,
    settings: AugmentSettings,
    donor: Image | None = None,
) -> tuple[Image, NDArray[np.float32]]:
    """All changes that a crop gets after it was cut, in the order in which the world makes them."""
    image, seen = occluded(image, points_crop, visibility, rng, settings.occlusion, donor)
    return damaged(recoloured(image, rng, settings.colour), rng, settings.damage), seen
