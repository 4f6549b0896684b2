"""The node `mediapipe_crop`: sampling at positions in steps of 1/32 pixel.

OpenCV did so when MediaPipe 0.10.21 was built; the installed one may not.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align import crop as align
from blazetrack.align.crop import STEP_BITS, STEPS
from blazetrack.types import Rois

__all__ = ["Crop", "rectangle_corners", "sample_fixed_point"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]

MAX_SIDE_PX = 2**15 - 1  # of `cv2.remap`
MAX_PLACE = STEPS * 2.0**15 - 1  # what int16 holds in whole pixels


class Crop(align.Crop):
    """Crop as MediaPipe does, with exactly its pixels; slower than `crop`. Options as there.

    OpenCV samples pictures with a side of 32,767 pixels or more at such positions no longer; they
    are cropped as `crop` does.
    """

    def _sample(self, image: Image, shown: Rois, to_image: Float64, row: int, out: Image) -> None:
        if max(image.shape[:2]) >= MAX_SIDE_PX:
            super()._sample(image, shown, to_image, row, out)
            return
        region = shown.center_px[row], shown.size_px[row], float(shown.angle_rad[row])
        sample_fixed_point(image, rectangle_corners(*region), align.BORDERS[self._border], out)


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


def sample_fixed_point(image: Image, corners: Float32, border: int, out: Image) -> None:
    """Resample one region as `cv2.warpPerspective` of OpenCV 3.4 and 4: positions in 1/32 pixel.

    (image_to_tensor_converter_opencv.cc)

    Args:
        image: `(H, W, 3)` uint8.
        corners: `(4, 2)` of the region, as `rectangle_corners` gives them.
        border: an OpenCV border mode.
        out: `(h, w, 3)` uint8, is written.
    """
    height, width = out.shape[:2]
    target = np.array([[0, height], [0, 0], [width, 0], [width, height]], np.float32)
    matrix = cv2.invert(cv2.getPerspectiveTransform(corners, target))[1]
    x, y = _positions(matrix, width, height)
    part = y & (STEPS - 1)
    part *= STEPS
    part |= x & (STEPS - 1)
    x >>= STEP_BITS
    y >>= STEP_BITS
    whole = np.empty((height, width, 2), "<i2")  # written as pairs, x in the low half
    np.bitwise_or(x & 0xFFFF, y << 16, out=whole.view("<i4")[..., 0])
    cv2.remap(image, whole, part.astype(np.uint16), cv2.INTER_LINEAR, dst=out, borderMode=border)


def _positions(matrix: Float64, width: int, height: int) -> list[NDArray[np.int32]]:
    """Where each pixel of a crop comes from, in steps of 1/32 pixel of the image.

    Args:
        matrix: `(3, 3)` projective, crop pixels to image pixels.
        width: of the crop in pixels.
        height: of the crop in pixels.

    Returns:
        x and y, each `(height, width)` int32; far outside of the image they are limited.
    """
    x, y = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)[:, None]
    scale = matrix[2, 0] * x + matrix[2, 1] * y
    scale += matrix[2, 2]
    np.divide(STEPS, scale, out=scale)
    places = []
    for axis in range(2):
        position = matrix[axis, 0] * x + matrix[axis, 1] * y
        position += matrix[axis, 2]
        position *= scale
        np.rint(position, out=position)
        np.clip(position, -MAX_PLACE, MAX_PLACE, out=position)
        places.append(position.astype(np.int32))
    return places
