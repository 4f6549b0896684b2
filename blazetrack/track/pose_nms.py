"""Which poses are believed to be people at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.types import Frame, Poses

__all__ = ["believable", "inside"]

# Of poses found anew in drawn crowds and in photographs (COCO), nearly all that lie on a person are
# above both; many of the others are not.
SCORE, VISIBILITY = 0.9, 0.55
# Somebody of whom less is in the picture has left it.
INSIDE = 0.3


def believable(poses: Poses) -> NDArray[np.bool_]:
    """`(N,)` which poses would be believed without having been followed."""
    seen: NDArray[np.bool_] = poses.visibility.mean(axis=1) > VISIBILITY
    return (poses.scores >= SCORE) & seen


def inside(poses: Poses, frame: Frame) -> NDArray[np.bool_]:
    """`(N,)` which people have enough of their keypoints in the picture."""
    x, y = poses.landmarks_px[..., 0], poses.landmarks_px[..., 1]
    within = (x >= 0) & (x < frame.width) & (y >= 0) & (y < frame.height)
    share: NDArray[np.bool_] = within.mean(axis=1) > INSIDE
    return share
