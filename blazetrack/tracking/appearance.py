"""Colour appearance: a few clothing colours, which separate people where their paths cross."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.skeleton import Skeleton

__all__ = ["clothing_colours", "colour_distance"]

Float = NDArray[np.float64]

# Sample positions in parts of a patch's sides: inside, because the edges show the background.
ACROSS, ALONG = (0.25, 0.5, 0.75), (0.15, 0.35, 0.55, 0.75)
BRIGHTNESS_WEIGHT = 0.5  # shadows change brightness more than hues
CELL_PX = 4  # resolution of the overlap test
FULL_DISTANCE = 60.0  # colours this far apart (0..255) are certainly different
MIN_VISIBILITY = 0.3  # of a patch's keypoints


def clothing_colours(
    image: NDArray[np.uint8], points_px: Float, visibility: Float, skeleton: Skeleton
) -> Float:
    """Colours of each person's trunk and thighs, where no other person overlaps.

    Args:
        image: `(H, W, 3)` uint8, RGB.
        points_px: `(N, K, 2)`, x y.
        visibility: `(N, K)` in 0..1; a patch with a hidden keypoint is unknown.
        skeleton: the K keypoints.

    Returns:
        `(N, P, 3)` brightness and two hues of each of P patches, NaN where unknown. P is 0 where
        the keypoint set has no torso.
    """
    patches = _patches(skeleton)
    colours = np.full((len(points_px), len(patches), 3), np.nan)
    if not patches:
        return colours
    height, width = image.shape[:2]
    people = _people_per_cell(points_px, (width, height))
    for number, (corners, weights) in enumerate(patches):
        samples = np.einsum("sc,ncd->nsd", weights, points_px[:, list(corners)])
        x, y = np.rint(samples).transpose(2, 0, 1)
        valid = (x >= 0) & (x < width) & (y >= 0) & (y < height)  # false for NaN
        visible = np.min(visibility[:, list(corners)], axis=1, keepdims=True) > MIN_VISIBILITY
        valid &= visible
        column, row = (np.where(valid, v, 0).astype(np.intp) for v in (x, y))
        valid &= people[row // CELL_PX, column // CELL_PX] < 2
        for person in np.flatnonzero(valid.sum(axis=1) * 2 >= valid.shape[1]):  # half of them
            mine = valid[person]
            rgb = image[row[person, mine], column[person, mine]]
            colours[person, number] = np.median(rgb, axis=0)
    return _brightness_and_hues(colours)


def colour_distance(colours: Float, others: Float) -> Float:
    """Difference of the clothes of each pair of two groups.

    Args:
        colours: `(N, P, 3)` from `clothing_colours`.
        others: `(M, P, 3)`.

    Returns:
        `(N, M)` from 0, the same, to 1, certainly different; NaN where no patch is known of both.
    """
    distance = np.sqrt(((colours[:, None] - others[None]) ** 2).sum(axis=-1)) / FULL_DISTANCE
    known = np.isfinite(distance)
    total = np.where(known, np.minimum(distance, 1.0), 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    mean: Float = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _people_per_cell(points_px: Float, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Number of people whose convex hull covers each cell of the image."""
    width, height = size_wh
    counts = np.zeros((height // CELL_PX + 1, width // CELL_PX + 1), np.uint8)
    for points in points_px:
        body = np.zeros_like(counts)
        finite = points[np.isfinite(points).all(axis=1)]
        if len(finite):
            hull = cv2.convexHull(np.clip(finite / CELL_PX, -1e4, 1e4).astype(np.float32))
            cv2.fillConvexPoly(body, hull.round().astype(np.int32), 1)
        counts += body
    return counts


@lru_cache(maxsize=8)
def _patches(skeleton: Skeleton) -> tuple[tuple[tuple[int, ...], Float], ...]:
    """Keypoints around each patch, and the weights `(S, corners)` of its S samples."""
    if skeleton.torso is None:
        return ()
    left_shoulder, right_shoulder, left_hip, right_hip = skeleton.torso
    grid = [[(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v] for v in ALONG for u in ACROSS]
    patches = [((left_shoulder, right_shoulder, left_hip, right_hip), np.array(grid))]
    names = skeleton.names
    if {"left_knee", "right_knee"} <= set(names):
        knees = names.index("left_knee"), names.index("right_knee")
        line = np.array([[1 - v, 0.0, v, 0.0] for v in ALONG])
        both = np.concatenate([line, np.roll(line, 1, axis=1)])
        patches.append(((left_hip, right_hip, *knees), both))
    return tuple(patches)


def _brightness_and_hues(rgb: Float) -> Float:
    """RGB → brightness, red minus green, and blue minus the mean of both."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    brightness = BRIGHTNESS_WEIGHT * (red + green + blue) / 3
    return np.stack((brightness, red - green, blue - (red + green) / 2), axis=-1)
