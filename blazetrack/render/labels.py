"""Labels of people that do not cover each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from blazetrack.render.text import DARK, LIGHT, Color, Image, text_size, write

__all__ = ["Label", "draw_labels", "person_text"]

Box = tuple[int, int, int, int]  # left, top, right, bottom

GAP_PX = 2  # between two labels
RINGS = 12  # positions tried in each direction, in heights of the label


@dataclass(frozen=True, slots=True)
class Label:
    """A text for a place in the picture.

    Attributes:
        text: see `write`.
        at: x y of the middle of the label's lower edge, in pixels.
        ground: background colour.
    """

    text: str
    at: tuple[float, float]
    ground: Color


def person_text(number: int, score: float, *, calibrated: bool) -> str:
    """The label of a person: id and score, a probability in per cent, another score as 0..1."""
    if not np.isfinite(score):
        return f"person {number}"
    share = float(np.clip(score, 0, 1))
    return f"person {number} · " + (f"{round(100 * share)} %" if calibrated else f"{share:.2f}")


def draw_labels(canvas: Image, labels: Sequence[Label]) -> None:
    """Draw labels inside the picture, each at the free place that is nearest to its own.

    Args:
        canvas: `(H, W, 3)` uint8 RGB, modified.
        labels: the first ones have the first choice. Where there is no free place, a label covers
            others.
    """
    taken: list[Box] = []
    for label in labels:
        scale, (wide, high), below = _fitted(canvas, label.text)
        pad = max(1, high // 3)
        size = wide + 2 * pad, high + below + 2 * pad
        box = next((box for box in _places(canvas, label.at, size) if _is_free(box, taken)), None)
        box = box or next(_places(canvas, label.at, size))
        taken.append(box)
        cv2.rectangle(canvas, box[:2], box[2:], label.ground, cv2.FILLED)
        ink = DARK if sum(label.ground) > 330 else LIGHT
        write(canvas, label.text, (box[0] + pad, box[1] + pad + high), scale, ink)


def _fitted(canvas: Image, text: str) -> tuple[float, tuple[int, int], int]:
    """Scale, width and height, and depth below the baseline of a text that fits the width."""
    height, width = canvas.shape[:2]
    scale = max(0.35, min(height, width) / 900)
    (wide, high), below = text_size(text, scale)
    if wide + 8 > width:
        scale *= width / (wide + 8)
        (wide, high), below = text_size(text, scale)
    return scale, (wide, high), below


def _places(canvas: Image, at: tuple[float, float], size: tuple[int, int]) -> Iterator[Box]:
    """Boxes inside the picture, by distance from the wanted one."""
    height, width = canvas.shape[:2]
    wide, high = size
    left, top = at[0] - wide / 2, at[1] - high
    steps = [(dx, dy) for dx in (0.0, -0.5, 0.5, -1.0, 1.0) for dy in range(-RINGS, RINGS + 1)]
    steps.sort(key=lambda step: np.hypot(step[0] * wide, step[1] * high))
    for dx, dy in steps:
        x = int(np.clip(left + dx * (wide + GAP_PX), 0, max(0, width - wide)))
        y = int(np.clip(top + dy * (high + GAP_PX), 0, max(0, height - high)))
        yield x, y, x + wide, y + high


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    return all(
        right < other[0] or left > other[2] or bottom < other[1] or top > other[3]
        for other in taken
    )
