"""Text on an image: labels, plain text, a translucent background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DARK", "LIGHT", "Color", "Image", "Points", "draw_label", "text_size", "veil", "write"]

Image = NDArray[np.uint8]
Points = NDArray[np.float64]
Color = tuple[int, int, int]

LIGHT: Color = (240, 240, 240)
DARK: Color = (20, 20, 20)

_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_label(
    canvas: Image, text: str, at: tuple[float, float], ground: Color, *, middle: bool
) -> None:
    """Draw a label inside the image, smaller where it would not fit.

    Args:
        canvas: `(H, W, 3)` uint8 RGB, modified.
        text: ASCII, as OpenCV's font.
        at: the upper left corner of the label, or with `middle` the middle of its lower edge.
        ground: background colour.
        middle: see `at`.
    """
    height, width = canvas.shape[:2]
    scale = max(0.35, min(height, width) / 900)
    (wide, high), below = text_size(text, scale)
    if wide + 8 > width:
        scale *= width / (wide + 8)
        (wide, high), below = text_size(text, scale)
    pad = max(1, high // 3)
    x = at[0] - (wide / 2 + pad if middle else 0)
    y = at[1] - (high + below + 2 * pad if middle else 0)
    left = int(np.clip(x, 0, max(0, width - wide - 2 * pad)))
    top = int(np.clip(y, 0, max(0, height - high - below - 2 * pad)))
    corner = (left + wide + 2 * pad, top + high + below + 2 * pad)
    cv2.rectangle(canvas, (left, top), corner, ground, cv2.FILLED)
    ink = DARK if sum(ground) > 330 else LIGHT
    write(canvas, text, (left + pad, top + pad + high), scale, ink)


def text_size(text: str, scale: float) -> tuple[tuple[int, int], int]:
    """Width and height of a text above its baseline, and its depth below, in pixels."""
    (wide, high), below = cv2.getTextSize(text, _FONT, scale, _weight(scale))
    return (int(wide), int(high)), int(below)


def write(canvas: Image, text: str, base: tuple[int, int], scale: float, ink: Color) -> None:
    """Draw text from the left end of its baseline."""
    cv2.putText(canvas, text, base, _FONT, scale, ink, _weight(scale), cv2.LINE_AA)


def veil(canvas: Image, box: tuple[int, int, int, int], strength: float) -> None:
    """Darken `(left, top, right, bottom)`."""
    left, top, right, bottom = box
    part = canvas[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if part.size:
        ground = np.full_like(part, DARK)
        part[:] = cv2.addWeighted(part, 1 - strength, ground, strength, 0)


def _weight(scale: float) -> int:
    return max(1, round(scale * 1.6))
