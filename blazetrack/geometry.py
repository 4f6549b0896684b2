"""Plane geometry in pixels: 2×3 affines, rotated squares, overlap.

An affine is a `(2, 3)` float64 matrix that maps a point (x, y, 1). All functions take stacks:
leading axes broadcast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["apply", "box_iou", "invert", "rectangle_to_image"]

Float = NDArray[np.float64]


def apply(affine: Float, xy: Float) -> Float:
    """Map points `(..., P, 2)` through affines `(..., 2, 3)`."""
    moved: Float = xy @ np.swapaxes(affine[..., :2], -1, -2) + affine[..., None, :, 2]
    return moved


def invert(affine: Float) -> Float:
    """The inverse of an affine."""
    linear = np.linalg.inv(affine[..., :2])
    return np.concatenate([linear, -linear @ affine[..., 2:]], axis=-1)


def rectangle_to_image(
    center_px: Float, size_px: Float, angle_rad: Float, crop_hw: tuple[int, int]
) -> Float:
    """Affines from crop pixels to image pixels for N rotated rectangles.

    Crop corner (0, 0) is the top left corner of the rectangle, (w, h) the bottom right one, without
    a shift by half a pixel (MediaPipe, image_to_tensor_converter_opencv.cc).

    Args:
        center_px: `(N, 2)`, x y.
        size_px: `(N, 2)`, width and height before rotation.
        angle_rad: `(N,)`, clockwise on the screen.
        crop_hw: height and width of the crop.

    Returns:
        `(N, 2, 3)` float64.
    """
    height, width = crop_hw
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    turn = np.stack([cos, -sin, sin, cos], -1).reshape(*np.shape(angle_rad), 2, 2)
    linear = turn * (size_px / np.array([width, height]))[..., None, :]
    shift = center_px[..., None] - linear @ np.array([[width / 2], [height / 2]])
    return np.concatenate([linear, shift], axis=-1)


def box_iou(box: Float, boxes: Float) -> Float:
    """Intersection over union of one box `(4,)` with `(N, 4)`; x0 y0 x1 y1. Returns `(N,)`."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    common = np.prod(np.clip(high - low, 0.0, None), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - common
    overlap: Float = np.divide(common, area, out=np.zeros_like(common), where=area > 0)
    return overlap
