"""The head of a drawn person: forms in half heads, right and up of its middle.

Forms of one half of the face are mirrored; eyes, nose and mouth lie on a rounded front, so
they move against the outline when the head turns.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic.body import Joints
from blazetrack.synthetic.shapes import Colour, Shape, mirror, smooth, tone

__all__ = ["CUTS", "head", "mane"]

Float = NDArray[np.float64]
CUTS = ("short", "long", "bun", "cropped")
FLIP = np.array([-1.0, 1.0])


def _knots(*xy: float) -> Float:
    return np.array(xy).reshape(-1, 2)


SKULL = smooth(
    mirror(_knots(0.26, 0.97, 0.56, 0.76, 0.70, 0.35, 0.69, -0.12, 0.58, -0.58, 0.24, -0.97))
)
MANE = smooth(
    mirror(_knots(0.45, 1.10, 0.88, 0.60, 0.96, -0.10, 0.95, -0.80, 0.86, -1.45, 0.35, -1.55))
)
BUN = smooth(mirror(_knots(0.14, 1.52, 0.32, 1.32, 0.24, 1.04)))
EAR = smooth(_knots(0.66, 0.12, 0.80, 0.14, 0.84, -0.02, 0.76, -0.26, 0.66, -0.30))
_CROWN = (-0.79, 0.50, -0.52, 1.00, 0.0, 1.16, 0.52, 1.00, 0.79, 0.50)
_BANGS = (0.74, 0.05, 0.66, 0.30, 0.52, 0.56, 0.1, 0.66, -0.3, 0.52, -0.62, 0.34)
FRINGE = smooth(_knots(-0.74, 0.05, *_CROWN, *_BANGS))
_STUBBLE = (-0.70, 0.62, -0.42, 0.94, 0.0, 1.04, 0.42, 0.94, 0.70, 0.62)
_HAIRLINE = (0.72, 0.22, 0.64, 0.48, 0.46, 0.68, 0.0, 0.74, -0.46, 0.68, -0.64, 0.48)
CROP = smooth(_knots(-0.72, 0.22, *_STUBBLE, *_HAIRLINE))
_JAW = (-0.68, -0.12, -0.58, -0.60, -0.24, -1.0, 0.24, -1.0, 0.58, -0.60, 0.68, -0.12)
BEARD = smooth(_knots(*_JAW, 0.50, -0.42, 0.24, -0.46, 0.0, -0.42, -0.24, -0.46, -0.50, -0.42))
CHEEK = smooth(
    _knots(0.36, 0.80, 0.70, 0.40, 0.69, -0.12, 0.56, -0.58, 0.26, -0.96, 0.50, -0.40, 0.54, 0.10)
)
BROW = _knots(0.14, 0.27, 0.32, 0.34, 0.50, 0.25, 0.50, 0.20, 0.32, 0.27, 0.14, 0.21)
EYE = smooth(_knots(0.18, 0.04, 0.25, 0.12, 0.36, 0.13, 0.46, 0.06, 0.36, -0.01, 0.25, -0.01))
LID = _knots(0.17, 0.05, 0.25, 0.14, 0.36, 0.15, 0.47, 0.07, 0.36, 0.12, 0.25, 0.11)
DISC = np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], 1)
IRIS, PUPIL = (_knots(0.32, 0.06) + radius * DISC for radius in (0.075, 0.038))
NOSE = smooth(_knots(0.02, 0.10, 0.08, -0.16, 0.15, -0.32, 0.0, -0.38, -0.13, -0.32, -0.03, -0.24))
NOSTRILS = _knots(-0.12, -0.35, 0.0, -0.40, 0.12, -0.35, 0.0, -0.36)
LIPS = smooth(
    _knots(-0.23, -0.57, -0.09, -0.52, 0, -0.54, 0.09, -0.52, 0.23, -0.57, 0.1, -0.66, -0.1, -0.66)
)
MOUTH = _knots(-0.22, -0.565, 0.0, -0.60, 0.22, -0.565, 0.0, -0.575)


def _bulge(flat: Float) -> Float:
    """Add the depth on the rounded front of the head: `(P, 2)` to `(P, 3)`."""
    gone = (flat[:, :1] / 0.8) ** 2 + (flat[:, 1:] / 1.3) ** 2
    return np.concatenate([flat, 0.92 * np.sqrt(np.maximum(0.0, 1.0 - gone))], 1)


_EYE = {"brow": BROW, "white": EYE, "iris": IRIS, "pupil": PUPIL, "lid": LID}
_MIDDLE = {"nose": NOSE, "nostrils": NOSTRILS, "lips": LIPS, "mouth": MOUTH}
_FRONT = [(_bulge(form * side), part) for side in (1.0, FLIP) for part, form in _EYE.items()]
_FRONT += [(_bulge(form), part) for part, form in _MIDDLE.items()]


def mane(shapes: list[Shape], joints: Joints, hair: Colour) -> None:
    """Append long hair, behind neck and shoulders."""
    form = _on_head(joints, MANE) if joints.heading is None else _hull(joints, ROUND_MANE)
    shapes.append((form, tone(hair, 0.75)))


def head(
    shapes: list[Shape], joints: Joints, skin: Colour, hair: Colour, cut: str, beard: bool
) -> None:
    """Append head, hair and face."""
    red, green, blue = skin
    colours = {
        "brow": tone(hair, 0.8),
        "white": (246, 244, 240),
        "iris": (70, 50, 36),
        "pupil": (16, 12, 12),
        "lid": tone(skin, 0.45),
        "nose": tone(skin, 0.9),
        "nostrils": tone(skin, 0.72),
        "lips": (red // 2 + 70, green // 2 + 10, blue // 2 + 14),
        "mouth": tone(skin, 0.42),
    }
    if joints.heading is not None:
        _round(shapes, joints, skin, hair, cut, beard)
        seen = [(form, part) for form, part in _FRONT if _faces(joints, form)]
    else:
        _flat(shapes, joints, skin, hair, cut, beard)
        seen = _FRONT
    shapes += [(_on_head(joints, form), colours[part]) for form, part in seen]


def _flat(
    shapes: list[Shape], joints: Joints, skin: Colour, hair: Colour, cut: str, beard: bool
) -> None:
    """A frontal head without its face."""
    if cut == "bun":
        shapes.append((_on_head(joints, BUN), tone(hair, 0.9)))
    for ear in (EAR, EAR * FLIP):
        shapes.append((_on_head(joints, ear), tone(skin, 0.88)))
    shapes.append((_on_head(joints, SKULL), skin))
    shapes.append((_on_head(joints, CHEEK), tone(skin, 0.9)))
    if beard:
        shapes.append((_on_head(joints, BEARD), tone(hair, 1.1)))
    shapes.append((_on_head(joints, CROP if cut == "cropped" else FRINGE), hair))


def _round(
    shapes: list[Shape], joints: Joints, skin: Colour, hair: Colour, cut: str, beard: bool
) -> None:
    """A head of any direction without its face."""
    if cut == "bun":
        shapes.append((_hull(joints, ROUND_BUN), tone(hair, 0.9)))
    near = 0 if joints.head[1, 2] > 0 else 1  # the ear on the camera's side
    shapes.append((_hull(joints, ROUND_EARS[1 - near]), tone(skin, 0.88)))
    shapes.append((_hull(joints, NAPE), tone(hair, 0.85)))
    shapes.append((_hull(joints, MASK), skin))
    if beard:
        shapes.append((_hull(joints, ROUND_BEARD), tone(hair, 1.1)))
    if joints.head[3, 2] > -0.2 * joints.head[2, 1]:
        shapes.append((_hull(joints, NOSE_TIP), tone(skin, 0.96)))
    size = 0.97 if cut == "cropped" else 1.0
    shapes.append((_hull(joints, size * HAIR), hair))
    shapes.append((_hull(joints, ROUND_EARS[near]), tone(skin, 0.9)))


def _points(*xyz: float) -> Float:
    """Points `(K, 3)` of the left half of the head and their mirror images."""
    half = np.array(xyz).reshape(-1, 3)
    return np.concatenate([half, half * (-1.0, 1.0, 1.0)])


# Convex solids by their corners, right, up and front of the middle of the head.
_JAWLINE = (0.70, 0.0, 0.0, 0.67, -0.30, 0.06, 0.56, -0.62, 0.22, 0.24, -0.98, 0.50)
MASK = _points(
    *(*_JAWLINE, 0.0, -1.0, 0.62, 0.0, -0.66, 0.86, 0.0, -0.1, 0.93, 0.0, 0.36, 0.93),
    *(0.0, 0.72, 0.76, 0.34, 0.60, 0.74, 0.40, 0.1, 0.80, 0.36, -0.5, 0.74, 0.58, 0.66, 0.36),
    *(0.69, 0.40, 0.1, 0.62, 0.0, 0.52, 0.52, -0.5, 0.52, 0.70, 0.20, -0.1),
)
NAPE = _points(
    *(0.0, 1.12, 0.0, 0.48, 0.98, -0.1, 0.76, 0.50, 0.0, 0.77, 0.05, -0.12, 0.70, -0.34, -0.26),
    *(0.40, 0.90, -0.62, 0.60, 0.45, -0.76, 0.60, 0.0, -0.80, 0.48, -0.46, -0.66),
    *(0.0, 0.85, -0.80, 0.0, 0.40, -1.02, 0.0, 0.0, -1.04, 0.0, -0.40, -0.88),
)
HAIR = _points(
    *(0.0, 1.14, 0.0, 0.48, 1.02, 0.0, 0.77, 0.52, 0.0, 0.72, 0.46, 0.34, 0.56, 0.58, 0.66),
    *(0.20, 0.66, 0.86, 0.0, 0.92, 0.72, 0.36, 0.90, 0.55, 0.0, 1.08, 0.40),
    *(0.40, 0.94, -0.56, 0.62, 0.55, -0.66, 0.0, 0.90, -0.78, 0.0, 0.6, -0.96),
)
ROUND_MANE = _points(
    *(0.45, 1.05, -0.1, 0.85, 0.60, -0.1, 0.93, -0.10, -0.2, 0.92, -0.80, -0.25),
    *(0.80, -1.45, -0.3, 0.35, -1.55, -0.4, 0.40, 0.9, -0.7, 0.5, 0.0, -1.08),
    *(0.5, -0.8, -1.02, 0.35, -1.5, -0.86),
)
ROUND_BEARD = _points(
    *(*_JAWLINE[3:], 0.0, -1.04, 0.66, 0.0, -0.44, 0.96, 0.40, -0.42, 0.78, 0.60, -0.40, 0.4)
)
_RING = np.arange(10) * np.pi / 5
_EAR = np.stack(
    [0.72 + 0.07 * np.cos(_RING), -0.06 + 0.22 * np.sin(_RING), -0.08 - 0.15 * np.cos(_RING)], 1
)
ROUND_EARS = (_EAR, _EAR * (-1.0, 1.0, 1.0))
NOSE_TIP = _points(
    *(0.03, 0.12, 0.94, 0.10, -0.20, 0.98, 0.14, -0.32, 0.92, 0.03, -0.28, 1.10, 0.0, -0.40, 0.92)
)
ROUND_BUN = np.concatenate(
    [
        np.stack([r * np.cos(_RING), np.full(10, y), r * np.sin(_RING) - 0.4], 1)
        for y, r in ((1.0, 0.24), (1.14, 0.34), (1.30, 0.34), (1.46, 0.18))
    ]
)


def _hull(joints: Joints, solid: Float) -> Float:
    """Outline in pixels of a solid `(K, 3)` of the head."""
    flat = _on_head(joints, solid).astype(np.float32)
    return np.asarray(cv2.convexHull(flat)[:, 0], np.float64)


def _faces(joints: Joints, form: Float) -> bool:
    """Whether a form on the front of the head faces the camera."""
    outward = form.mean(0) * (1 / 0.64, 1 / 1.69, 1.0)
    return bool(outward @ joints.head[1:, 2] > 0.12 * np.linalg.norm(joints.head[3]))


def _on_head(joints: Joints, form: Float) -> Float:
    """A form `(P, 2)`, or `(P, 3)` with depth, from half heads to pixels."""
    center, axes = joints.head[0, :2], joints.head[1:, :2]
    return center + form @ axes[: form.shape[1]]
