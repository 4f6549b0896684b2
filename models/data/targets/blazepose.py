"""What a network is told of a crop: the arrays of a batch, and a person written into them."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import sample
from blazetrack.geometry import invert
from blazetrack.skeleton import Skeleton
from models.data.prefetch import Arrays
from models.data.sample import PoseSample
from models.data.transforms.person_crop import to_crop

__all__ = ["empty_batch", "warp", "write_labels"]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]


def empty_batch(size: int, side: int, keypoints: int) -> Arrays:
    """Arrays of a batch that shows nobody."""
    flat, deep = (size, keypoints), (size, keypoints + 2, 3)
    shapes = {
        **dict.fromkeys(("points", "points_weight"), deep),
        **dict.fromkeys(("visibility", "visibility_weight", "presence", "presence_weight"), flat),
        **dict.fromkeys(("world", "world_weight"), (*flat, 3)),
        "score": (size, 1),
    }
    arrays: Arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return {"image": np.zeros((size, side, side, 3), np.uint8), **arrays}


def warp(
    image: Image, to_image: Float, side: int, mirror: bool, around: Image | None
) -> tuple[Image, Float]:
    """Cut, turn, scale and mirror in one resampling.

    Args:
        image: `(H, W, 3)` uint8.
        to_image: `(2, 3)` affine from crop pixels to image pixels.
        side: S, of the crop in pixels.
        mirror: swap left and right of the crop.
        around: `(S, S, 3)` uint8, drawn over: what the crop shows outside of the image; None
            repeats the edge.

    Returns:
        The crop, and the affine from image pixels to its pixels.
    """
    if mirror:
        to_image = np.stack([-to_image[:, 0], to_image[:, 1], to_image @ (side, 0, 1)], axis=1)
    if around is None:
        crop = sample(image, to_image, (side, side))
    else:
        crop = cv2.warpAffine(
            image,
            to_image,
            (side, side),
            dst=around,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
    return crop, invert(to_image)


def write_labels(
    arrays: Arrays, row: int, person: PoseSample, affine: Float, angle_rad: float, mirror: bool
) -> None:
    """Write the labels of one person into a batch.

    Args:
        arrays: the batch.
        row: which of its samples.
        person: in the batch's skeleton.
        affine: `(2, 3)`, image pixels to crop pixels.
        angle_rad: by which the crop is turned, clockwise on the screen.
        mirror: the crop is mirrored after it was turned.
    """
    side = arrays["image"].shape[1]
    partner = list(_partners(person.skeleton)) if mirror else slice(None)
    points = to_crop(person.points_px, affine)[partner] / side
    trust, known = person.weights[partner], person.labelled[partner]
    inside = known & ((points[:, :2] >= 0) & (points[:, :2] < 1)).all(axis=1)
    seen = np.where(known & ~inside, np.float32(0), person.visibility[partner])
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    upright = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    if mirror:
        upright[0] *= -1
    world = person.world_m[partner] @ upright.T
    arrays["points"][row, :-2] = np.nan_to_num(np.where(known[:, None], points, 0))
    arrays["points"][row, -2:, :2] = to_crop(person.alignment_px, affine) / side
    arrays["points_weight"][row, :-2] = np.where(known, trust, 0)[:, None] * np.isfinite(points)
    arrays["points_weight"][row, -2:, :2] = 1
    arrays["visibility"][row], arrays["visibility_weight"][row] = (
        np.nan_to_num(seen),
        np.isfinite(seen),
    )
    arrays["presence"][row], arrays["presence_weight"][row] = inside, known
    arrays["world"][row], arrays["world_weight"][row] = np.nan_to_num(world), np.isfinite(world)
    arrays["score"][row] = 1


@lru_cache(maxsize=64)
def _partners(skeleton: Skeleton) -> tuple[int, ...]:
    return skeleton.partners
