"""CSV: one row per person and frame; a frame without people has one row with empty cells."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np

from blazetrack.angles import Angle, AngleSet
from blazetrack.sinks.base import TextSink
from blazetrack.sinks.jsonl import to_record
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["CsvSink", "header", "table_rows"]

_FRAME = ("frame", "time_s", "width", "height")
_PERSON = ("id", "score")
_POINT = ("x_px", "y_px", "z_px", "visibility", "presence", "x_m", "y_m", "z_m")


class CsvSink(TextSink):
    """A `.csv` file: comma, decimal point, a header row.

    After the keypoints are the angles of the world landmarks; an undefined one is empty. If the
    first frame was read from a file, a last column `file` has its name, quoted where it has to be.

    Args:
        path: the file.
        skeleton: column names of the keypoints.
        angles: columns of one's own behind the standard angles.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        angles: Sequence[Angle] = (),
    ) -> None:
        super().__init__(path, skeleton)
        self._angles = AngleSet(skeleton, angles)
        self._files: bool | None = None  # whether there is the column `file`; None before a frame
        self._header = header(skeleton, angles)

    def head(self) -> str:
        return ",".join([*map(_cell, self._header), *(["file"] if self._files else [])]) + "\n"

    def text(self, frame: Frame, poses: Poses) -> str:
        self.check_keypoints(poses)
        self._files = bool(frame.file) if self._files is None else self._files
        end = f",{_cell(frame.file)}\n" if self._files else "\n"
        rows = table_rows(frame, poses, self._angles, len(self._header))
        return "".join(",".join(map(_text, row)) + end for row in rows)


def table_rows(
    frame: Frame, poses: Poses, angles: AngleSet, columns: int
) -> list[list[float | None]]:
    """The cells of a frame in the order of `header`: a row per person, one without people.

    Rounded as in JSON Lines, angles to 2 decimals; None where there is no value.
    """
    record = to_record(frame, poses)
    start = [record[name] for name in _FRAME]
    if not len(poses):
        return [[*start, *[None] * (columns - len(start))]]
    degrees = np.round(angles(poses.world_landmarks_m), 2).tolist()
    return [
        [*start, *(pose[name] for name in _PERSON), *_points(pose),
         *(None if isnan(angle) else angle for angle in row)]
        for pose, row in zip(record["poses"], degrees, strict=True)
    ]  # fmt: skip


def header(skeleton: Skeleton, angles: Sequence[Angle] = ()) -> list[str]:
    """Column names: of the frame, of the person, eight per keypoint, one per angle."""
    points = [f"{name}_{part}" for name in skeleton.names for part in _POINT]
    names = AngleSet(skeleton, angles).names
    return [*_FRAME, *_PERSON, *points, *(f"{name}_deg" for name in names)]


def _text(value: float | None) -> str:
    return "" if value is None else str(value)


def _cell(text: str) -> str:
    """A text as a cell: quoted where it holds a comma, a quote or a line break."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


def _points(pose: dict[str, Any]) -> list[float]:
    """The cells of a pose's keypoints in the order of `_POINT`."""
    arrays = ("landmarks_px", "visibility", "presence", "world_landmarks_m")
    points = zip(*(pose[name] for name in arrays), strict=True)
    return [x for px, visible, present, metres in points for x in (*px, visible, present, *metres)]
