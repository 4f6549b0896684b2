"""Body proportions, and forward kinematics from a stance to 33 joints.

The 33 points are those of the published landmark network: joint centres, knuckles of the hand, ends
of the shoe. Lengths are in body heights, x to the right of the picture, y up from the ground, z
towards the camera; rows of two are the subject's left, then right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic.motion import Stance

__all__ = ["Build", "Joints", "Place", "solve"]

Float = NDArray[np.float64]
SIGN = np.array([1.0, -1.0])
ANKLE_Y = 0.045
CAMERA_PITCH = 0.16  # radians downwards: toes appear below heels


@dataclass(frozen=True, slots=True)
class Build:
    """Proportions of one person, in body heights."""

    shoulder: float = 0.104  # half the distance between the shoulder joints
    hip: float = 0.060  # half the distance between the hip points
    waist: float = 0.080  # half the width of the waist
    girth: float = 1.0  # thickness of the limbs
    upper_arm: float = 0.160
    forearm: float = 0.140
    leg: float = 0.245  # thigh and shin alike
    head: float = 0.137  # chin to crown

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Build:
        """A random body between slender and sturdy."""
        broad, sturdy = rng.uniform(-1.0, 1.0, 2)
        return cls(
            shoulder=0.104 + 0.008 * broad,
            hip=0.060 - 0.003 * broad,
            waist=0.080 + 0.006 * sturdy,
            girth=1.0 + 0.10 * sturdy,
            upper_arm=0.160 + rng.uniform(-0.006, 0.006),
            forearm=0.140 + rng.uniform(-0.005, 0.005),
            head=0.137 + rng.uniform(-0.006, 0.006),
        )


@dataclass(frozen=True, slots=True)
class Joints:
    """A posed body in space.

    Attributes:
        points: `(33, 3)`, in the order of `skeleton.BLAZEPOSE33`.
        head: `(4, 3)`: centre of the head, then its right, up and front axes, each half a head
            long.
        spine: `(4, 3)`: middle of the hips, middle of the shoulders, foot and top of the neck.
        hands: `(2, 3, 3)`: per side the directions along, towards the thumb, out of the back.
        scale: one body height in the same unit (1 in space, pixels after projection).
        heading: of the stance; None is drawn flat.
        square: `(4, 3)`: shoulders and hips, left before right, at heading 0.
    """

    points: Float
    head: Float
    spine: Float
    hands: Float
    scale: float = 1.0
    heading: float | None = None
    square: Float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in the picture, seen without perspective from slightly above.

    Attributes:
        x_px, y_px: the point on the ground between the feet.
        height_px: length of one body height.
    """

    x_px: float
    y_px: float
    height_px: float

    def project(self, joints: Joints) -> Joints:
        """The same body in pixels; z is the depth in pixels, towards the camera."""
        camera = self.height_px * _CAMERA
        home = np.array([self.x_px, self.y_px, 0.0])
        head = joints.head @ camera
        head[0] += home
        square = None if joints.square is None else joints.square @ camera + home
        points, spine, hands = joints.points @ camera, joints.spine @ camera, joints.hands @ camera
        height = self.height_px
        return Joints(points + home, head, spine + home, hands, height, joints.heading, square)


_C, _S = np.cos(CAMERA_PITCH), np.sin(CAMERA_PITCH)
_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, -_C, _S], [0.0, _S, _C]])


