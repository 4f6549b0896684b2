"""From pictures to what a detector is shown: letterboxed, cut out, turned, mirrored, in mosaics.

Everything is drawn straight onto the canvas with the runtime's own sampling; people and regions to
ignore move along. Who lies mostly outside of the canvas, or is too small on it, is ignored too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from blazetrack.geometry import apply, invert, rectangle_to_image
from models.common.config_base import Strict
from models.data.scenes import People, Scene
from models.data.transforms.augment import CutSettings, fill
from models.data.transforms.photometric import ColourSettings, DamageSettings, damaged, recoloured

__all__ = ["CanvasSettings", "draw", "place"]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]
Hw = tuple[int, int]
TRIES = 8


class CanvasSettings(Strict):
    """What the detector is shown; sizes of people are those of their circles.

    Attributes:
        whole: share of canvases that show one whole picture, as at run time,
        mosaic: share with four pictures,
        roam: share with any part of one; all others show one person at a size drawn by lot.
        smallest, largest: of those, in canvas sides,
        shrink, enlarge: but pictures become at most so much smaller than the canvas, and their
            pixels at most so much larger.
        turned: share of pictures turned by any angle,
        tilt_deg: all others by up to so many degrees.
        shift, grow: whole pictures move by up to so many sides, and shrink up to so many times.
        flip: share that is mirrored.
        sharp: share sampled without blending, as large pictures look when shrunk so far.
        least, most: people of other sizes on the canvas are ignored, in canvas sides.
        cut: what lies around a picture: `black` and `picture`, shares.
        colour: light and colour.
        damage: what cameras and codecs do.
    """

    whole: float = Field(default=0.4, ge=0, le=1)
    mosaic: float = Field(default=0.2, ge=0, le=1)
    roam: float = Field(default=0.1, ge=0, le=1)
    smallest: float = Field(default=0.15, gt=0)
    largest: float = Field(default=1.2, gt=0)
    shrink: float = Field(default=2.2, ge=1)
    enlarge: float = Field(default=2.5, ge=1)
    turned: float = Field(default=0.3, ge=0, le=1)
    tilt_deg: float = Field(default=15.0, ge=0, le=180)
    shift: float = Field(default=0.1, ge=0, le=0.5)
    grow: float = Field(default=1.5, ge=1)
    flip: float = Field(default=0.5, ge=0, le=1)
    sharp: float = Field(default=0.2, ge=0, le=1)
    least: float = Field(default=0.1, ge=0)
    most: float = Field(default=3.0, gt=0)
    cut: CutSettings = CutSettings(black=0.6, picture=0.3)
    colour: ColourSettings = ColourSettings()
    damage: DamageSettings = DamageSettings(
        small=0.1, small_factor=2.0, blur_sigma=0.006, motion_length=0.03, noise_sigma=0.04
    )


def draw(
    scene: Scene,
    other: Callable[[], Scene],
    size: int,
    rng: np.random.Generator,
    settings: CanvasSettings,
) -> Scene:
    """One canvas for training.

    Args:
        scene: its main picture.
        other: gives further pictures, for mosaics and what lies around.
        size: side of the canvas, S pixels.
        rng: where chance comes from.
        settings: what is done.

    Returns:
        A scene of S × S pixels.
    """
    if rng.random() < settings.mosaic:
        canvas = _mosaic(scene, other, size, rng, settings)
    else:
        canvas = _single(scene, other, (size, size), rng, settings)
    image = recoloured(canvas.image, rng, settings.colour)
    return replace(canvas, image=damaged(image, rng, settings.damage))


def _mosaic(
    scene: Scene,
    other: Callable[[], Scene],
    size: int,
    rng: np.random.Generator,
    settings: CanvasSettings,
) -> Scene:
    image = np.empty((size, size, 3), np.uint8)
    x, y = rng.integers(round(0.3 * size), round(0.7 * size) + 1, 2).tolist()
    people, ignore = [], []
    for row, (x0, y0, x1, y1) in enumerate(
        ((0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size))
    ):
        part = _single(scene if row == 0 else other(), other, (y1 - y0, x1 - x0), rng, settings)
        image[y0:y1, x0:x1] = part.image
        corner = np.array([x0, y0], np.float64)
        moved = People(
            part.people.heads_px + np.tile(corner, 2),
            part.people.alignment_px + corner,
            part.people.shoulders_px + corner,
        )
        kept = moved.diameters_px >= settings.least * size
        people.append(moved.take(kept))
        ignore += [part.ignore_px + np.tile(corner, 2), moved.heads_px[~kept]]
    return Scene(image, People.joined(people), np.concatenate(ignore))


def _single(
    scene: Scene,
    other: Callable[[], Scene],
    hw: Hw,
    rng: np.random.Generator,
    settings: CanvasSettings,
) -> Scene:
    """A canvas of any shape with one picture."""
    center, side, angle = _region(scene, hw, rng, settings)
    sides = side * np.array([hw[1], hw[0]]) / max(hw)
    to_image = rectangle_to_image(center[None], sides[None], np.array([angle]), hw)[0]
    if rng.random() < settings.flip:
        width = hw[1]
        to_image = np.stack([-to_image[:, 0], to_image[:, 1], to_image @ (width, 0, 1)], axis=1)
    back = fill(max(hw), rng, settings.cut, other().image)
    background = None if back is None else np.ascontiguousarray(back[: hw[0], : hw[1]])
    sharp = bool(rng.random() < settings.sharp)
    return place(
        scene,
        to_image,
        hw,
        background=background,
        sharp=sharp,
        sizes=(settings.least, settings.most),
    )


def _region(
    scene: Scene, hw: Hw, rng: np.random.Generator, settings: CanvasSettings
) -> tuple[Float, float, float]:
    """Which part of the picture the canvas shows: centre, longer side and angle."""
    size = np.array(scene.image.shape[1::-1], np.float64)
    turned = rng.random() < settings.turned
    most = np.pi if turned else np.radians(settings.tilt_deg)
    angle = float(rng.uniform(-most, most))
    chance = rng.random() * (1 - settings.mosaic)
    if chance < settings.roam:
        side = float(size.max() * rng.uniform(0.25, 1.0))
        return rng.uniform(0.2, 0.8, 2) * size, side, angle
    if chance < settings.roam + settings.whole or not len(scene.people):
        # Square pictures that are turned reach out; a part of that may be lost.
        reach = 1.0 + 0.25 * turned
        side = float(size.max() * reach * rng.uniform(0.95, settings.grow))
        return size / 2 + rng.uniform(-settings.shift, settings.shift, 2) * side, side, angle
    return _one_person(scene, hw, angle, rng, settings)


def _one_person(
    scene: Scene, hw: Hw, angle: float, rng: np.random.Generator, settings: CanvasSettings
) -> tuple[Float, float, float]:
    """A part of the picture with somebody's head and shoulders in it."""
    people = scene.people
    one = int(rng.integers(len(people)))
    diameter = people.diameters_px[one]
    least = max(settings.smallest, diameter / (settings.shrink * max(scene.image.shape[:2])))
    most = max(least, min(settings.largest, settings.enlarge * diameter / max(hw)))
    size = np.exp(rng.uniform(np.log(least), np.log(most)))
    side = float(diameter / size)
    head = people.heads_px[one].reshape(2, 2).mean(axis=0)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])  # canvas → picture
    sides = side * np.array([hw[1], hw[0]]) / max(hw)
    center = head
    for _ in range(TRIES):
        center = head - turn @ (rng.uniform(-0.42, 0.42, 2) * sides)
        shoulder = turn.T @ (people.shoulders_px[one] - center) / sides
        hips = turn.T @ (people.alignment_px[one, 0] - center) / sides
        # Small people are rarely cut off; of large ones often only the upper part is seen.
        if np.abs(shoulder).max() < 0.5 and np.abs(hips).max() < 0.5 + size:
            break
    return center, side, angle


