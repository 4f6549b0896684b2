"""A drawn person: joints in pixels → shaded shapes of skin, clothes and shoes."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, sin

import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic.body import Build, Joints
from blazetrack.synthetic.head import CUTS, head, mane
from blazetrack.synthetic.shapes import Colour, Shape, cast_shadow, limb, smooth, tone

__all__ = ["Look", "draw_shadow", "outline"]

Float = NDArray[np.float64]

SKINS = ((240, 204, 172), (232, 184, 148), (214, 160, 120), (176, 120, 84), (128, 84, 58))
HAIRS = ((38, 28, 24), (84, 52, 32), (130, 84, 44), (196, 152, 88), (90, 88, 90), (150, 66, 36))
SHIRTS = (
    *((196, 62, 58), (46, 104, 176), (52, 140, 92), (226, 168, 52), (124, 78, 150)),
    *((232, 230, 224), (40, 132, 142), (222, 120, 90)),
)
TROUSERS = ((44, 54, 84), (58, 58, 62), (92, 80, 66), (70, 92, 122), (36, 64, 60), (104, 50, 58))
SHOES = ((232, 232, 230), (44, 44, 48), (196, 70, 62), (60, 110, 170), (120, 86, 58))
SOLE = (216, 212, 204)


@dataclass(frozen=True, slots=True)
class Look:
    """Colours and clothes of one person.

    Attributes:
        cut: of the hair, one of `head.CUTS`.
        sleeve: covered part of the upper arm; over 1, also of the forearm.
        hem: covered part of the thigh; over 1, also of the shin.
    """

    skin: Colour
    hair: Colour
    shirt: Colour
    trim: Colour
    trousers: Colour
    shoes: Colour
    cut: str
    sleeve: float
    hem: float
    beard: bool
    striped: bool

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Look:
        """A random look from palettes with contrast to the background."""
        skin, hair, trousers, shoes = (
            palette[rng.integers(len(palette))] for palette in (SKINS, HAIRS, TROUSERS, SHOES)
        )
        shirt, trim = (SHIRTS[k] for k in rng.permutation(len(SHIRTS))[:2])
        cut = CUTS[rng.integers(len(CUTS))]
        sleeve, hem = (0.55, 0.6, 1.9)[rng.integers(3)], (0.6, 2.0, 2.0)[rng.integers(3)]
        beard = bool(cut in ("short", "cropped") and rng.random() < 0.4)
        striped = bool(rng.random() < 0.4)
        return cls(skin, hair, shirt, trim, trousers, shoes, cut, sleeve, hem, beard, striped)


def outline(build: Build, look: Look, joints: Joints) -> list[Shape]:
    """All shapes of one person, back to front; the joints in pixels (`Place.project`)."""
    shapes: list[Shape] = []
    depth, aside = joints.points[:, 2], abs(sin(joints.heading or 0.0))
    arms = sorted((0, 1), key=lambda s: depth[15 + s])
    legs = sorted((0, 1), key=lambda s: depth[25 + s])
    if aside > 0.3:  # from the side, one arm is behind the trunk and one leg behind the other
        arms, legs = (sorted((0, 1), key=lambda s: depth[k + s]) for k in (11, 23))
        _arm(shapes, build, look, joints, arms.pop(0))
    if look.cut == "long":
        mane(shapes, joints, look.hair)
    neck = joints.spine[2:, :2]
    width = 0.027 * joints.scale * build.girth
    limb(shapes, tone(look.skin, 0.86), (neck[0], neck[1], np.array([1.25, 1.0]) * width))
    _trunk(shapes, build, look, joints)
    for side in legs:
        _leg(shapes, build, look, joints, side)
    _waist(shapes, build, look, joints)
    head(shapes, joints, look.skin, look.hair, look.cut, look.beard)
    for side in arms:
        _arm(shapes, build, look, joints, side)
    return shapes


def draw_shadow(image: NDArray[np.uint8], joints: Joints, y_px: float) -> None:
    """Darken the ground under the feet of a posed body, in place."""
    feet = joints.points[27:33, 0]
    cast_shadow(image, feet.mean(), y_px, 0.5 * np.ptp(feet) + 0.12 * joints.scale)


# Half width of the trunk at levels between the hips (0) and the shoulders (1).
LEVELS = np.array([-0.12, 0.05, 0.35, 0.62, 0.82, 1.0])
WIDTHS = np.array([0.094, 0.094, 0.080, 0.090, 0.101, 0.108])


def _across(build: Build, joints: Joints, *levels: float) -> tuple[Float, Float]:
    """Middle of the trunk `(V, 2)`, and the vector to its edge on the picture's right `(V, 2)`."""
    spine, level = joints.spine[:, :2], np.array(levels)
    shoulders, hips = _square(joints)
    sides = np.stack([hips[0] - hips[1], shoulders[0] - shoulders[1]])
    sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    wide = np.interp(level, LEVELS, WIDTHS * (1, 1, build.waist / WIDTHS[2], 1, 1, 1))
    middle = spine[0] + level[:, None] * (spine[1] - spine[0])
    turned = sides[0] + level[:, None] * (sides[1] - sides[0])
    return middle, joints.scale * _slim(joints) * wide[:, None] * turned


