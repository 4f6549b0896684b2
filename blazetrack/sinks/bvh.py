"""BVH: the movement of a skeleton with fixed bone lengths, for Blender, Unity and the like."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from blazetrack.errors import SinkError
from blazetrack.recording import Float, Person, Recording
from blazetrack.sinks.bones import JOINTS, fit_lengths, joint_points, rotations, tree
from blazetrack.sinks.clip import MovementSink, frame_rate, spread
from blazetrack.sinks.trc import upright
from blazetrack.skeleton import BLAZEPOSE33, Skeleton

__all__ = ["BvhSink"]

_NEEDED = (
    "Hips",
    "Chest",
    "LeftArm",
    "LeftForeArm",
    "LeftHand",
    "LeftUpLeg",
    "LeftLeg",
    "LeftFoot",
)
_ENDS = ("LeftHandEnd", "RightHandEnd", "LeftToe", "RightToe")
# Joints in the place of their parent, which separate the rotation of two lines that begin there.
_SAME_PLACE = {"Spine": "Hips", "Neck": "Chest"}
_ABOVE = {"Chest": "Spine", "Head": "Neck"}
_END_LENGTH = 0.5  # of an end without a keypoint, in lengths of the bone before


class BvhSink(MovementSink):
    """A `.bvh` file: metres, Y up, facing +Z in the rest pose, arms to the sides.

    Each bone has its median length; the joints are moved by what that needs, see `fit_lengths`. The
    middle of the hips stays near the origin. Frames have equal distances in time; those without the
    person are interpolated.

    Args:
        path: the file.
        skeleton: keypoint set of the poses.

    Raises:
        SinkError: not allowed to write, or the keypoint set lacks shoulders, elbows, wrists, hips,
            knees or ankles.
    """

    def __init__(self, path: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        found = {joint.name for joint in tree(skeleton)}
        needed = (*_NEEDED, *(name.replace("Left", "Right") for name in _NEEDED))
        lacking = [joint.keypoints for joint in JOINTS if joint.name in {*needed} - found]
        if lacking:
            names = set(sum(lacking, ())) - set(skeleton.names)
            raise SinkError(
                f"{os.fspath(path)}: expected keypoints of a whole body, got skeleton "
                f"{skeleton.name} without {', '.join(sorted(names)[:4])}; write a .csv"
            )
        super().__init__(path, skeleton=skeleton)

    def text(self, name: str, recording: Recording, person: Person) -> str:
        rate = frame_rate(recording)
        points = self._evenly(name, recording, person, rate)
        joints, lengths = fit_lengths(joint_points(points, self.skeleton))
        nose = None
        if "Head" in joints and "nose" in self.skeleton.names:
            ears = [self.skeleton.index(ear) for ear in ("left_ear", "right_ear")]
            nose = points[:, self.skeleton.index("nose")] - points[:, ears].mean(axis=1)
        turned = rotations(joints, nose)
        lines, order = _hierarchy(lengths)
        columns = [joints["Hips"]]
        for joint in order:
            columns.append(_euler_degrees(_relative(turned, joint, len(points))))
        motion = np.concatenate(columns, axis=1)
        rows = [" ".join(f"{value:.6f}" for value in row) for row in motion.tolist()]
        return "\n".join(
            [*lines, "MOTION", f"Frames: {len(rows)}", f"Frame Time: {1 / rate:.8f}", *rows, ""]
        )

    def _evenly(self, name: str, recording: Recording, person: Person, rate: float) -> Float:
        """Keypoints `(T, K, 3)` in metres, Y up, at equal distances in time."""
        metres = upright(person.world_landmarks_m)
        times = recording.time_s[person.rows]
        if not (np.diff(times) > 0).all():  # faulty timestamps
            times = person.rows / rate
        count = max(round((times[-1] - times[0]) * rate), 0) + 1
        missing = len(spread(person, times)[1]) - len(times)
        if missing:
            place = Path(self.name).with_name(name)
            self.warnings.append(f"{place}: interpolated frames without the person: {missing}")
        even = times[0] + np.arange(count) / rate
        flat = metres.reshape(len(times), -1).T
        columns = [np.interp(even, times, column) for column in flat]
        return np.stack(columns, axis=1).reshape(count, *metres.shape[1:])


def _children(lengths: Mapping[str, float]) -> dict[str, list[str]]:
    """Joint → those that hang on it, with the joints in the place of their parent."""
    children: dict[str, list[str]] = {"Hips": ["Spine"], "Spine": [], "Chest": []}
    if "Head" in lengths:
        children |= {"Chest": ["Neck"], "Neck": []}
    for joint in JOINTS:
        if joint.name in lengths and joint.name not in _ENDS:
            children.setdefault(_ABOVE.get(joint.name, joint.parent), []).append(joint.name)
    return children


def _parent(joint: str) -> str:
    if joint in _SAME_PLACE:
        return _SAME_PLACE[joint]
    return _ABOVE.get(joint) or next(one.parent for one in JOINTS if one.name == joint)


def _hierarchy(lengths: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """The lines of the hierarchy, and the joints in the order of their channels."""
    rest = {one.name: np.array(one.rest) for one in JOINTS}
    ends = {one.parent: one.name for one in JOINTS if one.name in _ENDS and one.name in lengths}
    children = _children(lengths)
    lines, order = ["HIERARCHY"], []

    def offset(vector: Float) -> str:
        return "OFFSET " + " ".join(f"{value:.6f}" for value in vector.tolist())

    def add(joint: str, depth: int) -> None:
        order.append(joint)
        pad = "\t" * depth
        length = lengths.get(joint, 0.0)
        place = rest[joint] * length if length else np.zeros(3)
        channels = "Zrotation Xrotation Yrotation"
        channels = f"3 {channels}" if depth else f"6 Xposition Yposition Zposition {channels}"
        lines.append(f"{pad}{'JOINT' if depth else 'ROOT'} {joint}")
        lines.extend([f"{pad}{{", f"{pad}\t{offset(place)}", f"{pad}\tCHANNELS {channels}"])
        for child in children.get(joint, ()):
            add(child, depth + 1)
        if not children.get(joint):
            end = ends.get(joint)
            tip = rest[end] * lengths[end] if end else rest[joint] * length * _END_LENGTH
            lines.extend(
                [f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\t{offset(tip)}", f"{pad}\t}}"]
            )
        lines.append(f"{pad}}}")

    add("Hips", 0)
    return lines, order


def _relative(turned: Mapping[str, Float], joint: str, count: int) -> Float:
    """Rotations `(T, 3, 3)` of a joint relative to its parent; none where it has no direction."""
    if joint not in turned:
        return np.broadcast_to(np.eye(3), (count, 3, 3))
    if joint == "Hips":
        return turned[joint]
    relative: Float = turned[_parent(joint)].transpose(0, 2, 1) @ turned[joint]
    return relative


def _euler_degrees(turns: Float) -> Float:
    """Angles `(T, 3)` about Z, X and Y of rotations Z·X·Y `(T, 3, 3)`, without jumps by 360°."""
    x = np.arcsin(np.clip(turns[:, 2, 1], -1, 1))
    z = np.arctan2(-turns[:, 0, 1], turns[:, 1, 1])
    y = np.arctan2(-turns[:, 2, 0], turns[:, 2, 2])
    degrees: Float = np.unwrap(np.degrees(np.stack([z, x, y], axis=1)), period=360, axis=0)
    return degrees
