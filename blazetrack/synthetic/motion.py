"""Motion of a drawn person: exercises and steps as smooth functions of time, without a body.

Lengths are in body heights, x to the right of the picture, y up, z towards the camera. Rows of two
are the subject's left (on the picture's right), then right. Every exercise starts and ends at rest
in the same stance, so any order of them is smooth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CYCLE_S",
    "EXERCISES",
    "Stance",
    "ease",
    "exercise",
    "idle",
    "sidestep",
    "stand",
    "walk",
]

Float = NDArray[np.float64]
LEFT, RIGHT, BOTH = 0, 1, slice(None)
STEP = 0.20  # length of one side step
REACH = 0.485  # from the hips to the ankles when standing


@dataclass(frozen=True, slots=True)
class Stance:
    """Parameters of a pose; the arrays are changed in place while it is composed.

    Attributes:
        pelvis: `(3,)`, offset of the pelvis from standing.
        trunk: `(3,)` radians, yaw (chest to the subject's left), pitch (forwards), roll (to the
            picture's right).
        head: `(3,)` radians, the same relative to the trunk.
        feet: `(2, 3)`, offset of the ankles from standing.
        arms: `(2, 4)` radians, upper arm and forearm: out (0 hangs, π/2 sideways, π up; negative
            across the body) and forward (π/2 points to the camera).
        soles: `(2,)` radians, the toes down.
        heading: radians, direction of the whole body (π/2: the picture's right); None faces the
            camera and is drawn flat.
    """

    pelvis: Float
    trunk: Float
    head: Float
    feet: Float
    arms: Float
    soles: Float
    heading: float | None = None


def stand() -> Stance:
    """At rest: upright, arms hanging a little away from the body."""
    arms = np.tile([radians(14.0), radians(2.0), radians(9.0), radians(14.0)], (2, 1))
    zeros = np.zeros
    return Stance(zeros(3), zeros(3), zeros(3), zeros((2, 3)), arms, zeros(2))


def swell(u: float, times: int = 1) -> float:
    """0 → 1 → 0, `times` over while `u` runs from 0 to 1; at rest at both ends."""
    return 0.5 - 0.5 * cos(2 * pi * times * u)


def ease(u: float) -> float:
    """0 → 1 while `u` runs from 0 to 1, at rest outside."""
    u = min(max(u, 0.0), 1.0)
    return u * u * (3 - 2 * u)


def _reach(pose: Stance, side: int | slice, part: float, *degrees: float) -> None:
    """Move an arm, or both, by a part (0..1) of the way to four angles in degrees."""
    pose.arms[side] += part * (np.radians(degrees) - pose.arms[side])


def sway(u: float) -> Stance:
    """Shift the weight from one leg to the other."""
    pose = stand()
    side = sin(2 * pi * u) * swell(u)
    pose.pelvis[:2] = 0.03 * side, -0.004 * swell(u)
    pose.trunk[2] = -0.05 * side
    pose.head[2] = 0.08 * side
    return pose


def raises(u: float) -> Stance:
    """Raise both arms sideways to over the head and lower them."""
    pose, up = stand(), swell(u)
    _reach(pose, BOTH, up, 160.0, 4.0, 170.0, 6.0)
    pose.head[1] = -0.10 * up
    return pose


def squats(u: float) -> Stance:
    """A squat with the arms held out."""
    pose, down = stand(), swell(u)
    pose.pelvis[:] = 0.0, -0.19 * down, -0.07 * down
    pose.trunk[1] = 0.36 * down
    pose.head[1] = -0.20 * down
    _reach(pose, BOTH, down, 62.0, 38.0, 74.0, 42.0)
    return pose


def lunges(u: float) -> Stance:
    """A step out to each side in turn, hands on the hips."""
    pose = stand()
    side, out = (LEFT, swell(2 * u)) if u < 0.5 else (RIGHT, swell(2 * u - 1))
    sign = 1.0 if side == LEFT else -1.0
    pose.feet[side] = sign * 0.22 * out, 0.06 * swell(2 * u, 2), 0.02 * out
    pose.pelvis[:2] = sign * 0.13 * out, -0.085 * out
    pose.trunk[2] = sign * 0.10 * out
    _reach(pose, BOTH, ease(5 * u) * ease(5 - 5 * u), 48.0, -6.0, -44.0, 16.0)
    return pose


def jacks(u: float) -> Stance:
    """A jumping jack."""
    pose, out = stand(), swell(u)
    hop = 0.035 * swell(u, 2)
    pose.pelvis[1] = hop - 0.012 * out
    pose.feet[:, 0] = 0.10 * out, -0.10 * out
    pose.feet[:, 1] = hop
    _reach(pose, BOTH, out, 148.0, 4.0, 160.0, 6.0)
    return pose


def wave(u: float) -> Stance:
    """Wave the right hand beside the head."""
    pose = stand()
    up = ease(4 * u) * ease(4 - 4 * u)
    _reach(pose, RIGHT, up, 82.0, 8.0, 162.0 + 24.0 * sin(6 * pi * u), 12.0)
    pose.trunk[2] = -0.05 * up
    pose.head[2] = -0.10 * up
    return pose


def march(u: float) -> Stance:
    """March on the spot with swinging arms."""
    pose = stand()
    for side, lift in (
        (LEFT, swell(2 * u) if u < 0.5 else 0.0),
        (RIGHT, swell(2 * u - 1) if u >= 0.5 else 0.0),
    ):
        pose.feet[side] = 0.0, 0.15 * lift, 0.10 * lift
        pose.pelvis[0] += (-0.025 if side == LEFT else 0.025) * lift
        _reach(pose, 1 - side, lift, 14.0, 36.0, 22.0, 88.0)
        _reach(pose, side, lift, 16.0, -22.0, 12.0, 4.0)
    return pose


EXERCISES: dict[str, tuple[Callable[[float], Stance], float]] = {
    "sway": (sway, 1.2),
    "raises": (raises, 2.0),
    "squats": (squats, 1.8),
    "lunges": (lunges, 2.6),
    "jacks": (jacks, 1.6),
    "wave": (wave, 2.0),
    "march": (march, 2.0),
}
"""Name → the movement over 0..1, and its seconds."""

CYCLE_S = sum(seconds for _, seconds in EXERCISES.values())
"""Seconds of all exercises."""


def exercise(time_s: float, only: str | None = None) -> Stance:
    """The stance at `time_s` in the cycle of all exercises, or of one of them."""
    if only is not None:
        move, seconds = EXERCISES[only]
        return move(time_s % seconds / seconds)
    left = time_s % CYCLE_S
    for move, seconds in EXERCISES.values():
        if left < seconds:
            return move(left / seconds)
        left -= seconds
    return stand()


def idle(pose: Stance, time_s: float) -> Stance:
    """Add breath and small turns of trunk and head, in place."""
    pose.trunk[0] += 0.05 * sin(0.9 * time_s)
    pose.head[:] += 0.16 * sin(0.7 * time_s + 1.0), 0.04 * sin(1.3 * time_s), 0.03 * sin(time_s)
    pose.arms[:, 1] += 0.04 * sin(1.7 * time_s)
    return pose


def sidestep(x: float) -> Stance:
    """A side step: the stance with the body at `x`, one foot on the ground at a time.

    It depends on `x` alone, so it fits any speed and direction; at x = 0 both feet stand.
    """
    pose, step = stand(), 2 * STEP
    whole, part = divmod(x / step, 1.0)
    for side, u in ((LEFT, 2 * part), (RIGHT, 2 * part - 1)):
        pose.feet[side, 0] = step * (whole + ease(u))
        pose.feet[side, 1] = 0.05 * swell(min(max(u, 0.0), 1.0))
    # Hips are lower with the feet apart, so that no standing foot is dragged.
    wide = float(np.abs(pose.feet[:, 0] - x).max()) + 0.02
    pose.pelvis[:2] = x, sqrt(REACH**2 - wide**2) - REACH
    pose.trunk[2] = 0.03 * sin(2 * pi * part)
    pose.arms[:, 1] += 0.35 * sin(2 * pi * part) * np.array([1.0, -1.0])
    return pose


ON_GROUND = 0.6  # part of a stride with the foot on the ground


def walk(phase: float, step: float, vigour: float = 1.0) -> Stance:
    """A step straight ahead, relative to the body: standing feet move back.

    Args:
        phase: strides since the left heel strike.
        step: length of one step, half a stride.
        vigour: 0 stands, 1 walks.
    """
    pose, far = stand(), ON_GROUND * step * vigour
    before = 0.16 * far  # a foot lands nearer than where it leaves the ground
    for side in (LEFT, RIGHT):
        ahead, lift, toe = _footfall((phase + 0.5 * side) % 1.0)
        sign = 1.0 - 2.0 * side
        pose.feet[side] = -0.03 * sign * vigour, vigour * lift, far * ahead - before
        pose.soles[side] = vigour * toe
        # Arms swing against the legs, further forwards than back.
        swing = -vigour * cos(2 * pi * (phase + 0.5 * side))
        pose.arms[side, 1::2] += 0.38 * swing, 0.46 * swing + 0.20 * vigour
        pose.arms[side, 0::2] -= 0.05 * vigour, 0.09 * vigour
    apart = cos(2 * pi * phase) ** 2  # 1 at a heel strike, 0 as one foot passes the other
    low = REACH - sqrt(REACH**2 - (far - before) ** 2)
    pose.pelvis[:2] = 0.012 * vigour * sin(2 * pi * phase), -low * (0.2 + 0.8 * apart)
    pose.trunk[:] = 0.14 * vigour * cos(2 * pi * phase), 0.05 * vigour, 0.0
    pose.head[:2] = -0.8 * pose.trunk[:2]
    return pose


def _footfall(part: float) -> tuple[float, float, float]:
    """A foot in its stride: forwards of the hips (−1 to 1), lift, toes down in radians."""
    if part < ON_GROUND:
        u = part / ON_GROUND
        rolled = ease((u - 0.6) / 0.4)  # heel before toes
        toe = 0.62 * rolled - 0.32 * (1.0 - ease(u / 0.2))
        return 1.0 - 2.0 * u, 0.052 * rolled, toe
    u = (part - ON_GROUND) / (1.0 - ON_GROUND)
    lift = 0.052 * (1.0 - ease(u)) + 0.035 * swell(u)
    return 2.0 * ease(u) - 1.0, lift, 0.62 - 0.94 * ease(1.2 * u)