def _square(joints: Joints) -> tuple[Float, Float]:
    """Shoulders and hips `(2, 2)` as seen from the front."""
    rows = joints.points[[11, 12, 23, 24]] if joints.square is None else joints.square
    return rows[:2, :2], rows[2:, :2]


def _slim(joints: Joints) -> float:
    """Visible width of the trunk, as a part of its width from the front."""
    turned = joints.heading or 0.0
    return hypot(cos(turned), 0.66 * sin(turned))


def _band(low: Float, high: Float, a: Float, b: Float) -> Float:
    """Four corners between two levels of the trunk."""
    return np.stack([low - a, high - b, high + b, low + a])


def _trunk(shapes: list[Shape], build: Build, look: Look, joints: Joints) -> None:
    unit, spine, slim = joints.scale, joints.spine[:, :2], _slim(joints)
    middle, half = _across(build, joints, 0.9, 0.74, 0.55, 0.33, 0.12, 0.0)
    up = unit * (spine[2] - spine[1]) / np.linalg.norm(spine[2] - spine[1])
    aside = unit * slim * half[0] / np.linalg.norm(half[0])
    collar = spine[2] + 0.004 * up
    xy = _square(joints)[0]
    if joints.heading is not None:
        xy = spine[1] + slim * (xy - xy.mean(0))
    neck = (collar + 0.040 * aside, collar - 0.040 * aside)
    tops = xy[0] + 0.030 * up + 0.006 * aside, xy[1] + 0.030 * up - 0.006 * aside
    left, right = middle + half, middle - half
    body = smooth(np.stack([neck[0], tops[0], *left, *right[::-1], tops[1], neck[1]]))
    shapes.append((body, look.shirt))
    shade = smooth(np.concatenate([left, (middle + 0.62 * half)[::-1]]))
    shapes.append((shade, tone(look.shirt, 0.84)))
    if look.striped:
        for level in (0.30, 0.52, 0.74):
            (m0, m1), (h0, h1) = _across(build, joints, level, level + 0.09)
            shapes.append((_band(m0, m1, h0, h1), look.trim))
            dark = _band(m0 + 0.81 * h0, m1 + 0.81 * h1, 0.19 * h0, 0.19 * h1)
            shapes.append((dark, tone(look.trim, 0.84)))
    if slim < 0.9:
        return
    throat = np.stack([neck[0], spine[2] - 0.030 * up, neck[1], collar + 0.02 * up])
    shapes.append((smooth(throat), tone(look.skin, 0.92)))


def _waist(shapes: list[Shape], build: Build, look: Look, joints: Joints) -> None:
    """The trousers between the thighs, and the belt."""
    (top, middle, _), (h0, h1, h2) = _across(build, joints, 0.20, 0.05, -0.10)
    hips = joints.points[23:25, :2].mean(0)
    crotch, inner = hips + 0.9 * (hips - top), 0.6 * h2
    corners = [top + h0, middle + h1, hips + inner, crotch, hips - inner, middle - h1, top - h0]
    shapes.append((np.stack(corners), look.trousers))
    (m0, m1), (h0, h1) = _across(build, joints, 0.15, 0.215)
    shapes.append((_band(m0, m1, h0, h1), tone(look.trousers, 0.62)))


