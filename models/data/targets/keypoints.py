"""Targets of landmark networks: the keypoints of one person, in parts of the crop's side."""

from __future__ import annotations

import numpy as np

from models.data.annotated import AnnotatedImage
from models.data.prefetch import Arrays

__all__ = ["keypoint_targets"]


def keypoint_targets(crop: AnnotatedImage) -> Arrays:
    """Targets of a square crop of at most one person, K keypoints.

    Args:
        crop: of S × S pixels; without a person, all weights and the score are 0.

    Returns:
        float32: `points (K + 2, 3)` in parts of the side (0..1 inside), the last two are the
        alignment points, with `points_weight` of the same shape; `visibility`, `presence (K,)`
        and `world (K, 3)`, metres in the crop's upright frame, each with its `…_weight`;
        `score (1,)`, 1 for a person.
    """
    k, side = len(crop.skeleton), crop.image.shape[1]
    shapes = {
        **dict.fromkeys(("points", "points_weight"), (k + 2, 3)),
        **dict.fromkeys(("visibility", "visibility_weight", "presence", "presence_weight"), (k,)),
        **dict.fromkeys(("world", "world_weight"), (k, 3)),
        "score": (1,),
    }
    targets: Arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    if not len(crop):
        return targets
    points, seen, known = crop.points_px[0] / side, crop.visibility[0], crop.labelled[0]
    inside = known & ((points[:, :2] >= 0) & (points[:, :2] < 1)).all(axis=1)
    targets["points"][:k] = np.nan_to_num(np.where(known[:, None], points, 0))
    targets["points"][k:, :2] = crop.alignment_px[0] / side
    weights = np.where(known, crop.weights[0], 0)
    targets["points_weight"][:k] = weights[:, None] * np.isfinite(points)
    targets["points_weight"][k:, :2] = 1
    targets["visibility"][:] = np.nan_to_num(seen)
    targets["visibility_weight"][:] = np.isfinite(seen)
    targets["presence"][:], targets["presence_weight"][:] = inside, known
    targets["world"][:] = np.nan_to_num(crop.world_m[0])
    targets["world_weight"][:] = np.isfinite(crop.world_m[0])
    targets["score"][:] = 1
    return targets
