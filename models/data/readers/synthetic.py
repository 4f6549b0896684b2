"""Drawn people with exact labels of all 33 points, x y z, metres and visibility.

Figures and rooms are those of the source `synthetic`; here each picture has another person in
another pose, and a part of the pictures is rotated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import circle_of_keypoints
from blazetrack.errors import InputError
from blazetrack.geometry import apply
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.synthetic import draw_person
from models.data.annotated import AnnotatedImage
from models.data.lazy_sequence import LazySequence

__all__ = ["SyntheticPeople", "synthetic"]

Float = NDArray[np.float64]
Image = NDArray[np.uint8]
TALL_M = 1.70  # one body height in metres
SIDES_PX = (32, 2048)


def synthetic(
    count: int,
    *,
    size: int = 224,
    seed: int = 0,
    rotation_share: float = 0.25,
    backgrounds: Sequence[Image] = (),
) -> SyntheticPeople:
    """People drawn on access; person `i` follows from `seed` and `i` alone.

    Args:
        count: how many.
        size: side of the square pictures in pixels.
        seed: another seed, other people.
        rotation_share: share of pictures that are rotated by any angle.
        backgrounds: photographs `(H, W, 3)` uint8 of every other picture; drawn rooms else.

    Raises:
        InputError: a number is out of range.
    """
    low, high = SIDES_PX
    for name, fits, expected, got in (
        ("count", count >= 1, "1 or more", count),
        ("size", low <= size <= high, f"{low} to {high} pixels", size),
        ("seed", seed >= 0, "0 or more", seed),
        ("rotation_share", 0 <= rotation_share <= 1, "a share of 0 to 1", rotation_share),
    ):
        if not fits:
            raise InputError(f"synthetic: {name}: expected {expected}, got {got}")
    return SyntheticPeople(range(count), size, seed, rotation_share, backgrounds)


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticPeople(LazySequence[AnnotatedImage]):
    """The people of `synthetic`."""

    numbers: range
    size: int
    seed: int
    rotation_share: float
    backgrounds: Sequence[Image]

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, rows: slice) -> SyntheticPeople:
        return replace(self, numbers=self.numbers[rows])

    def row(self, index: int) -> AnnotatedImage:
        number = self.numbers[index]
        return _draw(number, np.random.default_rng((self.seed, number)), self)

    @property
    def note(self) -> str:
        """One line for logs."""
        return f"synthetic: {len(self)} drawn people, seed {self.seed}"

    @property
    def fingerprint(self) -> str:
        """Changes with the arguments and with what is drawn; 64 hex digits."""
        digest = hashlib.sha256(
            repr((self.numbers, self.size, self.seed, self.rotation_share)).encode()
        )
        for picture in self.backgrounds:
            digest.update(picture.tobytes())
        first = self[0]
        digest.update(first.image.tobytes() + first.points_px.tobytes())
        return digest.hexdigest()


def _draw(number: int, rng: np.random.Generator, people: SyntheticPeople) -> AnnotatedImage:
    drawn = draw_person(rng, people.size, people.backgrounds)
    image, points = drawn.image, drawn.points_px.copy()
    hips = points[23:25].mean(axis=0)
    world = (points - hips) * (TALL_M / drawn.height_px)
    points[:, 2] = hips[2] - points[:, 2]  # BlazePose: the nearer, the more negative
    world[:, 2] *= -1
    if rng.random() < people.rotation_share:
        image = _turn(image, points, world, rng.uniform(-np.pi, np.pi))
    inside = ((points[:, :2] > -0.5) & (points[:, :2] < people.size - 0.5)).all(axis=1)
    seen = np.asarray(inside, np.float32)
    alignment = circle_of_keypoints(points, BLAZEPOSE33)
    assert alignment is not None  # 33 points have a circle
    return AnnotatedImage.of(
        image,
        BLAZEPOSE33,
        points[None].astype(np.float32),
        alignment[None],
        [f"synthetic/{people.seed}-{number:05d}"],
        visibility=seen[None],
        world_m=world[None].astype(np.float32),
    )


def _turn(image: Image, points: Float, world: Float, angle_rad: float) -> Image:
    """Turn picture, points and metres around the middle of the picture; the latter in place."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    linear = np.array([[cos, -sin], [sin, cos]])
    middle = np.full((2, 1), (image.shape[0] - 1) / 2)
    affine = np.concatenate([linear, middle - linear @ middle], axis=1)
    points[:, :2] = apply(affine, points[:, :2])
    world[:, :2] = world[:, :2] @ linear.T
    side = image.shape[1], image.shape[0]
    turned = cv2.warpAffine(image, affine, side, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)
