"""The head of the drawn person: forms in half heads, right and up of its middle.

What is given for one half of the face is mirrored; eyes, nose and mouth lie on a rounded front,
so that a turned head shows them moved against its outline.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.sources.body import Joints
from blazetrack.sources.brush import Colour, Shape, mirror, smooth, tone

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
FRINGE = smooth(
    _knots(
        -0.74, 0.05, *_CROWN, 0.74, 0.05, 0.66, 0.30, 0.52, 0.56, 0.1, 0.66, -0.3, 0.52, -0.62, 0.34
    )
)
_STUBBLE = (-0.70, 0.62, -0.42, 0.94, 0.0, 1.04, 0.42, 0.94, 0.70, 0.62)
CROP = smooth(
    _knots(
        -0.72,
        0.22,
        *_STUBBLE,
        0.72,
        0.22,
        0.64,
        0.48,
        0.46,
        0.68,
        0.0,
        0.74,
        -0.46,
        0.68,
        -0.64,
        0.48,
    )
)
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
    """Add how far to the front of the head's middle each point lies: `(P, 2)` to `(P, 3)`."""
    gone = (flat[:, :1] / 0.8) ** 2 + (flat[:, 1:] / 1.3) ** 2
    return np.concatenate([flat, 0.92 * np.sqrt(np.maximum(0.0, 1.0 - gone))], 1)


_EYES = [
    (_bulge(form * side), part)
    for side in (1.0, FLIP)
    for form, part in (
        (BROW, "brow"),
        (EYE, "white"),
        (IRIS, "iris"),
        (PUPIL, "pupil"),
        (LID, "lid"),
    )
]
_FRONT = [
    *_EYES,
    *(
        (_bulge(f), p)
        for f, p in ((NOSE, "nose"), (NOSTRILS, "nostrils"), (LIPS, "lips"), (MOUTH, "mouth"))
    ),
]


def mane(shapes: list[Shape], joints: Joints, hair: Colour) -> None:
    """Add long hair, which hangs behind neck and shoulders."""
    shapes.append((_on_head(joints, MANE), tone(hair, 0.75)))


def head(
    shapes: list[Shape], joints: Joints, skin: Colour, hair: Colour, cut: str, beard: bool
) -> None:
    """Add head, hair and face."""
    if cut == "bun":
        shapes.append((_on_head(joints, BUN), tone(hair, 0.9)))
    for ear in (EAR, EAR * FLIP):
        shapes.append((_on_head(joints, ear), tone(skin, 0.88)))
    shapes.append((_on_head(joints, SKULL), skin))
    shapes.append((_on_head(joints, CHEEK), tone(skin, 0.9)))
    if beard:
        shapes.append((_on_head(joints, BEARD), tone(hair, 1.1)))
    shapes.append((_on_head(joints, CROP if cut == "cropped" else FRINGE), hair))
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
    shapes += [(_on_head(joints, form), colours[part]) for form, part in _FRONT]


def _on_head(joints: Joints, form: Float) -> Float:
    """A form `(P, 2)`, or `(P, 3)` with its front, from half heads to pixels."""
    center, axes = joints.head[0, :2], joints.head[1:, :2]
    return center + form @ axes[: form.shape[1]]
