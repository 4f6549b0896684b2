"""The node `mediapipe_project`: float32, in MediaPipe's order of operations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blazetrack.align import project as align
from blazetrack.parity.roi import unpad_float32
from blazetrack.types import Crops, Landmarks, Poses

__all__ = ["project", "project_float32"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def project(landmarks: Landmarks, crop: Crops) -> Poses:
    """As the node `project`, with x and y as MediaPipe computes them."""
    poses = align.project(landmarks, crop)
    landmarks_px = poses.landmarks_px
    landmarks_px[..., :2] = _to_image(landmarks.xyz_crop[..., :2], crop, landmarks.row)
    if landmarks.alignment_crop is None:
        return poses
    alignment_px = _to_image(landmarks.alignment_crop, crop, landmarks.row)
    return replace(poses, alignment_px=alignment_px)


def _to_image(points: Float64, crop: Crops, row: NDArray[np.int64]) -> Float64:
    unit = (points / np.array(crop.pixels.shape[2:0:-1])).astype(np.float32)
    points_px: Float64 = project_float32(unit, crop, row) * np.array(crop.image_wh, float)
    return points_px


def project_float32(points_unit: Float32, crop: Crops, row: NDArray[np.int64]) -> Float32:
    """Points of crops → of the image, both 0..1.

    (landmark_projection_calculator.cc)

    Args:
        points_unit: `(N, P, 2)` float32, x y.
        crop: the crops; its regions are from `parity.roi`.
        row: `(N,)` int64, which crop each belongs to.
    """
    rois, size_wh = crop.rois.take(row), np.array(crop.image_wh, np.float64)
    center = (rois.center_px / size_wh).astype(np.float32)[:, None]
    size = (rois.size_px / size_wh).astype(np.float32)[:, None]
    cos = np.cos(rois.angle_rad).astype(np.float32)[:, None]
    sin = np.sin(rois.angle_rad).astype(np.float32)[:, None]
    shifted = unpad_float32(points_unit, crop, row) - np.float32(0.5)
    x, y = shifted[..., 0], shifted[..., 1]
    projected: Float32 = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1) * size + center
    return projected
