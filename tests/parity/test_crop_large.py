"""Pictures with sides that OpenCV's sampling at fixed positions does not take."""

from __future__ import annotations

import numpy as np

from blazetrack.parity.crop import Crop
from blazetrack.types import Frame, Rois


def test_crop_picture_of_33000_pixels_is_cropped() -> None:
    image = np.full((40, 33_000, 3), 90, np.uint8)
    size = np.array([[33_000.0, 40.0]])
    rois = Rois(size / 2, size, np.zeros(1), np.zeros(1, np.int64))
    pixels = Crop(size=(64, 64), border="replicate")(Frame(image, 0, 0.0), rois).pixels
    assert (pixels == 90).all()
