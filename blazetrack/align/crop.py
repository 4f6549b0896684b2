"""The node `crop`: regions of the image, resampled to the input size of a model."""

from __future__ import annotations

import sys
from math import floor, hypot
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.errors import InputError
from blazetrack.geometry import rectangle_to_image
from blazetrack.types import Crops, Frame, Rois

__all__ = ["STEPS", "STEP_BITS", "Crop", "sample"]

Float = NDArray[np.float64]
Image = NDArray[np.uint8]
Border = Literal["zero", "replicate"]
BORDERS = {"zero": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE}

# Image pixels per crop pixel, and tangent of the angle, from which `_Positions` is faster.
MIN_REDUCTION, MIN_TURN = 1.25, 0.02
# `cv2.remap` has 32 positions per pixel in each direction (OpenCV's INTER_BITS).
STEP_BITS = 5
STEPS = 1 << STEP_BITS
WHOLE_BITS = 16 - STEP_BITS
MAX_EXTENT_PX = (1 << WHOLE_BITS) - 8
MAX_SIDE_PX = 2**15 - MAX_EXTENT_PX - 2  # of `cv2.remap`


def sample(
    image: Image,
    to_image: Float,
    size_hw: tuple[int, int],
    border: Border = "replicate",
    out: Image | None = None,
) -> Image:
    """Resample one region bilinearly, in 8 bits.

    Args:
        image: `(H, W, 3)` uint8.
        to_image: `(2, 3)` affine from crop pixels to image pixels.
        size_hw: height and width of the result.
        border: pixels outside the image.
        out: `(h, w, 3)` uint8 to write into.

    Returns:
        `(h, w, 3)` uint8.
    """
    picture: Image = cv2.warpAffine(
        image,
        to_image,
        size_hw[::-1],
        dst=out,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=BORDERS[border],
    )
    return picture


class _Positions:
    """Positions in an image that a crop samples, in steps of 1/32 pixel, for `cv2.remap`.

    For large regions that are turned this is two to three times as fast as `cv2.warpAffine` of
    OpenCV 5 (before version 4.11 it did the same itself), and differs by few grey levels. The
    memory is used again for each crop.

    Args:
        size_hw: height and width of the crop.
    """

    def __init__(self, size_hw: tuple[int, int]) -> None:
        self._whole, self._bits, self._low = (np.empty(size_hw, np.uint32) for _ in range(3))
        self._part = np.empty(size_hw, np.uint16)
        self._origin = np.empty(2 * size_hw[1], np.int16)
        self._row, self._column = (np.arange(size, dtype=np.float64) for size in size_hw)

    @staticmethod
    def fit(to_image: Float, size_hw: tuple[int, int], image_hw: tuple[int, int]) -> bool:
        """Whether positions serve: for a region that is reduced, turned and not too large."""
        (xx, xy, x), (yx, yy, y) = to_image.tolist()
        height, width = size_hw
        wide, high = width * abs(xx) + height * abs(xy), width * abs(yx) + height * abs(yy)
        return (
            hypot(xx, yx) > MIN_REDUCTION
            and min(abs(xx), abs(yx)) > MIN_TURN * hypot(xx, yx)
            and max(wide, high) < MAX_EXTENT_PX
            and max(abs(x), abs(y), *image_hw) < MAX_SIDE_PX
        )

    def __call__(self, to_image: Float) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        """`(h, w, 2)` whole pixels x y, and `(h, w)` steps beyond them, 32 y + x.

        x and y of the steps share a 32-bit number, counted from the top left of the region.
        """
        (xx, xy, x), (yx, yy, y) = to_image.tolist()
        height, width = self._part.shape
        left = floor(x + min(xx * width, 0) + min(xy * height, 0)) - 1
        top = floor(y + min(yx * width, 0) + min(yy * height, 0)) - 1
        along = _joined(self._column * xx, self._column * yx)
        down = _joined(self._row * xy + (x - left), self._row * yy + (y - top))
        whole, bits, low = self._whole, self._bits, self._low
        np.add(down[:, None], along, out=whole)
        np.right_shift(whole, WHOLE_BITS, out=bits)
        np.bitwise_and(bits, (STEPS - 1) << STEP_BITS, out=bits)
        np.bitwise_and(whole, STEPS - 1, out=low)
        np.bitwise_or(bits, low, out=bits)
        np.copyto(self._part, bits, casting="unsafe")
        np.right_shift(whole, STEP_BITS, out=whole)
        np.bitwise_and(whole, 0x10001 * ((1 << WHOLE_BITS) - 1), out=whole)
        self._origin[::2], self._origin[1::2] = left, top
        pairs = whole.view(np.int16)
        pairs += self._origin
        return pairs.reshape(height, width, 2), self._part


def _joined(x: Float, y: Float) -> NDArray[np.uint32]:
    """Steps in x as the lower, in y as the upper 16 bits; sums of two are joined sums."""
    steps = np.rint(y * STEPS) * 65536 + np.rint(x * STEPS)
    return steps.astype(np.int64).astype(np.uint32)


class Crop:
    """Crop regions of the image to the input size of a model.

    Args:
        model: gives size and border; each can be set by hand instead.
        size: height and width of the crop in pixels.
        border: pixels outside the image.
        letterbox: show the square around the region; else the region, stretched to the crop.
    """

    def __init__(
        self,
        model: Model | None = None,
        size: tuple[int, int] | None = None,
        border: Border | None = None,
        letterbox: bool = True,
    ) -> None:
        if model is not None:
            size = size or model.info.input_hw
            border = border or ("zero" if model.info.border == "zero" else "replicate")
        if size is None:
            raise InputError("crop: expected a model or a size, got neither")
        if min(size) < 1:
            raise InputError(f"crop: expected a size of at least 1×1 pixels, got {size}")
        self._size = size
        self._border: Border = border or "replicate"
        self._letterbox = letterbox
        self._positions = _Positions(size) if sys.byteorder == "little" else None

    def __call__(self, frame: Frame, rois: Rois) -> Crops:
        shown = rois.squares() if self._letterbox else rois
        to_image = rectangle_to_image(shown.center_px, shown.size_px, shown.angle_rad, self._size)
        pixels = np.empty((len(shown), *self._size, 3), np.uint8)
        for row, out in enumerate(pixels):
            self._sample(frame.image, shown, to_image, row, out)
        return Crops(pixels, to_image, rois, (frame.width, frame.height), self._letterbox)

    def _sample(self, image: Image, shown: Rois, to_image: Float, row: int, out: Image) -> None:
        matrix, positions = to_image[row], self._positions
        if positions is None or not positions.fit(matrix, self._size, image.shape[:2]):
            sample(image, matrix, self._size, self._border, out)
            return
        border = BORDERS[self._border]
        cv2.remap(image, *positions(matrix), cv2.INTER_LINEAR, dst=out, borderMode=border)