def turn(yaw: float, pitch: float, roll: float) -> Float:
    """The rotated axes right, up and front as rows: first roll, then pitch, then yaw."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    roll_by = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    pitch_by = np.array([[1.0, 0.0, 0.0], [0.0, cp, sp], [0.0, -sp, cp]])
    yaw_by = np.array([[cy, 0.0, -sy], [0.0, 1.0, 0.0], [sy, 0.0, cy]])
    axes: Float = roll_by @ pitch_by @ yaw_by
    return axes


def solve(build: Build, stance: Stance) -> Joints:
    """The joints of a body in a stance."""
    points = np.empty((33, 3))
    pelvis = np.array([0.0, ANKLE_Y + 1.98 * build.leg, 0.0]) + stance.pelvis
    trunk = turn(*stance.trunk)
    neck = 0.325 * trunk[1] + pelvis
    head = _head(points, build, neck, turn(*(stance.trunk * (1.0, 0.4, 0.6) + stance.head)))
    hips = turn(0.5 * stance.trunk[0], 0.0, 0.3 * stance.trunk[2])
    points[23:25] = pelvis + build.hip * SIGN[:, None] * hips[0]
    chest = pelvis + 0.292 * trunk[1]
    hands = np.stack([_arm(points, build, chest, trunk, stance.arms[s], s) for s in (0, 1)])
    for side in (0, 1):
        _leg(points, build, stance.feet[side], stance.soles[side], side)
    spine = np.stack([pelvis, chest, neck, head[0] - 0.6 * head[2] - 0.2 * head[3]])
    if stance.heading is None:
        return Joints(points, head, spine, hands)
    spin = turn(stance.heading, 0.0, 0.0)
    square = points[[11, 12, 23, 24]]
    points, head, spine, hands = (part @ spin for part in (points, head, spine, hands))
    return Joints(points, head, spine, hands, heading=stance.heading, square=square)


# Nose, eyes (inner, middle, outer; left, then right), ears, corners of the mouth: right, up and
# front of the middle of the head, in half heads.
_EYES = ((0.20, 0.06, 0.72), (0.32, 0.06, 0.68), (0.44, 0.06, 0.60))
_LEFT = np.array([*_EYES, (0.77, -0.11, -0.02), (0.22, -0.57, 0.70)])
_RIGHT = _LEFT * (-1.0, 1.0, 1.0)
_SIDES = (_LEFT[:3], _RIGHT[:3], _LEFT[3:4], _RIGHT[3:4], _LEFT[4:], _RIGHT[4:])
FACE = np.concatenate([[(0.0, -0.30, 0.95)], *_SIDES])


def _head(points: Float, build: Build, neck: Float, axes: Float) -> Float:
    half = 0.5 * build.head
    center = neck + (0.0, 0.03, 0.0) + axes[1] * half + (0.0, 0.0, 0.012)
    points[:11] = center + half * FACE @ axes
    return np.concatenate([center[None], half * axes])


def _arm(
    points: Float, build: Build, chest: Float, trunk: Float, angles: Float, side: int
) -> Float:
    """Fill shoulder to thumb of one side; returns the three directions of the hand."""
    sign = SIGN[side]
    raised = (0.5 - 0.5 * np.cos(angles[0])) ** 2  # the shoulder blade follows the arm
    inward, lift = build.shoulder - 0.018 * raised, 0.030 * raised
    points[11 + side] = chest + sign * inward * trunk[0] + lift * trunk[1]
    out, fore = np.cos(angles[0::2]), np.sin(angles[0::2])
    ahead, front = np.cos(angles[1::2]), np.sin(angles[1::2])
    along = np.stack([sign * fore * ahead, -out * ahead, front], 1) @ trunk
    points[13 + side] = points[11 + side] + build.upper_arm * along[0]
    points[15 + side] = points[13 + side] + build.forearm * along[1]
    # Hanging, the thumb points ahead; raised, the palm turns to the camera.
    roll = np.radians(10.0 + 90.0 * (0.5 + 0.5 * np.cos(angles[2])))
    beside = np.array([sign * out[1], fore[1], 0.0])
    ahead_of = np.array([-sign * fore[1] * front[1], out[1] * front[1], ahead[1]])
    thumb = (np.cos(roll) * beside + np.sin(roll) * ahead_of) @ trunk
    hand = np.stack([along[1], thumb, np.cross(along[1], thumb)])
    for row, (reach, aside) in zip((17, 19, 21), HAND, strict=True):
        points[row + side] = points[15 + side] + reach * hand[0] + aside * thumb
    return hand


# Knuckles of pinky, index and thumb: along the hand and towards the thumb.
HAND = ((0.058, -0.015), (0.062, 0.012), (0.044, 0.023))


def _leg(points: Float, build: Build, foot: Float, sole: float, side: int) -> None:
    """Fill knee to toes of one side by inverse kinematics from the ankle."""
    sign = SIGN[side]
    hip, ankle = points[23 + side], points[27 + side]
    ankle[:] = foot
    ankle[:2] += sign * (build.hip + 0.012), ANKLE_Y
    reach = ankle - hip
    length = float(np.linalg.norm(reach))
    reach /= length
    length = min(length, 1.995 * build.leg)
    ankle[:] = hip + length * reach
    bend = np.array([sign * 0.35, 0.0, 1.0])
    bend -= (bend @ reach) * reach
    bend *= np.sqrt(build.leg**2 - 0.25 * length**2) / np.linalg.norm(bend)
    points[25 + side] = hip + 0.5 * length * reach + bend
    cos, sin = np.cos(sole), np.sin(sole)
    for row, (aside, up, ahead) in ((29, HEEL), (31, TOES)):
        shoe = sign * aside, up * cos - ahead * sin, ahead * cos + up * sin
        points[row + side] = ankle + shoe


# Ends of the shoe from the ankle, of the subject's left.
HEEL = np.array([-0.003, -0.034, -0.019])
TOES = np.array([0.038, -0.041, 0.099])