def _leg(shapes: list[Shape], build: Build, look: Look, joints: Joints, side: int) -> None:
    xy, unit = joints.points[:, :2], joints.scale * build.girth
    hip, knee, ankle, heel, toe = (xy[k + side] for k in (23, 25, 27, 29, 31))
    thigh, shin = np.array([0.053, 0.050, 0.036]) * unit, np.array([0.036, 0.037, 0.022]) * unit
    sock = (ankle + 0.2 * (knee - ankle), ankle + 0.6 * (heel - ankle), shin[2:])
    limb(shapes, look.skin, sock)
    _shoe(shapes, look, ankle, heel, toe, joints.scale)
    if look.hem < 1:
        limb(shapes, look.skin, (knee, ankle, shin), (hip, knee, thigh))
        limb(shapes, look.trousers, (hip, hip + look.hem * (knee - hip), thigh[:2] * 1.10))
    else:
        wide = np.array([0.039, 0.037, 0.031]) * unit
        limb(shapes, look.trousers, (knee, ankle, wide), (hip, knee, thigh * (1.0, 1.04, 1.08)))


def _shoe(
    shapes: list[Shape], look: Look, ankle: Float, heel: Float, toe: Float, unit: float
) -> None:
    down, radii = np.array([0.0, 0.008 * unit]), np.array([0.026, 0.026, 0.027]) * unit
    limb(shapes, SOLE, (heel + down, toe + down, radii * 1.04))
    limb(shapes, look.shoes, (heel, toe, radii), (ankle, heel, radii[:2] * 0.9))
    lace = tone(look.shoes, 0.7 if sum(look.shoes) > 380 else 1.9)
    box = np.array([(-0.011, -0.005), (0.011, -0.002), (0.011, 0.005), (-0.011, 0.002)]) * unit
    for part in (0.35, 0.55):
        shapes.append((ankle + part * (toe - ankle) + box, lace))


def _arm(shapes: list[Shape], build: Build, look: Look, joints: Joints, side: int) -> None:
    xy, unit = joints.points[:, :2], joints.scale * build.girth
    shoulder, elbow, wrist = (xy[k + side] for k in (11, 13, 15))
    upper, fore = np.array([0.034, 0.032, 0.026]) * unit, np.array([0.026, 0.026, 0.0175]) * unit
    _hand(shapes, look, joints, side)
    limb(shapes, look.skin, (shoulder, elbow, upper), (elbow, wrist, fore))
    if look.sleeve < 1:
        cuff = shoulder + look.sleeve * (elbow - shoulder)
        limb(shapes, look.shirt, (shoulder, cuff, upper[:2] * 1.12))
    else:
        cuff = elbow + (look.sleeve - 1) * (wrist - elbow)
        limb(shapes, look.shirt, (shoulder, elbow, upper * 1.1), (elbow, cuff, fore[:2] * 1.12))


def _hand(shapes: list[Shape], look: Look, joints: Joints, side: int) -> None:
    """Palm, four fingers and thumb."""
    unit, xy = joints.scale, joints.points[:, :2]
    wrist, pinky, index, thumb = (xy[k + side] for k in (15, 17, 19, 21))
    along, aside = joints.hands[side, :2, :2]
    palm = (wrist, wrist + 0.045 * along, np.array([0.016, 0.022, 0.022]) * unit)
    radii = np.array([0.0085, 0.007]) * unit
    limb(shapes, tone(look.skin, 0.97), palm)
    for part, reach in zip((0.0, 0.33, 0.67, 1.0), (0.034, 0.044, 0.048, 0.042), strict=True):
        knuckle = pinky + part * (index - pinky)
        tip = knuckle + along * reach + aside * 0.012 * (part - 0.5)
        limb(shapes, tone(look.skin, 0.98), (knuckle - 0.01 * along, tip, radii))
    base, tip = wrist + 0.014 * along + 0.010 * aside, thumb + 0.020 * along + 0.008 * aside
    limb(shapes, look.skin, (base, tip, np.array([0.0115, 0.0075]) * unit))
