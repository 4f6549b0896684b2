"""Refine landmarks with the network's heatmaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends.logits import sigmoid

__all__ = ["refine_landmarks"]

Float32 = NDArray[np.float32]


def refine_landmarks(
    xy: Float32, heatmap: NDArray[Any], kernel_size: int = 7, min_confidence: float = 0.5
) -> Float32:
    """Move each landmark to the centre of gravity of its heatmap around it.

    The window is `kernel_size` cells square around the cell that holds the landmark, clipped at
    the map's border; a landmark outside its map, or whose window nowhere reaches
    `min_confidence`, stays. A cell weighs with its top left corner, not its middle
    (MediaPipe, refine_landmarks_from_heatmap_calculator.cc).

    Args:
        xy: `(L, 2)` float32, x y as parts of the map's side, 0..1.
        heatmap: `(h, w, C)` logits with C ≥ L; channel i belongs to landmark i.
        kernel_size: odd.
        min_confidence: a probability.

    Returns:
        `(L, 2)` float32, a new array.
    """
    height, width, _ = heatmap.shape
    size = np.array([width, height], np.float32)
    with np.errstate(invalid="ignore"):
        cell = np.clip(np.nan_to_num(xy * size, nan=-2.0), -2.0, size + 2.0).astype(np.intp)
    held = ((cell >= 0) & (cell < size)).all(axis=1)
    step = np.arange(kernel_size) - (kernel_size - 1) // 2
    rows = (cell[:, 1] + step[:, None, None]).repeat(kernel_size, axis=1)  # (k, k, L)
    columns = (cell[:, 0] + step[None, :, None]).repeat(kernel_size, axis=0)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    window = heatmap[
        np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1), np.arange(len(xy))
    ]
    weight = np.where(inside, sigmoid(window), np.float32(0)).reshape(-1, len(xy))  # (k², L)
    # A sum over the first axis adds cell by cell, in MediaPipe's order.
    total = weight.sum(axis=0)
    moment = np.stack(
        [
            (weight * columns.reshape(weight.shape).astype(np.float32)).sum(axis=0),
            (weight * rows.reshape(weight.shape).astype(np.float32)).sum(axis=0),
        ],
        axis=1,
    )
    sure = held & (weight.max(axis=0) >= min_confidence) & (total > 0)
    refined = xy.copy()
    refined[sure] = moment[sure] / size / total[sure, None]
    return refined
