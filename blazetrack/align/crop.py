"""The node `crop`: regions of the image, resampled to the input size of a model."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.errors import InputError
from blazetrack.geometry import rectangle_to_image
from blazetrack.types import Crops, Frame, Rois

__all__ = ["Crop", "sample"]

Float = NDArray[np.float64]
Image = NDArray[np.uint8]
Border = Literal["zero", "replicate"]
BORDERS = {"zero": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE}


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

    def __call__(self, frame: Frame, rois: Rois) -> Crops:
        shown = rois.squares() if self._letterbox else rois
        to_image = rectangle_to_image(shown.center_px, shown.size_px, shown.angle_rad, self._size)
        pixels = np.empty((len(shown), *self._size, 3), np.uint8)
        for row, out in enumerate(pixels):
            self._sample(frame.image, shown, to_image, row, out)
        return Crops(pixels, to_image, rois, (frame.width, frame.height), self._letterbox)

    def _sample(self, image: Image, shown: Rois, to_image: Float, row: int, out: Image) -> None:
        sample(image, to_image[row], self._size, self._border, out)
