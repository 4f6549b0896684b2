"""Canvases of a detector: pictures letterboxed, cropped, rotated, mirrored, and in mosaics.

Everything is drawn straight onto the canvas with the runtime's own sampling; people and ignored
regions move along. People mostly outside of the canvas, or too small on it, are ignored too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from blazetrack.geometry import invert, rectangle_to_image
from models.common.config_base import Strict
from models.data.annotated import AnnotatedImage, boxes_around
from models.data.transforms.augment import CutSettings, fill
from models.data.transforms.person_crop import mirrored, warp
from models.data.transforms.photometric import ColourSettings, DamageSettings, damaged, recoloured

__all__ = ["CanvasSettings", "Draw", "draw", "place"]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]
Hw = tuple[int, int]
Draw = Callable[[], AnnotatedImage]  # gives a random further image
TRIES = 8


class CanvasSettings(Strict):
    """What a canvas shows; sizes of people are those of their circles.

    Attributes:
        whole: share of canvases that show one whole picture, as at run time,
        mosaic: share with four pictures,
        roam: share with any part of one; all others show one person at a random size.
        min_person, max_person: range of these sizes, in canvas sides,
        shrink, enlarge: but pictures become at most so much smaller than the canvas, and their
            pixels at most so much larger.
        rotation_share: share of pictures turned by any angle,
        tilt_deg: all others by up to so many degrees.
        shift, grow: whole pictures move by up to so many sides, and shrink up to so many times.
        flip: share that is mirrored.
        sharp: share sampled without blending, as large pictures look when shrunk so far.
        min_size, max_size: people of other sizes on the canvas are ignored, in canvas sides.
        cut: what lies around a picture: `black` and `picture`, shares.
        colour: light and colour.
        damage: what cameras and codecs do.
    """

    renamed: ClassVar[Mapping[str, str]] = {
        "smallest": "min_person",
        "largest": "max_person",
        "turned": "rotation_share",
        "least": "min_size",
        "most": "max_size",
    }

    whole: float = Field(default=0.4, ge=0, le=1)
    mosaic: float = Field(default=0.2, ge=0, le=1)
    roam: float = Field(default=0.1, ge=0, le=1)
    min_person: float = Field(default=0.15, gt=0)
    max_person: float = Field(default=1.2, gt=0)
    shrink: float = Field(default=2.2, ge=1)
    enlarge: float = Field(default=2.5, ge=1)
    rotation_share: float = Field(default=0.3, ge=0, le=1)
    tilt_deg: float = Field(default=15.0, ge=0, le=180)
    shift: float = Field(default=0.1, ge=0, le=0.5)
    grow: float = Field(default=1.5, ge=1)
    flip: float = Field(default=0.5, ge=0, le=1)
    sharp: float = Field(default=0.2, ge=0, le=1)
    min_size: float = Field(default=0.1, ge=0)
    max_size: float = Field(default=3.0, gt=0)
    cut: CutSettings = CutSettings(black=0.6, picture=0.3)
    colour: ColourSettings = ColourSettings()
    damage: DamageSettings = DamageSettings(
        small=0.1, small_factor=2.0, blur_sigma=0.006, motion_length=0.03, noise_sigma=0.04
    )


def draw(
    image: AnnotatedImage,
    other: Draw,
    size: int,
    rng: np.random.Generator,
    settings: CanvasSettings,
) -> AnnotatedImage:
    """One random canvas for training.

    Args:
        image: the main picture.
        other: gives further pictures, for mosaics and what lies around.
        size: side of the canvas, S pixels.
        settings: what is done.

    Returns:
        An image of S × S pixels.
    """
    if rng.random() < settings.mosaic:
        canvas = _mosaic(image, other, size, rng, settings)
    else:
        canvas = _single(image, other, (size, size), rng, settings)
    pixels = recoloured(canvas.image, rng, settings.colour)
    return replace(canvas, image=damaged(pixels, rng, settings.damage))


def _mosaic(
    image: AnnotatedImage,
    other: Draw,
    size: int,
    rng: np.random.Generator,
    settings: CanvasSettings,
) -> AnnotatedImage:
    pixels = np.empty((size, size, 3), np.uint8)
    x, y = rng.integers(round(0.3 * size), round(0.7 * size) + 1, 2).tolist()
    parts = []
    for row, (x0, y0, x1, y1) in enumerate(
        ((0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size))
    ):
        part = _single(image if row == 0 else other(), other, (y1 - y0, x1 - x0), rng, settings)
        pixels[y0:y1, x0:x1] = part.image
        moved = part.transformed(pixels, np.array([[1.0, 0, x0], [0, 1, y0]]))
        heads = moved.boxes_px.reshape(-1, 2, 2)
        parts.append(_keep(moved, moved.diameters_px >= settings.min_size * size, heads))
    return AnnotatedImage.empty(pixels, image.skeleton, np.float64).joined(parts)


def _single(
    image: AnnotatedImage, other: Draw, hw: Hw, rng: np.random.Generator, settings: CanvasSettings
) -> AnnotatedImage:
    """A canvas of any shape with one picture."""
    center, side, angle = _region(image, hw, rng, settings)
    sides = side * np.array([hw[1], hw[0]]) / max(hw)
    to_image = rectangle_to_image(center[None], sides[None], np.array([angle]), hw)[0]
    if rng.random() < settings.flip:
        to_image = mirrored(to_image, hw[1])
    back = fill(max(hw), rng, settings.cut, other().image)
    background = None if back is None else np.ascontiguousarray(back[: hw[0], : hw[1]])
    sharp = bool(rng.random() < settings.sharp)
    return place(
        image,
        to_image,
        hw,
        background=background,
        sharp=sharp,
        sizes=(settings.min_size, settings.max_size),
    )


def _region(
    image: AnnotatedImage, hw: Hw, rng: np.random.Generator, settings: CanvasSettings
) -> tuple[Float, float, float]:
    """Which part of the picture the canvas shows: centre, longer side and angle."""
    size = np.array(image.image.shape[1::-1], np.float64)
    turned = rng.random() < settings.rotation_share
    limit = np.pi if turned else np.radians(settings.tilt_deg)
    angle = float(rng.uniform(-limit, limit))
    drawn = rng.random() * (1 - settings.mosaic)
    if drawn < settings.roam:
        side = float(size.max() * rng.uniform(0.25, 1.0))
        return rng.uniform(0.2, 0.8, 2) * size, side, angle
    if drawn < settings.roam + settings.whole or not len(image):
        # Square pictures that are turned reach out; a part of that may be lost.
        reach = 1.0 + 0.25 * turned
        side = float(size.max() * reach * rng.uniform(0.95, settings.grow))
        return size / 2 + rng.uniform(-settings.shift, settings.shift, 2) * side, side, angle
    return _one_person(image, hw, angle, rng, settings)


def _one_person(
    image: AnnotatedImage, hw: Hw, angle: float, rng: np.random.Generator, settings: CanvasSettings
) -> tuple[Float, float, float]:
    """A part of the picture with a random person's head and upper body in it."""
    one = int(rng.integers(len(image)))
    diameter = image.diameters_px[one]
    low = max(settings.min_person, diameter / (settings.shrink * max(image.image.shape[:2])))
    high = max(low, min(settings.max_person, settings.enlarge * diameter / max(hw)))
    size = np.exp(rng.uniform(np.log(low), np.log(high)))
    side = float(diameter / size)
    head = image.boxes_px[one].reshape(2, 2).mean(axis=0)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])  # canvas → picture
    sides = side * np.array([hw[1], hw[0]]) / max(hw)
    body = image.points_px[one, image.labelled[one], :2]
    center = head
    for _ in range(TRIES):
        center = head - turn @ (rng.uniform(-0.42, 0.42, 2) * sides)
        points = (body - center) @ turn / sides
        hips = turn.T @ (image.alignment_px[one, 0] - center) / sides
        # Small people are rarely cut off; of large ones often only the upper part is seen.
        if np.abs(points).max() < 0.5 and np.abs(hips).max() < 0.5 + size:
            break
    return center, side, angle


