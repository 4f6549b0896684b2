"""Text on an image, and a translucent background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DARK", "LIGHT", "Color", "Image", "Points", "text_size", "veil", "write"]

Image = NDArray[np.uint8]
Points = NDArray[np.float64]
Color = tuple[int, int, int]

LIGHT: Color = (240, 240, 240)
DARK: Color = (20, 20, 20)

DOT = "·"
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def text_size(text: str, scale: float) -> tuple[tuple[int, int], int]:
    """Width and height of a text above its baseline, and its depth below, in pixels."""
    (wide, high), below = cv2.getTextSize(text.replace(DOT, "."), _FONT, scale, _weight(scale))
    return (int(wide), int(high)), int(below)


def write(canvas: Image, text: str, base: tuple[int, int], scale: float, ink: Color) -> None:
    """Draw text from the left end of its baseline: ASCII, as OpenCV's font, and `·`."""
    x, y = base
    for number, part in enumerate(text.split(DOT)):
        if number:  # not in the font
            wide = text_size(DOT, scale)[0][0]
            middle = x + wide // 2, y - text_size("x", scale)[0][1] // 3
            cv2.circle(canvas, middle, _weight(scale), ink, cv2.FILLED, cv2.LINE_AA)
            x += wide
        cv2.putText(canvas, part, (x, y), _FONT, scale, ink, _weight(scale), cv2.LINE_AA)
        x += text_size(part, scale)[0][0]


def veil(canvas: Image, box: tuple[int, int, int, int], strength: float) -> None:
    """Darken `(left, top, right, bottom)`."""
    left, top, right, bottom = box
    part = canvas[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if part.size:
        ground = np.full_like(part, DARK)
        part[:] = cv2.addWeighted(part, 1 - strength, ground, strength, 0)


def _weight(scale: float) -> int:
    return max(1, round(scale * 1.6))
