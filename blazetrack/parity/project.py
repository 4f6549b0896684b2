"""The node `mediapipe_project`: float32, in MediaPipe's order of operations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.project import project_with
from blazetrack.parity.roi import unpad_float32
from blazetrack.types import Crops, Landmarks, Poses

__all__ = ["project", "to_image_float32"]

Float = NDArray[np.float64]


def project(landmarks: Landmarks, crop: Crops) -> Poses:
    """As the node `project`, with x and y as MediaPipe computes them."""
    return project_with(to_image_float32, landmarks, crop)


def to_image_float32(points: Float, crop: Crops, row: NDArray[np.int64]) -> Float:
    """Pixels of crops → pixels of the image.

    (landmark_projection_calculator.cc)

    Args:
        points: `(N, P, 2)` x y.
        crop: the crops; its regions are from `parity.roi`.
        row: `(N,)` int64, which crop each belongs to.
    """
    rois, size_wh = crop.rois.take(row), np.array(crop.image_wh, np.float64)
    center = (rois.center_px / size_wh).astype(np.float32)[:, None]
    size = (rois.size_px / size_wh).astype(np.float32)[:, None]
    cos = np.cos(rois.angle_rad).astype(np.float32)[:, None]
    sin = np.sin(rois.angle_rad).astype(np.float32)[:, None]
    unit = (points / np.array(crop.pixels.shape[2:0:-1])).astype(np.float32)
    shifted = unpad_float32(unit, crop, row) - np.float32(0.5)
    x, y = shifted[..., 0], shifted[..., 1]
    turned = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
    points_px: Float = (turned * size + center) * size_wh
    return points_px
