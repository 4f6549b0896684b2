"""The node `mediapipe_crop`: sampling at positions in steps of 1/32 pixel.

OpenCV did so when MediaPipe 0.10.21 was built; the installed one may not.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align import crop as align
from blazetrack.types import Frame, Rois

__all__ = ["Crop", "rectangle_corners", "sample_fixed_point"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# OpenCV's INTER_BITS: a pixel has 32 positions in each direction.
STEPS = 32


class Crop(align.Crop):
    """Crop as MediaPipe does, with exactly its pixels; slower than `crop`. Options as there."""

    def _sample(self, frame: Frame, shown: Rois, to_image: Float64) -> NDArray[np.uint8]:
        pixels = np.empty((len(shown), *self._size, 3), np.uint8)
        for row in range(len(shown)):
            region = shown.center_px[row], shown.size_px[row], float(shown.angle_rad[row])
            border = align.BORDERS[self._border]
            pixels[row] = sample_fixed_point(frame.image, *region, self._size, border)
        return pixels


def rectangle_corners(center_px: Float64, size_px: Float64, angle_rad: float) -> Float32:
    """Corners of a rotated rectangle in float32: bottom left, top left, top right, bottom right.

    (OpenCV 3.4 and 4, `RotatedRect::points`.)
    """
    degrees = np.float32(float(np.float32(angle_rad) * np.float32(180)) / np.pi)
    radians = float(degrees) * np.pi / 180
    cos = np.float32(np.cos(radians)) * np.float32(0.5)
    sin = np.float32(np.sin(radians)) * np.float32(0.5)
    (x, y), (width, height) = center_px.astype(np.float32), size_px.astype(np.float32)
    low = np.array([x - sin * height - cos * width, y + cos * height - sin * width])
    high = np.array([x + sin * height - cos * width, y - cos * height - sin * width])
    twice = np.array([x, y]) * np.float32(2)
    return np.stack([low, high, twice - low, twice - high]).astype(np.float32)


def sample_fixed_point(
    image: NDArray[np.uint8],
    center_px: Float64,
    size_px: Float64,
    angle_rad: float,
    size_hw: tuple[int, int],
    border: int,
) -> NDArray[np.uint8]:
    """Resample one region as `cv2.warpPerspective` of OpenCV 3.4 and 4: positions in 1/32 pixel.

    (image_to_tensor_converter_opencv.cc)

    Args:
        image: `(H, W, 3)` uint8.
        center_px: `(2,)`, x y.
        size_px: `(2,)`, width and height before rotation.
        angle_rad: clockwise on the screen.
        size_hw: height and width of the result.
        border: an OpenCV border mode.

    Returns:
        `(h, w, 3)` uint8.
    """
    height, width = size_hw
    target = np.array([[0, height], [0, 0], [width, 0], [width, height]], np.float32)
    corners = rectangle_corners(center_px, size_px, angle_rad)
    matrix = cv2.invert(cv2.getPerspectiveTransform(corners, target))[1]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    scale = STEPS / (matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2])
    columns = np.rint((matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) * scale).astype(np.int64)
    rows = np.rint((matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) * scale).astype(np.int64)
    whole = np.clip(np.stack([columns // STEPS, rows // STEPS], axis=-1), -(2**15), 2**15 - 1)
    part = (rows % STEPS) * STEPS + columns % STEPS
    pixels: NDArray[np.uint8] = cv2.remap(
        image,
        whole.astype(np.int16),
        part.astype(np.uint16),
        cv2.INTER_LINEAR,
        borderMode=border,
    )
    return pixels
