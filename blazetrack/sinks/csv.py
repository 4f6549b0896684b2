"""CSV: one row per person and frame; a frame without people has one row with empty cells."""

from __future__ import annotations

import os
from math import isnan

import numpy as np

from blazetrack.angles import angle_keypoints, joint_angles
from blazetrack.errors import InputError
from blazetrack.sinks.base import TextSink, check_finite
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["CsvSink", "header"]

_FRAME = ("frame", "time_s", "width", "height")
_PERSON = ("id", "score")
_POINT = ("x_px", "y_px", "z_px", "visibility", "presence", "x_m", "y_m", "z_m")


class CsvSink(TextSink):
    """A `.csv` file: comma, decimal point, a header row, no quotes (no cell needs any).

    The last columns are the joint angles of the world landmarks; an undefined one is empty.

    Args:
        path: the file.
        skeleton: column names of the keypoints.
    """

    def __init__(self, path: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        super().__init__(path)
        self._skeleton = skeleton
        self._empty = "," * (len(header(skeleton)) - len(_FRAME)) + "\n"

    def head(self) -> str:
        return ",".join(header(self._skeleton)) + "\n"

    def text(self, frame: Frame, poses: Poses) -> str:
        count = poses.landmarks_px.shape[1]
        if len(poses) and count != len(self._skeleton):
            raise InputError(
                f"{self.name}: expected {len(self._skeleton)} keypoints ({self._skeleton.name}), "
                f"got {count}; open the sink with their skeleton"
            )
        check_finite(self.name, frame, poses)
        time = f"{frame.index},{round(float(frame.time_s), 6)},{frame.width},{frame.height}"
        if not len(poses):
            return time + self._empty
        # (N, K, 8) in the order of _POINT; rounded like JSON Lines.
        points = np.concatenate(
            [
                np.round(poses.landmarks_px, 3),
                np.round(poses.visibility, 4)[..., None],
                np.round(poses.presence, 4)[..., None],
                np.round(poses.world_landmarks_m, 5),
            ],
            axis=2,
        )
        people = zip(
            poses.ids.tolist(),
            np.round(poses.scores, 4).tolist(),
            points.reshape(len(poses), -1).tolist(),
            np.round(joint_angles(poses.world_landmarks_m, self._skeleton), 2).tolist(),
            strict=True,
        )
        return "".join(
            f"{time},{number},{score},{','.join([*map(repr, cells), *map(_angle, angles)])}\n"
            for number, score, cells, angles in people
        )


def header(skeleton: Skeleton) -> list[str]:
    """Column names: of the frame, of the person, eight per keypoint, one per angle."""
    points = [f"{name}_{part}" for name in skeleton.names for part in _POINT]
    return [*_FRAME, *_PERSON, *points, *(f"{name}_deg" for name in angle_keypoints(skeleton))]


def _angle(degrees: float) -> str:
    return "" if isnan(degrees) else repr(degrees)
