"""Decoded pictures as their file says that they are shown: upright, with square pixels."""

from __future__ import annotations

import struct
from fractions import Fraction
from math import cos, radians, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Orientation", "rotate_upright", "square_pixels"]

MAX_ASPECT = 16  # a file that states more is wrong
MIN_STRETCH = 0.005  # less than this is rounding of the file's writer


class Orientation:
    """The display matrix of the pictures of a film.

    PyAV's side data and their picture refer to each other, so that asking every picture for them
    keeps them all until the garbage collector runs: 25 MB for each one of 4K. The matrix is read
    again only where rotation or size change.
    """

    def __init__(self) -> None:
        self._seen: tuple[int, int, int] | None = None
        self._matrix: bytes | None = None

    def matrix(self, picture: Any) -> bytes | None:
        """Nine native int32, as `rotate_upright` takes them, of an `av.VideoFrame`."""
        seen = getattr(picture, "rotation", 0), picture.width, picture.height
        if seen != self._seen:
            self._seen, self._matrix = seen, _display_matrix(picture, seen[0])
        return self._matrix


def _display_matrix(picture: Any, degrees: int) -> bytes | None:
    try:
        side_data = picture.side_data.get("DISPLAYMATRIX")
    except (ValueError, KeyError):  # kinds of side data that are newer than PyAV's table
        a, b = round(cos(radians(degrees))) << 16, round(sin(radians(degrees))) << 16
        return struct.pack("=9i", a, -b, 0, b, a, 0, 0, 0, 1 << 30) if degrees else None
    return None if side_data is None else bytes(side_data)


def rotate_upright(image: NDArray[np.uint8], matrix: bytes | None) -> NDArray[np.uint8]:
    """Rotate by quarter turns and mirror a picture by the display matrix of its file.

    Args:
        image: `(H, W, 3)` uint8.
        matrix: nine native int32 of the file's display matrix (libavutil/display.h):
            x' = a·x + c·y, y' = b·x + d·y, in the order a b u c d v x y w.

    Returns:
        `(H, W, 3)` or `(W, H, 3)` uint8, C-contiguous.
    """
    if matrix is not None:
        a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
        sideways = abs(b) > abs(a)
        from_x, from_y = (c, b) if sideways else (a, d)
        if sideways:
            image = cv2.transpose(image)
        if from_x < 0 or from_y < 0:
            # cv2.flip: 0 turns y, 1 turns x, −1 both.
            image = cv2.flip(image, -1 if from_x < 0 and from_y < 0 else int(from_x < 0))
    return np.ascontiguousarray(image)


def square_pixels(image: Any, aspect: Fraction | float | None) -> NDArray[np.uint8]:
    """Stretch a picture whose pixels are not square; no side gets shorter.

    Args:
        image: `(H, W, 3)` uint8, as it is stored.
        aspect: width of a pixel per height (sample aspect ratio); None or 0 where it is unknown.

    Returns:
        `(H, W', 3)` or `(H', W, 3)` uint8.
    """
    ratio = float(aspect or 1)
    if abs(ratio - 1) < MIN_STRETCH or not 1 / MAX_ASPECT <= ratio <= MAX_ASPECT:
        return image  # type: ignore[no-any-return]
    height, width = image.shape[:2]
    size = (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))
    stretched: NDArray[np.uint8] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return stretched