def place(
    scene: Scene,
    to_image: Float,
    hw: Hw,
    *,
    background: Image | None = None,
    sharp: bool = False,
    sizes: tuple[float, float] = (0.0, np.inf),
) -> Scene:
    """A part of a scene as a scene of its own.

    Args:
        scene: where from.
        to_image: `(2, 3)`, canvas pixels to the scene's pixels.
        hw: height and width of the canvas.
        background: `(h, w, 3)` uint8, written over, what lies around the picture; None repeats its
            edge.
        sharp: take the nearest pixel.
        sizes: people with smaller or larger circles, in longer canvas sides, are ignored.
    """
    height, width = hw
    image = cv2.warpAffine(
        scene.image,
        to_image,
        (width, height),
        dst=background,
        flags=(cv2.INTER_NEAREST if sharp else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE if background is None else cv2.BORDER_TRANSPARENT,
    )
    to_canvas = invert(to_image)
    people = _moved(scene.people, to_canvas)
    low, high = (part * max(hw) for part in sizes)
    sized = (people.diameters_px >= low) & (people.diameters_px <= high)
    middle = people.heads_px.reshape(-1, 2, 2).mean(axis=1)
    shown = sized & _inside(middle, hw) & _inside(people.shoulders_px, hw)
    around = np.concatenate([people.heads_px.reshape(-1, 2, 2), people.shoulders_px[:, None]], 1)
    hidden = _box(around[~shown])
    corners = scene.ignore_px[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    ignore = np.concatenate([_box(apply(to_canvas, corners)), hidden])
    x0, y0, x1, y1 = ignore.T
    touching = (x0 < width) & (y0 < height) & (x1 > 0) & (y1 > 0)
    return Scene(np.asarray(image, np.uint8), people.take(shown), ignore[touching])


def _moved(people: People, to_canvas: Float) -> People:
    """People on the canvas; head boxes stay upright squares and keep their size."""
    scale = float(np.sqrt(abs(np.linalg.det(to_canvas[:, :2]))))
    middle = apply(to_canvas, people.heads_px.reshape(-1, 2, 2).mean(axis=1))
    half = 0.5 * scale * (people.heads_px[:, 2:] - people.heads_px[:, :2])
    return People(
        np.concatenate([middle - half, middle + half], axis=1),
        apply(to_canvas, people.alignment_px),
        apply(to_canvas, people.shoulders_px),
    )


def _inside(xy: Float, hw: Hw) -> NDArray[np.bool_]:
    x, y = xy.T
    inside: NDArray[np.bool_] = (x >= 0) & (y >= 0) & (x < hw[1]) & (y < hw[0])
    return inside


def _box(corners: Float) -> Float:
    """`(M, C, 2)` → `(M, 4)` upright boxes around."""
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
