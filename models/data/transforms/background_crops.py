"""Crops without a person, to train the score of a landmark network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import sample
from blazetrack.geometry import rectangle_to_image
from models.data.annotated import AnnotatedImage, boxes_around

__all__ = ["background_crop"]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]

TRIES = 12
MIN_SIDE_PX = 32
# Limits of the overlap: parts of the crop, and parts of a person's box.
MAX_OF_CROP, MAX_OF_PERSON = 0.05, 0.2
# A person without a box: the box around the points, and so much of its longer side all round.
AROUND_POINTS = 0.15
JIGSAW = 4


def background_crop(picture: AnnotatedImage, size: int, rng: np.random.Generator) -> Image:
    """A random turned square `(S, S, 3)` uint8 that shows (almost) nothing of the people.

    Where there is no room beside them, the picture is cut in squares and these are shuffled.
    """
    people_px = _extents(picture)
    height, width = picture.image.shape[:2]
    low = min(MIN_SIDE_PX, height, width)
    high = max(low, 0.95 * min(height, width))
    for t in range(TRIES):
        side = rng.uniform(low, high + (low - high) * t / TRIES)  # smaller and smaller
        center = np.array([rng.uniform(0.5 * side, end - 0.5 * side) for end in (width, height)])
        square = np.concatenate([center - 0.5 * side, center + 0.5 * side])
        if _free(square, people_px):
            return _square(picture.image, center, side, rng.uniform(-0.6, 0.6), size)
    return _jigsaw(picture.image, size, rng)


def _extents(picture: AnnotatedImage) -> Float:
    """`(P, 4)` boxes of all people and ignored regions."""
    xy = np.where(picture.labelled[..., None], picture.points_px[..., :2], np.nan)
    boxes = boxes_around(xy.astype(np.float64))
    more = AROUND_POINTS * (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    around = np.concatenate([boxes[:, :2] - more, boxes[:, 2:] + more], axis=1)
    known = np.isfinite(picture.boxes_px).all(axis=1, keepdims=True)
    extents = np.concatenate([np.where(known, picture.boxes_px, around), picture.ignore_px])
    known_extents: Float = extents[np.isfinite(extents).all(axis=1)].astype(np.float64)
    return known_extents


def _free(square: Float, people_px: Float) -> bool:
    low = np.maximum(square[:2], people_px[:, :2])
    high = np.minimum(square[2:], people_px[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    crop = (square[2:] - square[:2]).prod()
    boxes = np.clip(people_px[:, 2:] - people_px[:, :2], 1e-9, None).prod(axis=1)
    return bool((common <= MAX_OF_CROP * crop).all() and (common <= MAX_OF_PERSON * boxes).all())


def _square(image: Image, center: Float, side: float, angle_rad: float, size: int) -> Image:
    to_image = rectangle_to_image(
        center[None], np.full((1, 2), side), np.array([angle_rad]), (size, size)
    )
    return sample(image, to_image[0], (size, size))


def _jigsaw(image: Image, size: int, rng: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    center, tile = np.array([width / 2, height / 2]), -(-size // JIGSAW)
    picture = _square(image, center, float(min(height, width)), 0.0, tile * JIGSAW)
    tiles = picture.reshape(JIGSAW, tile, JIGSAW, tile, 3).swapaxes(1, 2)
    shuffled = rng.permutation(tiles.reshape(-1, tile, tile, 3))
    grid = shuffled.reshape(JIGSAW, JIGSAW, tile, tile, 3).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(picture.shape)[:size, :size])
