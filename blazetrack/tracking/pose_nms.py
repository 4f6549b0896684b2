"""Which poses are people: those in the image, and non-maximum suppression by OKS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.types import Frame, Poses

__all__ = ["is_inside", "oks", "pose_nms"]

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]

MIN_INSIDE = 0.3  # a person with a smaller part of the keypoints in the image has left it
# Spread of a keypoint in radii of the circle around the person: about 9 cm on an adult. Two
# estimates of one body differ by less, two bodies in one place by more.
SPREAD = 0.1


def is_inside(poses: Poses, frame: Frame) -> Mask:
    """`(N,)` whether enough of the keypoints are in the image."""
    x, y = poses.landmarks_px[..., 0], poses.landmarks_px[..., 1]
    inside = (x >= 0) & (x < frame.width) & (y >= 0) & (y < frame.height)
    enough: Mask = inside.mean(axis=1) > MIN_INSIDE
    return enough


def oks(points_px: Float, others_px: Float, radius_px: Float) -> Float:
    """Object keypoint similarity of every pair, with one spread for all keypoints.

    Args:
        points_px: `(N, K, 2)`.
        others_px: `(M, K, 2)`.
        radius_px: `(N,)`, the size of the first ones.

    Returns:
        `(N, M)` in 0..1.
    """
    squared = ((points_px[:, None] - others_px[None]) ** 2).sum(axis=-1)
    spread = SPREAD * np.maximum(radius_px, 1.0)[:, None, None]
    mean: Float = np.exp(-squared / (2 * spread**2)).mean(axis=-1)
    return mean


def pose_nms(points_px: Float, radius_px: Float, scores: Float, duplicate_oks: float) -> list[int]:
    """Rows without duplicates of a better one, in their order.

    Args:
        points_px: `(N, K, 2)`.
        radius_px: `(N,)`, of the circles around the people.
        scores: `(N,)`; of equals the earlier row is the better one.
        duplicate_oks: two rows with at least this OKS are one person.
    """
    similarity = oks(points_px, points_px, radius_px)
    similarity = np.maximum(similarity, similarity.T)
    kept: list[int] = []
    for row in np.argsort(-scores, kind="stable").tolist():
        if not kept or similarity[row, kept].max() < duplicate_oks:
            kept.append(row)
    return sorted(kept)
