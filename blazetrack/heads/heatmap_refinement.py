"""Refine landmarks with the network's heatmaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.heads.sigmoid import sigmoid

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
    height, width, channels = heatmap.shape
    size = np.array([width, height], np.float32)
    with np.errstate(invalid="ignore"):  # NaN lands far outside
        cell = (xy * size).astype(np.intp)
    held = ((cell >= 0) & (cell < size)).all(axis=1)
    step = np.arange(kernel_size)[:, None] - (kernel_size - 1) // 2
    columns, inside_x = _clipped(cell[:, 0] + step, width)  # (k, L)
    rows, inside_y = _clipped(cell[:, 1] + step, height)
    places = ((rows * width)[:, None] + columns) * channels + np.arange(len(xy))  # (k, k, L)
    weight = sigmoid(heatmap.reshape(-1).take(places))
    weight *= inside_y[:, None] & inside_x
    # A sum over the first axis adds cell by cell, in MediaPipe's order.
    total = weight.reshape(-1, len(xy)).sum(axis=0)
    moment_x = (weight * columns.astype(np.float32)).reshape(-1, len(xy)).sum(axis=0)
    moment_y = (weight * rows[:, None].astype(np.float32)).reshape(-1, len(xy)).sum(axis=0)
    sure = held & (weight.max(axis=(0, 1)) >= min_confidence) & (total > 0)
    refined = xy.copy()
    np.divide(moment_x / size[0], total, out=refined[:, 0], where=sure)
    np.divide(moment_y / size[1], total, out=refined[:, 1], where=sure)
    return refined


def _clipped(cells: NDArray[np.intp], size: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Cells brought into 0..size − 1, and which of them were there already."""
    clipped = np.minimum(np.maximum(cells, 0), size - 1)
    return clipped, clipped == cells
