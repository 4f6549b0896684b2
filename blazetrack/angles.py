"""Angles of the body in degrees: of joints, of trunk and neck, and of one's own definition.

The angle of a joint is between the two limbs that meet there, in space: 180° is a straight leg or
arm, or the hip of a standing person; 0° is the shoulder of an arm that hangs down. The ankle is the
angle between shin and sole, 90° when standing; trunk and neck are 0° when upright.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, did_you_mean
from blazetrack.skeleton import Skeleton

__all__ = ["Angle", "AngleSet", "angle_keypoints", "joint_angles", "known_angles", "parse_angle",
           "standard_angles"]  # fmt: skip

Float = NDArray[np.float64]

# joint → the far ends of the two limbs that meet there
_ENDS = {
    "knee": ("hip", "ankle"),
    "elbow": ("shoulder", "wrist"),
    "hip": ("shoulder", "knee"),
    "shoulder": ("elbow", "hip"),
}
_MIDDLE = "mid_"  # mid_hip is the middle of left_hip and right_hip


@dataclass(frozen=True, slots=True)
class Angle:
    """Angle between two directions, each from one point to another.

    Attributes:
        name: in tables.
        first: start and end of the first direction: names of keypoints, or `mid_hip` for the
            middle of `left_hip` and `right_hip`.
        second: likewise; None is upwards in the picture.
    """

    name: str
    first: tuple[str, str]
    second: tuple[str, str] | None

    @property
    def points(self) -> tuple[str, ...]:
        """The points that it needs, each once."""
        return tuple(dict.fromkeys((*self.first, *(self.second or ()))))


def _standard() -> tuple[Angle, ...]:
    """Two limbs of a joint, shin and sole, trunk and neck."""
    sides = ("left", "right")
    joints = [
        Angle(f"{side}_{joint}", (f"{side}_{joint}", f"{side}_{one}"),
              (f"{side}_{joint}", f"{side}_{other}"))
        for joint, (one, other) in _ENDS.items() for side in sides
    ]  # fmt: skip
    ankles = [
        Angle(f"{side}_ankle", (f"{side}_ankle", f"{side}_knee"),
              (f"{side}_heel", f"{side}_foot_index"))
        for side in sides
    ]  # fmt: skip
    trunk = ("mid_hip", "mid_shoulder")
    return (
        *joints,
        *ankles,
        Angle("trunk", trunk, None),
        Angle("neck", trunk, ("mid_shoulder", "mid_ear")),
    )


_STANDARD = _standard()


def parse_angle(text: str) -> Angle:
    """The angle of a text `NAME=A,B,C`.

    Three points are the angle in B between A and C; four the angle between the directions A to B
    and C to D; two the angle between the direction A to B and upwards in the picture.

    Raises:
        InputError: another form.

    >>> parse_angle("lean=mid_hip,nose")
    Angle(name='lean', first=('mid_hip', 'nose'), second=None)
    """
    name, _, rest = (part.strip() for part in text.partition("="))
    points = [point.strip() for point in rest.split(",")]
    if (
        not re.fullmatch(r"[A-Za-z]\w{0,59}", name)
        or not all(points)
        or len(points) not in (2, 3, 4)
    ):
        raise InputError(
            f"angle: expected NAME=A,B,C with two to four keypoints, got '{text[:80]}'; such as "
            "arm=left_elbow,left_shoulder,left_hip"
        )
    first, second, *others = points
    if not others:
        return Angle(name, (first, second), None)
    if len(others) == 1:
        return Angle(name, (second, first), (second, others[0]))
    return Angle(name, (first, second), (others[0], others[1]))


def known_angles(skeleton: Skeleton) -> dict[str, Angle]:
    """The standard angles whose keypoints the set has, by name.

    For BlazePose: both knees, elbows, hips, shoulders and ankles, trunk and neck.
    """
    return {one.name: one for one in _STANDARD if all(_pair(p, skeleton) for p in one.points)}


class AngleSet:
    """The standard angles of a keypoint set and some more, to be computed for many frames.

    Args:
        skeleton: the keypoint set.
        more: angles of one's own, behind the standard ones.

    Attributes:
        names: in the order of the result.
        keypoints: name → indices of the keypoints that the angle depends on.

    Raises:
        InputError: a point is not in the set, or a name is there twice.
    """

    def __init__(self, skeleton: Skeleton, more: Iterable[Angle] = ()) -> None:
        angles = [*known_angles(skeleton).values(), *more]
        self.names = tuple(one.name for one in angles)
        for place, name in enumerate(self.names):
            if name in self.names[:place]:
                raise InputError(f"angle: '{name}' is there already; choose another name")
        self._upward = np.array([one.second is None for one in angles], bool)
        ends = [(*one.first, *(one.second or one.first)) for one in angles]
        pairs = [
            [_check_pair(point, one, skeleton) for point in points]
            for one, points in zip(angles, ends, strict=True)
        ]
        self._ends = np.array(pairs, np.intp).reshape(-1, 4, 2)
        used = (tuple(dict.fromkeys(sum(four, ()))) for four in pairs)
        self.keypoints = dict(zip(self.names, used, strict=True))

    def __call__(self, points: NDArray[Any]) -> Float:
        """The angles in degrees, 0 to 180.

        Args:
            points: `(..., K, 3)` keypoints in space, x right, y down, such as
                `poses.world_landmarks_m`; `(..., K, 2)` in pixels give the angles in the image.

        Returns:
            `(..., J)` float64; NaN where a direction has no length.
        """
        ends = points[..., self._ends, :].astype(np.float64).mean(axis=-2)
        first = ends[..., 1, :] - ends[..., 0, :]
        second = ends[..., 3, :] - ends[..., 2, :]
        if self._upward.any():
            second[..., self._upward, :] = np.eye(points.shape[-1])[1] * -1.0
        return _between(first, second)


@cache
def standard_angles(skeleton: Skeleton) -> AngleSet:
    """The standard angles of a keypoint set."""
    return AngleSet(skeleton)


def angle_keypoints(skeleton: Skeleton) -> dict[str, tuple[int, int, int]]:
    """The joints of a keypoint set with two limbs, in the order of `joint_angles`.

    For BlazePose: left_knee, right_knee, left_elbow, right_elbow, left_hip, right_hip,
    left_shoulder, right_shoulder. A set without those keypoints has fewer, or none.

    Returns:
        Joint → indices of the far end of one limb, the joint, and the far end of the other limb.
    """
    index = {name: place for place, name in enumerate(skeleton.names)}
    found = {}
    for joint, ends in _ENDS.items():
        for side in ("left", "right"):
            one, middle, other = (f"{side}_{part}" for part in (ends[0], joint, ends[1]))
            if {one, middle, other} <= index.keys():
                found[middle] = (index[one], index[middle], index[other])
    return found


def joint_angles(points: NDArray[Any], skeleton: Skeleton) -> Float:
    """The angle in each joint of `angle_keypoints`, in degrees, 0 to 180.

    Args:
        points: `(..., K, 3)` keypoints in space, such as `poses.world_landmarks_m`.
            `(..., K, 2)` in pixels give the angles in the image, which depend on the view.
        skeleton: names the K keypoints.

    Returns:
        `(..., J)` float64; NaN where a limb has no length, as for a model without world landmarks.
    """
    triples = np.array(list(angle_keypoints(skeleton).values())).reshape(-1, 3)
    one, joint, other = triples.T.astype(np.intp)
    u = points[..., one, :].astype(np.float64) - points[..., joint, :]
    v = points[..., other, :].astype(np.float64) - points[..., joint, :]
    return _between(u, v)


def _between(u: Float, v: Float) -> Float:
    """The angle between directions `(..., 3)` in degrees; NaN where one has no length."""
    u_length, v_length = np.linalg.norm(u, axis=-1), np.linalg.norm(v, axis=-1)
    # Kahan, How Futile are Mindless Assessments of Roundoff, §12: the arc cosine would lose half of
    # the digits for a straight limb.
    a, b = u * v_length[..., None], v * u_length[..., None]
    angle = 2 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))
    return np.where((u_length > 0) & (v_length > 0), np.degrees(angle), np.nan)


def _pair(point: str, skeleton: Skeleton) -> tuple[int, int] | None:
    """The two keypoints whose middle is the point, twice the same for a keypoint; None without."""
    names = skeleton.names
    if point in names:
        return names.index(point), names.index(point)
    part = point.removeprefix(_MIDDLE)
    both = (f"left_{part}", f"right_{part}")
    if part == point or not set(both) <= set(names):
        return None
    return names.index(both[0]), names.index(both[1])


def _check_pair(point: str, angle: Angle, skeleton: Skeleton) -> tuple[int, int]:
    pair = _pair(point, skeleton)
    if pair is None:
        parts = [name.removeprefix("left_") for name in skeleton.names if name.startswith("left_")]
        known = [*skeleton.names, *(_MIDDLE + part for part in parts)]
        raise InputError(
            f"angle {angle.name}: skeleton {skeleton.name} has no keypoint '{point}'; "
            f"{did_you_mean(point, known)}"
        )
    return pair
