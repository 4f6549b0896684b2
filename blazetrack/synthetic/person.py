"""One drawn person in a random pose, as a training picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic import background, motion
from blazetrack.synthetic.body import Build, Place, solve
from blazetrack.synthetic.figure import Look, draw_shadow, outline
from blazetrack.synthetic.shapes import paint

__all__ = ["DrawnPerson", "draw_person"]

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPerson:
    """A picture of one person.

    Attributes:
        image: `(size, size, 3)` uint8 RGB.
        points_px: `(33, 3)` float64, x y and depth in pixels, positive towards the camera; order of
            `skeleton.BLAZEPOSE33`. Points may lie outside the picture.
        height_px: body height in pixels.
    """

    image: Image
    points_px: NDArray[np.float64]
    height_px: float


def draw_person(
    rng: np.random.Generator, size: int, backgrounds: Sequence[Image] = ()
) -> DrawnPerson:
    """Draw a random person in a random pose in a square picture.

    Args:
        rng: source of all random values.
        size: side of the picture in pixels.
        backgrounds: photos `(H, W, 3)` uint8 for about half of the pictures; the others, or all,
            show a drawn room.
    """
    build, look = Build.sample(rng), Look.sample(rng)
    tall = size * rng.uniform(0.45, 0.78)
    ground = size * rng.uniform(0.90, 0.96) - rng.uniform(0, 1) * 0.5 * (0.85 * size - tall)
    place = Place(size * rng.uniform(0.4, 0.6), ground, tall)
    joints = place.project(solve(build, _sample_stance(rng)))
    if not backgrounds or rng.random() < 0.5:
        image = background.draw_room(rng, size, size)
    else:
        photo = backgrounds[int(rng.integers(len(backgrounds)))]
        image = np.asarray(cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
    draw_shadow(image, joints, ground)
    paint(image, outline(build, look, joints))
    return DrawnPerson(image, joints.points, tall)


def _sample_stance(rng: np.random.Generator) -> motion.Stance:
    """A moment of an exercise with noise; half of the arms take any direction."""
    stance = motion.idle(motion.exercise(rng.uniform(0, motion.CYCLE_S)), rng.uniform(0, 60))
    stance.trunk[:] += rng.normal(0.0, (0.35, 0.15, 0.12))
    stance.head[:] += rng.normal(0.0, (0.3, 0.12, 0.12))
    stance.arms[:] += rng.normal(0.0, 0.15, (2, 4))
    for side in (0, 1):
        if rng.random() < 0.5:
            out, bend = rng.uniform(-0.3, 3.0), rng.uniform(-0.4, 2.2)
            stance.arms[side] = out, rng.uniform(-0.4, 1.2), out + bend, rng.uniform(-0.2, 1.3)
        if rng.random() < 0.3:
            stance.feet[side] += rng.uniform((-0.1, 0.0, -0.05), (0.1, 0.18, 0.12))
    stance.pelvis[1] -= rng.uniform(0, 0.12) * (rng.random() < 0.3)
    return stance
