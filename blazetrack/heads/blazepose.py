"""Decode the landmark network's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.heads.sigmoid import sigmoid

__all__ = ["decode_landmarks"]

VALUES = 5  # x, y, z in crop pixels, visibility logit, presence logit


def decode_landmarks(raw: NDArray[Any], keypoints: int) -> NDArray[np.float64]:
    """Raw rows → x, y, z in crop pixels, visibility and presence as probabilities.

    The keypoints come first; the two rows behind them are the alignment points, any further
    rows are not used (MediaPipe, tensors_to_landmarks_calculator.cc).

    Args:
        raw: the network's output, `R · 5` values with R ≥ keypoints + 2.
        keypoints: K.

    Returns:
        `(K + 2, 5)` float64.

    Raises:
        ModelError: the output has too few values or not a multiple of 5.
    """
    if raw.size % VALUES or raw.size // VALUES < keypoints + 2:
        want = f"at least {keypoints + 2} × {VALUES} values"
        raise ModelError(f"landmarks: expected {want}, got an output of shape {raw.shape}")
    rows = raw.reshape(-1, VALUES)[: keypoints + 2].astype(np.float64)
    rows[:, 3:] = sigmoid(rows[:, 3:])
    return rows
