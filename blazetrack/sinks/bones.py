"""A skeleton of bones with fixed lengths, fitted to the keypoints of a clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from blazetrack.recording import Float
from blazetrack.skeleton import Skeleton

__all__ = ["BONES", "JOINTS", "Joint", "fit_lengths", "joint_points", "rotations", "tree"]

_UP, _DOWN, _LEFT, _RIGHT, _AHEAD = (
    (0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0),
)  # fmt: skip
_ITERATIONS = 100


@dataclass(frozen=True, slots=True)
class Joint:
    """A joint of the tree.

    Attributes:
        name: as usual in BVH files of people.
        parent: the joint that it hangs on; empty for the root.
        rest: direction from the parent in the rest pose: arms to the sides, legs down, facing +Z.
        keypoints: it is in the middle of these.
    """

    name: str
    parent: str
    rest: tuple[float, float, float]
    keypoints: tuple[str, ...]


_ROOT_AND_TRUNK = (
    Joint("Hips", "", (0.0, 0.0, 0.0), ("left_hip", "right_hip")),
    Joint("Chest", "Hips", _UP, ("left_shoulder", "right_shoulder")),
    Joint("Head", "Chest", _UP, ("left_ear", "right_ear")),
)


def _side(side: str, out: tuple[float, float, float]) -> tuple[Joint, ...]:
    """The joints of one side, arm and leg."""
    low, name = side.lower(), side
    return (
        Joint(f"{name}Arm", "Chest", out, (f"{low}_shoulder",)),
        Joint(f"{name}ForeArm", f"{name}Arm", out, (f"{low}_elbow",)),
        Joint(f"{name}Hand", f"{name}ForeArm", out, (f"{low}_wrist",)),
        Joint(f"{name}HandEnd", f"{name}Hand", out, (f"{low}_index", f"{low}_pinky")),
        Joint(f"{name}UpLeg", "Hips", out, (f"{low}_hip",)),
        Joint(f"{name}Leg", f"{name}UpLeg", _DOWN, (f"{low}_knee",)),
        Joint(f"{name}Foot", f"{name}Leg", _DOWN, (f"{low}_ankle",)),
        Joint(f"{name}Toe", f"{name}Foot", _AHEAD, (f"{low}_foot_index",)),
    )


JOINTS = (*_ROOT_AND_TRUNK, *_side("Left", _LEFT), *_side("Right", _RIGHT))
# A joint in the middle of two others is not free; the line between those has a fixed length.
_MIDDLES = {"Hips": ("LeftUpLeg", "RightUpLeg"), "Chest": ("LeftArm", "RightArm")}
_PARENTS = {one.name: one.parent for one in JOINTS}
BONES = tuple((one.parent, one.name) for one in JOINTS if one.parent)


def tree(skeleton: Skeleton) -> tuple[Joint, ...]:
    """The joints whose keypoints the set has, parents first."""
    names = set(skeleton.names)
    return tuple(one for one in JOINTS if set(one.keypoints) <= names)


def joint_points(points: Float, skeleton: Skeleton) -> dict[str, Float]:
    """Positions `(T, 3)` of the joints in keypoints `(T, K, 3)`."""
    return {
        one.name: points[:, [skeleton.index(name) for name in one.keypoints]].mean(axis=1)
        for one in tree(skeleton)
    }


def fit_lengths(points: Mapping[str, Float]) -> tuple[dict[str, Float], dict[str, float]]:
    """The positions nearby in which every bone has its median length in all frames.

    Both ends of a bone are moved by half of its error, again and again (position-based dynamics:
    Müller et al. 2007), then the rest of the errors is removed from the root outwards.

    Args:
        points: joint → `(T, 3)`.

    Returns:
        The moved positions, and for each joint but the root the length of the bone to its parent.
    """
    bones = [(a, b) for a, b in BONES if b in points]
    lengths = {b: float(np.median(_norm(points[b] - points[a]))) for a, b in bones}
    for ends in _MIDDLES.values():  # half of the line between the two
        width = float(np.median(_norm(points[ends[0]] - points[ends[1]])))
        lengths |= dict.fromkeys(ends, width / 2)
    free = {name: values.copy() for name, values in points.items() if name not in _MIDDLES}
    pairs = [(ends[0], ends[1], lengths[ends[0]] * 2) for ends in _MIDDLES.values()]
    ends_of_middles = {end for ends in _MIDDLES.values() for end in ends}
    pairs += [(a, b, lengths[b]) for a, b in bones if b not in ends_of_middles]
    for _ in range(_ITERATIONS):
        for a, b, length in pairs:
            line = _at(free, b) - _at(free, a)
            move = line * (0.5 * (1 - length / np.maximum(_norm(line), 1e-9)))[:, None]
            for joint, sign in ((a, 1.0), (b, -1.0)):
                for moved in _MIDDLES.get(joint, (joint,)):
                    free[moved] = free[moved] + sign * move
    return _exact({name: _at(free, name) for name in points}, lengths), lengths


def rotations(points: Mapping[str, Float], nose: Float | None = None) -> dict[str, Float]:
    """Rotation `(T, 3, 3)` in space of each joint with children, from the rest pose.

    Hips and chest follow from two directions, the others from one: the smallest rotation from that
    of their parent. `Spine` is the rotation of the line from the hips to the chest, `Neck` that of
    the line from the chest to the head.

    Args:
        points: joint → `(T, 3)`, with the lengths of `fit_lengths`.
        nose: `(T, 3)` from the middle of the ears to the nose.
    """
    spine = points["Chest"] - points["Hips"]
    hips = _frame(points["LeftUpLeg"] - points["RightUpLeg"], spine)
    turned = {"Hips": hips, "Spine": _swing(hips[:, :, 1], spine) @ hips}
    turned["Chest"] = _frame(points["LeftArm"] - points["RightArm"], spine)
    for one in JOINTS:
        if one.name not in points or one.parent in ("", "Hips", "Chest"):
            continue
        above = turned[_PARENTS[one.parent]]
        direction = points[one.name] - points[one.parent]
        turned[one.parent] = _swing(above @ np.array(one.rest), direction) @ above
    if "Head" in points:
        chest = turned["Chest"]
        neck = _swing(chest[:, :, 1], points["Head"] - points["Chest"]) @ chest
        turned |= {"Neck": neck, "Head": neck if nose is None else _facing(neck, nose)}
    return turned


def _facing(neck: Float, nose: Float) -> Float:
    """The rotation of the neck, turned further until Z has the direction of the nose."""
    return _swing(neck[:, :, 2], nose) @ neck


def _at(free: Mapping[str, Float], joint: str) -> Float:
    """Position of a joint, also of one in the middle of two others."""
    if joint not in _MIDDLES:
        return free[joint]
    one, other = _MIDDLES[joint]
    return 0.5 * (free[one] + free[other])


def _exact(points: dict[str, Float], lengths: Mapping[str, float]) -> dict[str, Float]:
    """The positions with exact lengths: each bone keeps its direction, from the root outwards."""
    placed = {"Hips": points["Hips"]}
    for one in JOINTS:
        if one.parent and one.name in points:
            # towards the place of the joint, but from the middles along the line that they halve
            origin = points[one.parent] if one.parent in _MIDDLES else placed[one.parent]
            line = points[one.name] - origin
            unit = line / np.maximum(_norm(line), 1e-9)[:, None]
            placed[one.name] = placed[one.parent] + lengths[one.name] * unit
    return placed


def _norm(vectors: Float) -> Float:
    length: Float = np.linalg.norm(vectors, axis=-1)
    return length


def _unit(vectors: Float) -> Float:
    return vectors / np.maximum(_norm(vectors), 1e-9)[..., None]


def _frame(across: Float, up: Float) -> Float:
    """Rotations `(T, 3, 3)` whose X is `across` and whose Y is `up` as far as it is normal to X."""
    x = _unit(across)
    z = _unit(np.cross(x, up))
    return np.stack([x, np.cross(z, x), z], axis=-1)


def _swing(start: Float, end: Float) -> Float:
    """The smallest rotations `(T, 3, 3)` from directions to directions `(T, 3)`."""
    a, b = _unit(start), _unit(end)
    axis, cosine = np.cross(a, b), np.sum(a * b, axis=-1)
    skew = np.zeros((len(a), 3, 3))
    skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0] = axis.T
    skew -= skew.transpose(0, 2, 1)
    opposite = cosine < -1 + 1e-9
    scale = 1 / np.where(opposite, 1.0, 1 + cosine)
    turned: Float = np.eye(3) + skew + scale[:, None, None] * skew @ skew
    if opposite.any():  # half a turn about any normal
        helper = np.where(np.abs(a[:, :1]) < 0.9, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
        normal = _unit(np.cross(a, helper))
        half = 2 * normal[:, :, None] * normal[:, None, :] - np.eye(3)
        turned[opposite] = half[opposite]
    return turned
