"""Shapes of a drawn figure: curves, shaded limbs, filling and coverage.

A figure is a list of shapes, back to front.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Colour", "Shape", "cast_shadow", "covered", "limb", "mirror", "paint", "smooth", "tone"]

Float = NDArray[np.float64]
Colour = tuple[int, int, int]
Shape = tuple[Float, Colour]
"""Corners `(P, 2)` in pixels and an RGB colour."""

LIGHT = np.array([-0.6, -0.8])  # direction to the light in the picture
# Passes over a limb from dark to light: inset from the dark side, brightness.
BANDS = ((0.0, 0.78), (0.36, 1.0), (1.15, 1.09))


def tone(colour: Colour, by: float) -> Colour:
    """A colour times a brightness."""
    red, green, blue = (min(255, int(c * by)) for c in colour)
    return red, green, blue


def paint(image: NDArray[np.uint8], shapes: list[Shape]) -> None:
    """Fill the shapes in order, in place, with a precision of 1/16 pixel."""
    for corners, colour in shapes:
        fixed = np.rint(corners * 16.0).astype(np.int32)
        cv2.fillPoly(image, [fixed], colour, cv2.LINE_AA, 4)


def covered(points: Float, shapes: list[Shape]) -> NDArray[np.bool_]:
    """Mask `(P,)` bool of the points `(P, 2)` inside any of the shapes."""
    under = np.zeros(len(points), np.bool_)
    if not shapes:
        return under
    low = np.stack([corners.min(0) for corners, _ in shapes])
    high = np.stack([corners.max(0) for corners, _ in shapes])
    near = np.all((points[:, None] >= low) & (points[:, None] <= high), axis=2)  # (P, S)
    for point, shape in np.argwhere(near):
        if not under[point]:
            at = float(points[point, 0]), float(points[point, 1])
            form = shapes[shape][0].astype(np.float32)
            under[point] = cv2.pointPolygonTest(form, at, False) >= 0
    return under


def cast_shadow(image: NDArray[np.uint8], x_px: float, y_px: float, half_width_px: float) -> None:
    """Darken a soft ellipse around (x, y), in place."""
    height, width = image.shape[:2]
    a, b = half_width_px, 0.16 * half_width_px
    x0, x1 = (int(np.clip(v, 0, width)) for v in (x_px - a, x_px + a + 1))
    y0, y1 = (int(np.clip(v, 0, height)) for v in (y_px - b, y_px + b + 1))
    u = ((np.arange(x0, x1, dtype=np.float32) - x_px) / a) ** 2
    v = ((np.arange(y0, y1, dtype=np.float32) - y_px) / b) ** 2
    keep = 1.0 - 0.45 * np.maximum(0.0, 1.0 - u - v[:, None])
    image[y0:y1, x0:x1] = (image[y0:y1, x0:x1] * keep[..., None]).astype(np.uint8)


_U = np.arange(4)[:, None] / 4
_SPLINE = 0.5 * np.concatenate(
    [-_U + 2 * _U**2 - _U**3, 2 - 5 * _U**2 + 3 * _U**3, _U + 4 * _U**2 - 3 * _U**3, _U**3 - _U**2],
    axis=1,
)


def smooth(knots: Float) -> Float:
    """A closed Catmull-Rom curve `(4 K, 2)` through knots `(K, 2)`."""
    ring = np.concatenate([knots[-1:], knots, knots[:2]])
    spans = np.stack([ring[:-3], ring[1:-2], ring[2:-1], ring[3:]], 1)  # (K, 4, 2)
    curve: Float = (_SPLINE @ spans).reshape(-1, 2)
    return curve


def mirror(half: Float) -> Float:
    """Close an outline, given from top to bottom on one side, by its mirror image in x."""
    return np.concatenate([half, (half * (-1.0, 1.0))[::-1]])


# The outline of a limb: one side, round the end, back on the other side, round the start.
_T = np.linspace(0.0, 1.0, 6)
_CAP = np.linspace(0.0, np.pi, 7)[1:-1]
_ALONG = np.concatenate([_T, np.ones(5), _T[::-1], np.zeros(5)])  # in lengths of the limb
_ROUND = np.concatenate([np.zeros(6), np.sin(_CAP), np.zeros(6), -np.sin(_CAP)])  # in radii
_ACROSS = np.concatenate([np.ones(6), np.cos(_CAP), -np.ones(6), -np.cos(_CAP)])  # in radii


def limb(shapes: list[Shape], colour: Colour, *parts: tuple[Float, Float, Float]) -> None:
    """Append a chain of rounded parts (start `(2,)`, end `(2,)`, radii `(R,)`), shaded as one."""
    forms = []
    for start, end, radii in parts:
        axis = end - start
        across = np.array([-axis[1], axis[0]]) / (np.hypot(*axis) + 1e-9)
        radius = np.interp(_ALONG, np.linspace(0.0, 1.0, len(radii)), radii)
        along = np.array([across[1], -across[0]])
        spine = start + _ALONG[:, None] * axis + (_ROUND * radius)[:, None] * along
        forms.append((spine, across, _ACROSS * radius, float(across @ LIGHT)))
    for inset, bright in BANDS:
        for spine, across, side, lit in forms:
            move = 0.5 * inset * (lit * np.abs(side) - abs(lit) * side) - 0.12 * inset * side
            shapes.append((spine + (side + move)[:, None] * across, tone(colour, bright)))
