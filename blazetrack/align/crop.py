"""Cut rois of the image and resample them to a model's input."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.mediapipe import sample_fixed_point
from blazetrack.backends import Model
from blazetrack.errors import InputError
from blazetrack.geometry import rectangle_to_image
from blazetrack.types import Crops, Frame, Rois

__all__ = ["Crop", "sample"]

Border = Literal["zero", "replicate"]
_BORDERS = {"zero": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE}


def sample(
    image: NDArray[np.uint8],
    to_image: NDArray[np.float64],
    size_hw: tuple[int, int],
    border: Border = "replicate",
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Resample one region bilinearly, in 8 bits.

    Args:
        image: `(H, W, 3)` uint8.
        to_image: `(2, 3)` affine from crop pixels to image pixels.
        size_hw: height and width of the result.
        border: what lies outside the image.
        out: `(h, w, 3)` uint8 to write into.

    Returns:
        `(h, w, 3)` uint8.
    """
    picture: NDArray[np.uint8] = cv2.warpAffine(
        image,
        to_image,
        size_hw[::-1],
        dst=out,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=_BORDERS[border],
    )
    return picture


class Crop:
    """Cut what a model wants to see.

    Args:
        model: gives size and border; each can be set by hand instead.
        size: height and width of the crop in pixels.
        border: what lies outside the image.
        sampling: `linear`, or `mediapipe` for the very pixels that MediaPipe sees (slower).
        letterbox: show the square around the region; else the region, stretched to the crop.
    """

    def __init__(
        self,
        model: Model | None = None,
        size: tuple[int, int] | None = None,
        border: Border | None = None,
        sampling: Literal["linear", "mediapipe"] = "linear",
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
        self._sampling = sampling
        self._letterbox = letterbox

    def __call__(self, frame: Frame, rois: Rois) -> Crops:
        shown = rois.squares() if self._letterbox else rois
        to_image = rectangle_to_image(shown.center_px, shown.size_px, shown.angle_rad, self._size)
        pixels = np.empty((len(rois), *self._size, 3), np.uint8)
        for row, affine in enumerate(to_image):
            if self._sampling == "mediapipe":
                region = shown.center_px[row], shown.size_px[row], float(shown.angle_rad[row])
                border = _BORDERS[self._border]
                pixels[row] = sample_fixed_point(frame.image, *region, self._size, border)
            else:
                sample(frame.image, affine, self._size, self._border, out=pixels[row])
        return Crops(pixels, to_image, rois, (frame.width, frame.height), self._letterbox)
