"""Base class of formats that hold one person's movement, written at the end of the clip."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import Any

import numpy as np

from blazetrack.errors import SinkError
from blazetrack.recording import Float, Person, Recorder, Recording
from blazetrack.sinks.base import Sink, check_finite, check_path, open_output, truncate
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["MOVEMENT_ENDINGS", "MovementSink", "frame_rate", "spread"]

MOVEMENT_ENDINGS = (".trc", ".mot", ".bvh")
_DEFAULT_FPS = 30.0  # of a single frame


class MovementSink(Sink):
    """A file per person with the movement over time in metres or degrees.

    The person seen in the largest number of frames is in the file itself, each other one in a file
    with the id behind the name: `walk.trc`, `walk_2.trc`. The frames are kept in memory (2 kB per
    person and frame) and written by `close`, since the head of the file depends on all of them.

    Args:
        path: the file; an existing one is replaced.
        skeleton: keypoint set of the poses.

    Raises:
        SinkError: not allowed to write, or the keypoint set lacks a point that the format needs.
    """

    needs_world = True
    keeps = True

    def __init__(self, path: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        self._path = check_path(path)
        super().__init__(str(self._path), skeleton)
        self._recorder = Recorder()
        self._source: str | None = None
        self._closed = False

    @abstractmethod
    def text(self, name: str, recording: Recording, person: Person) -> str:
        """The file of one person; `name` is that of the file, without its folder."""

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        if frame.still or self._source not in (None, frame.file):
            raise SinkError(
                f"{self.name}: holds the movement of one clip, got pictures or several clips; "
                "write a .csv or .jsonl"
            )
        self.check_keypoints(poses)
        check_finite(self.name, frame, poses)
        if self._source is None:
            self.check_is_not_source(self._path, frame)
            self._source = frame.file
        self._recorder.add(frame, poses)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        recording = self._recorder.recording(self.name, self.skeleton)
        people = sorted(recording.people.items(), key=lambda one: -len(one[1].rows))
        if not people or not recording.has_world:
            lack = "the people have no world landmarks" if people else "no person was found"
            self.warnings.append(f"{self.name}: {lack}; no file is written")
            return
        for place, (number, person) in enumerate(people):
            path = self._path
            if place:
                path = path.with_name(f"{path.stem}_{number}{path.suffix}")
            data = self.text(path.name, recording, person).encode()
            try:
                with open_output(path) as file:
                    file.write(data)
            except OSError as error:
                truncate(path)
                raise SinkError(f"{path}: cannot be written ({error.strerror})") from None
            self.written.append(str(path))
        self.last_frame = int(recording.frames[-1])


def frame_rate(recording: Recording) -> float:
    """Mean frames per second of a recording."""
    length = float(recording.time_s[-1] - recording.time_s[0])
    return (len(recording.time_s) - 1) / length if length > 0 else _DEFAULT_FPS


def spread(person: Person, values: Float) -> tuple[slice, Float]:
    """Values `(M, …)` of a person for all frames between the first and the last one.

    Returns:
        Those rows of the recording, and the values `(T, …)`, NaN in frames without the person.
    """
    first, last = int(person.rows[0]), int(person.rows[-1])
    whole = np.full((last - first + 1, *values.shape[1:]), np.nan)
    whole[person.rows - first] = values
    return slice(first, last + 1), whole