def place(
    image: AnnotatedImage,
    to_image: Float,
    hw: Hw,
    *,
    background: Image | None = None,
    sharp: bool = False,
    sizes: tuple[float, float] = (0.0, np.inf),
) -> AnnotatedImage:
    """A part of a picture as a canvas.

    Args:
        image: the picture, with head boxes.
        to_image: `(2, 3)`, canvas pixels to the picture's pixels.
        hw: height and width of the canvas.
        background: `(h, w, 3)` uint8, written over, what lies around the picture; None repeats its
            edge.
        sharp: take the nearest pixel.
        sizes: people with smaller or larger circles, in longer canvas sides, are ignored.
    """
    pixels = warp(image.image, to_image, hw, background, sharp)
    canvas = image.transformed(pixels, invert(to_image))
    low, high = (part * max(hw) for part in sizes)
    sized = (canvas.diameters_px >= low) & (canvas.diameters_px <= high)
    heads, known = canvas.boxes_px.reshape(-1, 2, 2), canvas.labelled
    seen = (_inside(canvas.points_px, hw) & known).sum(axis=1) * 2 >= known.sum(axis=1)
    corners = np.concatenate([heads, canvas.points_px[..., :2]], axis=1)
    canvas = _keep(canvas, sized & _inside(heads.mean(axis=1), hw) & seen, corners)
    x0, y0, x1, y1 = canvas.ignore_px.T
    touching = (x0 < hw[1]) & (y0 < hw[0]) & (x1 > 0) & (y1 > 0)
    return replace(canvas, ignore_px=canvas.ignore_px[touching])


def _keep(
    canvas: AnnotatedImage, kept: NDArray[np.bool_], corners: NDArray[np.floating]
) -> AnnotatedImage:
    """The people of `kept` `(N,)`; boxes around corners `(N, C, 2)` of the others are ignored."""
    ignored = np.concatenate([canvas.ignore_px, boxes_around(corners[~kept])])
    return replace(canvas.take(kept), ignore_px=ignored)


def _inside(xy: NDArray[np.floating], hw: Hw) -> NDArray[np.bool_]:
    x, y = xy[..., 0], xy[..., 1]
    inside: NDArray[np.bool_] = (x >= 0) & (y >= 0) & (x < hw[1]) & (y < hw[0])
    return inside
