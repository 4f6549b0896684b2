"""A recording: video, JSON Lines and CSV of the same frames, under one name."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from blazetrack.errors import SinkError
from blazetrack.sinks import open_sink
from blazetrack.sinks.base import Picture, Sink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["RecordingSink", "free_stem"]


class RecordingSink(Sink):
    """`stem.mp4`, `stem.jsonl` and `stem.csv`, with frame numbers and times from 0.

    If one of the files cannot be written, all are finished and the error is raised.

    Args:
        stem: path of the files without the ending.
        skeleton: keypoint set of the poses.

    Raises:
        SinkError: no such folder, or not allowed to write.
    """

    needs_picture = True

    def __init__(self, stem: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        super().__init__(os.fspath(stem), skeleton)
        self._parts = [
            open_sink(Path(self.name + ending), skeleton=skeleton)
            for ending in (".mp4", ".jsonl", ".csv")
        ]
        self._start_s = 0.0
        self.frames = 0
        self.seconds = 0.0

    @property
    def files(self) -> tuple[Path, ...]:
        """The paths of the video, the JSON Lines and the CSV."""
        return tuple(Path(part.name) for part in self._parts)

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if not self.frames:
            self._start_s = frame.time_s
        self.seconds = frame.time_s - self._start_s
        counted = replace(frame, index=self.frames, time_s=self.seconds, file="")
        try:
            for part in self._parts:
                part.write(counted, poses, picture)
        except SinkError:
            with suppress(SinkError):  # the first error is the cause
                self.close()
            raise
        self.frames += 1

    def close(self) -> None:
        try:
            with ExitStack() as stack:  # closes all, also after an error
                for part in self._parts:
                    stack.callback(part.close)
        finally:
            self.warnings = [line for part in self._parts for line in part.warnings]


def free_stem(folder: str | os.PathLike[str], day: str) -> Path:
    """The first `folder/blazetrack_day_NNN` that no file has, whatever its ending.

    Args:
        folder: may be missing.
        day: the date as text.
    """
    place = Path(os.path.expanduser(folder))
    taken = {path.name.partition(".")[0] for path in place.glob(f"blazetrack_{day}_*")}
    names = (f"blazetrack_{day}_{number:03}" for number in count(1))
    return place / next(name for name in names if name not in taken)
