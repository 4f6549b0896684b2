"""Weighted non-maximum suppression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.geometry import box_iou

__all__ = ["weighted_nms"]

Float32 = NDArray[np.float32]


def weighted_nms(
    boxes: Float32, keypoints: Float32, scores: Float32, min_iou: float
) -> tuple[Float32, Float32, Float32]:
    """Merge the boxes that overlap the best one, weighted by score; repeat with the rest.

    A group keeps the score of its best member (MediaPipe, non_max_suppression_calculator.cc,
    algorithm WEIGHTED).

    Args:
        boxes: `(N, 4)` x0 y0 x1 y1.
        keypoints: `(N, P, 2)` x y.
        scores: `(N,)`, above 0.
        min_iou: boxes that overlap the best one by more than this are merged with it.

    Returns:
        Boxes `(M, 4)`, keypoints `(M, P, 2)` and scores `(M,)`, best first, float32.
    """
    # One row per box: its values, and a 1 whose weighted sum is the sum of the weights.
    points = keypoints.reshape(len(boxes), keypoints.shape[1] * 2)
    rows = np.concatenate([boxes, points, np.ones_like(scores)[:, None]], axis=1)
    rest = np.argsort(-scores, kind="stable")
    blended, kept = [], []
    while len(rest):
        top = rest[0]
        joins = box_iou(boxes[top].astype(np.float64), boxes[rest].astype(np.float64)) > min_iou
        joins[0] = True  # a box without area does not overlap itself
        group, rest = rest[joins], rest[~joins]
        total = (rows[group] * scores[group, None]).sum(axis=0)  # adds row by row, best first
        blended.append(total[:-1] / total[-1])
        kept.append(scores[top])
    result = np.reshape(blended, (len(kept), rows.shape[1] - 1)).astype(np.float32)
    blended_points = result[:, 4:].reshape(len(kept), *keypoints.shape[1:])
    return result[:, :4], blended_points, np.array(kept, np.float32)
