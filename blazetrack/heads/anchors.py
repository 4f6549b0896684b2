"""Anchor centres of a single-shot detector."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from blazetrack.model_info import Anchors

__all__ = ["anchor_centers"]


@lru_cache(maxsize=8)
def anchor_centers(layout: Anchors, input_hw: tuple[int, int]) -> NDArray[np.float32]:
    """Centres of all anchors in parts of the input, in the order of the network's output rows.

    Order: maps by stride, then y, x, anchor; consecutive maps of one stride share their cells
    (MediaPipe, ssd_anchors_calculator.cc; all anchors have size 1 there, so the centres suffice).

    Args:
        layout: strides and anchors per cell.
        input_hw: height and width of the network's input.

    Returns:
        `(A, 2)` float32, x y in 0..1; read-only, because it is cached.
    """
    height, width = input_hw
    parts = []
    for stride, maps in groupby(layout.strides):
        per_cell = layout.per_map * len(list(maps))
        rows, columns = -(-height // stride), -(-width // stride)  # ceil
        x = (np.arange(columns, dtype=np.float32) + 0.5) / columns
        y = (np.arange(rows, dtype=np.float32) + 0.5) / rows
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        parts.append(np.repeat(grid, per_cell, axis=0))
    centers: NDArray[np.float32] = np.concatenate(parts).astype(np.float32)
    centers.setflags(write=False)
    return centers
