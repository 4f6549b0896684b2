"""Crops that show nobody, to learn when a person is lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import sample
from blazetrack.sources.images import read_picture
from blazetrack.types import Rois
from models.data.lazy_sequence import Rows
from models.data.readers.coco import CocoFile
from models.data.sample import PoseSample
from models.data.transforms.person_crop import to_image_of

__all__ = ["Background", "Backgrounds", "background_of", "crop_of_nobody"]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]

TRIES = 12
SMALLEST_PX = 32
# So much of a crop of nobody may be a person's box, and so much of a person's box may be in it.
MOST_OF_CROP, MOST_OF_PERSON = 0.05, 0.2
JIGSAW = 4


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A picture, and where people are in it.

    Attributes:
        image: `(H, W, 3)` uint8.
        people_px: `(P, 4)` float64, x0 y0 x1 y1; none at all for a picture without people.
    """

    image: Image
    people_px: Float


class Backgrounds(Rows[Background]):
    """The pictures of a COCO file with all its people and crowds, decoded when asked for."""

    def __init__(self, file: CocoFile) -> None:
        boxes: dict[int, list[Float]] = {number: [] for number in file.pictures}
        for found in file.annotations:
            labelled = found.keypoints[found.keypoints[:, 2] > 0, :2].astype(np.float64)
            around = np.concatenate([found.box_px.reshape(2, 2), labelled])
            around = around[np.isfinite(around).all(axis=1)]
            if len(around):
                box = np.concatenate([around.min(axis=0), around.max(axis=0)])
                boxes[found.picture].append(box)
        self._people = [np.array(boxes[n], np.float64).reshape(-1, 4) for n in file.pictures]
        self._paths: list[Path] = list(file.pictures.values())

    def __len__(self) -> int:
        return len(self._paths)

    def row(self, index: int) -> Background:
        return Background(read_picture(self._paths[index]), self._people[index])


def background_of(person: PoseSample) -> Background:
    """The picture of a sample; its person is the box around the points, 15 % larger all round."""
    xy = person.points_px[person.labelled, :2].astype(np.float64)
    if not len(xy):
        return Background(person.image, np.zeros((0, 4)))
    low, high = xy.min(axis=0), xy.max(axis=0)
    more = 0.15 * (high - low).max()
    return Background(person.image, np.concatenate([low - more, high + more])[None])


def crop_of_nobody(background: Background, size: int, rng: np.random.Generator) -> Image:
    """A random turned square `(S, S, 3)` uint8 that shows (almost) nothing of the people.

    Where there is no room beside them, the picture is cut in squares and these are shuffled.
    """
    height, width = background.image.shape[:2]
    least = min(SMALLEST_PX, height, width)
    most = max(least, 0.95 * min(height, width))
    for t in range(TRIES):
        side = rng.uniform(least, most + (least - most) * t / TRIES)  # smaller and smaller
        x, y = (
            rng.uniform(0.5 * side, width - 0.5 * side),
            rng.uniform(0.5 * side, height - 0.5 * side),
        )
        square = np.array([x, y, x, y]) + 0.5 * side * np.array([-1, -1, 1, 1])
        if _free(square, background.people_px):
            angle = np.array([rng.uniform(-0.6, 0.6)])
            center, sides = np.array([[x, y]]), np.array([[side, side]])
            roi = Rois(center, sides, angle, np.zeros(1, np.int64))
            return sample(background.image, to_image_of(roi, size), (size, size))
    return _jigsaw(background.image, size, rng)


def _free(square: Float, people_px: Float) -> bool:
    low = np.maximum(square[:2], people_px[:, :2])
    high = np.minimum(square[2:], people_px[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    crop = (square[2:] - square[:2]).prod()
    boxes = np.clip(people_px[:, 2:] - people_px[:, :2], 1e-9, None).prod(axis=1)
    return bool((common <= MOST_OF_CROP * crop).all() and (common <= MOST_OF_PERSON * boxes).all())


def _jigsaw(image: Image, size: int, rng: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    whole = Rois(
        np.array([[width / 2, height / 2]]),
        np.full((1, 2), float(min(height, width))),
        np.zeros(1),
        np.zeros(1, np.int64),
    )
    tile = -(-size // JIGSAW)
    picture = sample(image, to_image_of(whole, tile * JIGSAW), (tile * JIGSAW, tile * JIGSAW))
    tiles = picture.reshape(JIGSAW, tile, JIGSAW, tile, 3).swapaxes(1, 2)
    shuffled = rng.permutation(tiles.reshape(-1, tile, tile, 3))
    grid = shuffled.reshape(JIGSAW, JIGSAW, tile, tile, 3).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(picture.shape)[:size, :size])
