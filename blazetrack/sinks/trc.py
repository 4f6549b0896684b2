"""TRC: markers in space over time, for OpenSim, under the marker names of Pose2Sim and Sports2D."""

from __future__ import annotations

import os

import numpy as np

from blazetrack.errors import SinkError
from blazetrack.recording import Float, Person, Recording
from blazetrack.sinks.clip import MovementSink, frame_rate, spread
from blazetrack.skeleton import BLAZEPOSE33, Skeleton

__all__ = ["TrcSink", "markers", "upright"]

_MIDDLES = {"Hip": "hip", "Neck": "shoulder"}  # the middle of the left and the right one
# Keypoint → marker, for L and R in front; names of Pose2Sim 0.10.49's BLAZEPOSE and HALPE_26.
_SIDES = {
    "hip": "Hip", "knee": "Knee", "ankle": "Ankle", "heel": "Heel", "foot_index": "BigToe",
    "shoulder": "Shoulder", "elbow": "Elbow", "wrist": "Wrist", "pinky": "Pinky",
    "index": "Index", "thumb": "Thumb", "eye": "Eye", "ear": "Ear",
}  # fmt: skip
_SINGLE = {"nose": "Nose", "neck": "Neck", "head_top": "Head", "pelvis": "Hip"}
_MIN_MARKERS = 3  # that fix a body in space


class TrcSink(MovementSink):
    """A `.trc` file: metres, Y up, X to the right of the picture, Z towards the camera.

    The middle of the hips stays at the origin, as in the world landmarks. A frame without the
    person has `nan`: of empty cells at the end of a line OpenSim 4.6 loses one.

    Args:
        path: the file.
        skeleton: keypoint set of the poses.

    Raises:
        SinkError: not allowed to write, or the keypoint set is not one of a body.
    """

    def __init__(self, path: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        self._markers = markers(skeleton)
        if len(self._markers) < _MIN_MARKERS:
            raise SinkError(
                f"{os.fspath(path)}: expected keypoints of a body, such as left_hip, got skeleton "
                f"{skeleton.name}; write a .csv"
            )
        super().__init__(path, skeleton=skeleton)

    def text(self, name: str, recording: Recording, person: Person) -> str:
        ends = np.array(list(self._markers.values()))
        rows, points = spread(person, upright(person.world_landmarks_m)[:, ends].mean(axis=2))
        count, names = len(points), list(self._markers)
        rate = f"{frame_rate(recording):.6f}"
        numbers = range(1, len(names) + 1)
        lines = [
            f"PathFileType\t4\t(X/Y/Z)\t{name}",
            "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame"
            "\tOrigNumFrames",
            f"{rate}\t{rate}\t{count}\t{len(names)}\tm\t{rate}\t1\t{count}",
            "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
            "\t\t" + "\t".join(f"X{i}\tY{i}\tZ{i}" for i in numbers),
            "",
        ]
        times = recording.time_s[rows].tolist()
        for number, (time_s, row) in enumerate(zip(times, points.reshape(count, -1), strict=True)):
            lines.append(
                f"{number + 1}\t{time_s:.6f}\t"
                + "\t".join(f"{value:.6f}" for value in row.tolist())
            )
        return "\n".join(lines) + "\n"


def markers(skeleton: Skeleton) -> dict[str, tuple[int, int]]:
    """Marker → the two keypoints whose middle it is, twice the same for a keypoint itself."""
    index = {name: place for place, name in enumerate(skeleton.names)}
    found = {_SINGLE[name]: (i, i) for name, i in index.items() if name in _SINGLE}
    for marker, part in _MIDDLES.items():
        both = (f"left_{part}", f"right_{part}")
        if marker not in found and set(both) <= index.keys():
            found[marker] = (index[both[0]], index[both[1]])
    for side in ("right", "left"):
        for part, marker in _SIDES.items():
            if (name := f"{side}_{part}") in index:
                found[side[0].upper() + marker] = (index[name], index[name])
    return found


def upright(metres: Float) -> Float:
    """World landmarks `(..., 3)` with Y up and Z towards the camera, right-handed."""
    return metres * (1.0, -1.0, -1.0)
