"""What somebody wears, as a few colours: tells people apart where their ways cross."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.skeleton import Skeleton

__all__ = ["clothes", "unlike"]

Float = NDArray[np.float64]

# Where cloth is sampled, in parts of a patch's sides: inside, for the edges show the background.
ACROSS, ALONG = (0.25, 0.5, 0.75), (0.15, 0.35, 0.55, 0.75)
# Hues are steadier than brightness, which shadows change.
BRIGHTNESS = 0.5
# Whether people overlap is asked in steps of so many pixels.
GRAIN = 4
# Colours this far apart (0..255) are different for sure.
FAR = 60.0


def clothes(
    image: NDArray[np.uint8], points_px: Float, visibility: Float, skeleton: Skeleton
) -> Float:
    """Colours of each person's trunk and thighs, where no other person may stand before them.

    Args:
        image: `(H, W, 3)` uint8, RGB.
        points_px: `(N, K, 2)`, x y.
        visibility: `(N, K)` in 0..1: what is hidden for sure says nothing.
        skeleton: the K keypoints.

    Returns:
        `(N, P, 3)` brightness and two hues of each of P patches; NaN where nothing is known of
        one. P is 0 where the keypoint set has no torso.
    """
    patches = _patches(skeleton)
    colours = np.full((len(points_px), len(patches), 3), np.nan)
    if not patches:
        return colours
    height, width = image.shape[:2]
    bodies = _bodies(points_px, (width, height))
    for number, (corners, weights) in enumerate(patches):
        places = np.einsum("sc,ncd->nsd", weights, points_px[:, list(corners)])
        x, y = np.rint(places).transpose(2, 0, 1)
        seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)  # false for NaN
        seen &= np.min(visibility[:, list(corners)], axis=1, keepdims=True) > 0.3
        column, row = (np.where(seen, v, 0).astype(np.intp) for v in (x, y))
        seen &= bodies[row // GRAIN, column // GRAIN] < 2
        enough = seen.sum(axis=1) * 2 >= seen.shape[1]  # half of it, or it says little
        for person in np.flatnonzero(enough):
            mine = seen[person]
            rgb = image[row[person, mine], column[person, mine]]
            colours[person, number] = np.median(rgb, axis=0)
    return _brightness_and_hues(colours)


def unlike(colours: Float, others: Float) -> Float:
    """How differently two groups are dressed, pair by pair.

    Args:
        colours: `(N, P, 3)` as `clothes` gives them.
        others: `(M, P, 3)`.

    Returns:
        `(N, M)`: 0 the same, 1 surely not; NaN where no patch is known of both.
    """
    apart = np.sqrt(((colours[:, None] - others[None]) ** 2).sum(axis=-1)) / FAR
    known = np.isfinite(apart)
    total = np.where(known, np.minimum(apart, 1.0), 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    mean: Float = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _bodies(points_px: Float, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """How many people's hulls lie over each patch of so many pixels of the picture."""
    width, height = size_wh
    counts = np.zeros((height // GRAIN + 1, width // GRAIN + 1), np.uint8)
    for points in points_px:
        body = np.zeros_like(counts)
        finite = points[np.isfinite(points).all(axis=1)]
        if len(finite):
            hull = cv2.convexHull(np.clip(finite / GRAIN, -1e4, 1e4).astype(np.float32))
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
    """RGB → brightness, red minus green, and blue against both."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    parts = (BRIGHTNESS * (red + green + blue) / 3, red - green, blue - (red + green) / 2)
    return np.stack(parts, axis=-1)
