"""Keypoint metrics: PCK, PCKh, PDJ, PCP and OKS, in numpy.

All take `(M, K, 2)` predictions and truths in pixels (M people) and an `(M, K)` mask of the
labelled keypoints; unlabelled ones are ignored. A missed person is NaN, and wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["OKS_SIGMAS_COCO17", "mean_of", "oks", "pck", "pcp", "pdj", "torso_size"]

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Spread of human annotators per keypoint (cocodataset.org, keypoints evaluation).
OKS_SIGMAS_COCO17 = np.array(
    [0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107,
     0.087, 0.087, 0.089, 0.089]
)  # fmt: skip


def torso_size(truth_px: Float, torso: tuple[int, int, int, int]) -> Float:
    """`(M,)` mean of the two diagonals from a shoulder to the opposite hip, in pixels.

    Args:
        truth_px: `(M, K, 2)`.
        torso: indices of left shoulder, right shoulder, left hip, right hip (`Skeleton.torso`).
    """
    left_shoulder, right_shoulder, left_hip, right_hip = (truth_px[:, i] for i in torso)
    one = np.linalg.norm(left_shoulder - right_hip, axis=-1)
    other = np.linalg.norm(right_shoulder - left_hip, axis=-1)
    mean: Float = (one + other) / 2
    return mean


def pck(predicted_px: Float, truth_px: Float, size_px: Float, threshold: float = 0.2) -> Mask:
    """Correct keypoints: within `threshold` of a reference size.

    The size is the torso's for PCK, the head's for PCKh (threshold 0.5).

    Args:
        predicted_px: `(M, K, 2)`, NaN for a missed person.
        truth_px: `(M, K, 2)`.
        size_px: `(M,)`, reference size of each person.
        threshold: part of that size.

    Returns:
        `(M, K)` bool.
    """
    distance = np.linalg.norm(predicted_px - truth_px, axis=-1)
    correct: Mask = distance <= threshold * size_px[:, None]  # false for NaN
    return correct


def pdj(predicted_px: Float, truth_px: Float, size_px: Float, thresholds: Float) -> Mask:
    """Detected joints: `pck` at several thresholds `(T,)`.

    Returns:
        `(T, M, K)` bool.
    """
    return np.stack([pck(predicted_px, truth_px, size_px, float(t)) for t in thresholds])


def pcp(
    predicted_px: Float,
    truth_px: Float,
    edges: Sequence[tuple[int, int]],
    threshold: float = 0.5,
) -> Mask:
    """Correct parts: both ends of a limb within `threshold` of its length.

    Args:
        predicted_px: `(M, K, 2)`.
        truth_px: `(M, K, 2)`.
        edges: E limbs as index pairs (`Skeleton.edges`).
        threshold: part of the limb's length.

    Returns:
        `(M, E)` bool.
    """
    a, b = (np.array(ends) for ends in zip(*edges, strict=True))
    length = np.linalg.norm(truth_px[:, a] - truth_px[:, b], axis=-1)
    distance = np.linalg.norm(predicted_px - truth_px, axis=-1)
    correct: Mask = np.maximum(distance[:, a], distance[:, b]) <= threshold * length
    return correct


def oks(
    predicted_px: Float,
    truth_px: Float,
    labelled: Mask,
    area_px2: Float,
    sigmas: Float = OKS_SIGMAS_COCO17,
) -> Float:
    """Object keypoint similarity of M pairs, 0..1 (cocodataset.org, keypoints evaluation).

    Args:
        predicted_px: `(M, K, 2)`.
        truth_px: `(M, K, 2)`.
        labelled: `(M, K)` bool.
        area_px2: `(M,)`, area of each person.
        sigmas: `(K,)`.

    Returns:
        `(M,)`; 0 where nothing is labelled.
    """
    squared = np.sum((predicted_px - truth_px) ** 2, axis=-1)
    scale = 2 * area_px2[:, None] * (2 * sigmas) ** 2
    similarity = np.nan_to_num(np.exp(-squared / np.maximum(scale, 1e-12)), nan=0.0)
    count = labelled.sum(axis=1)
    total = (similarity * labelled).sum(axis=1)
    mean: Float = np.divide(total, count, out=np.zeros(len(count)), where=count > 0)
    return mean


def mean_of(correct: Mask, labelled: Mask) -> tuple[float, Float]:
    """Share of labelled keypoints that are correct: over all, and `(K,)` per keypoint."""
    right, count = (correct & labelled).sum(axis=0), labelled.sum(axis=0)
    per_keypoint = np.divide(right, count, out=np.full(len(count), np.nan), where=count > 0)
    return float(right.sum() / max(count.sum(), 1)), per_keypoint
