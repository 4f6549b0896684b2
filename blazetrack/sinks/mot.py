"""MOT: the angles over time, a table that OpenSim and its tools plot."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from blazetrack.angles import Angle, AngleSet
from blazetrack.errors import SinkError
from blazetrack.recording import Person, Recording
from blazetrack.sinks.clip import MovementSink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton

__all__ = ["MotSink"]


class MotSink(MovementSink):
    """A `.mot` file: the angles of the `.csv` in degrees, rounded alike.

    A frame without the person has no line: at `nan` OpenSim's class Storage ends reading.

    Args:
        path: the file.
        skeleton: keypoint set of the poses.
        angles: columns of one's own behind the standard angles.

    Raises:
        SinkError: not allowed to write, or the keypoint set has no angles.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        angles: Sequence[Angle] = (),
    ) -> None:
        self._angles = AngleSet(skeleton, angles)
        if not self._angles.names:
            raise SinkError(
                f"{os.fspath(path)}: expected keypoints with joints between them, such as "
                f"left_knee, got skeleton {skeleton.name}; write a .csv"
            )
        super().__init__(path, skeleton=skeleton)

    def text(self, name: str, recording: Recording, person: Person) -> str:
        degrees = np.round(self._angles(person.world_landmarks_m), 2)
        lines = [
            os.path.splitext(name)[0],
            "version=1",
            f"nRows={len(degrees)}",
            f"nColumns={len(self._angles.names) + 1}",
            "inDegrees=yes",
            "endheader",
            "\t".join(("time", *self._angles.names)),
        ]
        for time_s, row in zip(
            recording.time_s[person.rows].tolist(), degrees.tolist(), strict=True
        ):
            lines.append("\t".join((f"{time_s:.6f}", *map(str, row))))
        return "\n".join(lines) + "\n"
