"""How alike two poses are: are these two regions one body?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["likeness", "one_per_body"]

Float = NDArray[np.float64]

# Spread of a keypoint in radii of the circle around the person: about 9 cm on an adult. Two
# estimates of one body differ by less, two bodies in one place by more.
SPREAD = 0.1


def likeness(points_px: Float, others_px: Float, radius_px: Float) -> Float:
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


def one_per_body(points_px: Float, radius_px: Float, trust: Float, alike: float) -> list[int]:
    """Rows without those that show the body of a better one, in their order.

    Args:
        points_px: `(N, K, 2)`.
        radius_px: `(N,)`, of the circles around the people.
        trust: `(N,)`; of equals the earlier row is the better one.
        alike: from this likeness on, two rows are one body.
    """
    if len(trust) < 2:
        return list(range(len(trust)))
    same = likeness(points_px, points_px, radius_px)
    same = np.maximum(same, same.T)
    kept: list[int] = []
    for row in np.argsort(-trust, kind="stable").tolist():
        if not kept or same[row, kept].max() < alike:
            kept.append(row)
    return sorted(kept)
