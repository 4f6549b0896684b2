"""A recording: a film, JSON lines and a table of the same frames, under one name."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from blazetrack.errors import SinkError
from blazetrack.sinks.base import Picture, Sink
from blazetrack.sinks.csv import CsvSink
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.sinks.video import VideoSink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["ENDINGS", "Recording", "free_stem"]

ENDINGS = (".mp4", ".jsonl", ".csv")


class Recording(Sink):
    """`stem.mp4`, `stem.jsonl` and `stem.csv` with the same frames, counted and timed from 0.

    Where one of the files cannot be written, all of them are finished and the error is raised.

    Args:
        stem: the files' path without the ending.
        skeleton: names the columns of the table.
        threads: encoder threads; 0 leaves the number to the encoder.

    Raises:
        SinkError: no such folder, or not allowed to write.
    """

    needs_picture = True

    def __init__(
        self,
        stem: str | os.PathLike[str],
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        threads: int = 1,
    ) -> None:
        stem = os.fspath(stem)
        super().__init__(stem)
        self._parts: tuple[Sink, ...] = (
            VideoSink(stem + ".mp4", threads=threads),
            JsonlSink(stem + ".jsonl"),
            CsvSink(stem + ".csv", skeleton=skeleton),
        )
        self._start_s = 0.0
        self.frames = 0
        self.seconds = 0.0

    @property
    def files(self) -> tuple[Path, ...]:
        """The paths of the film, the JSON lines and the table."""
        return tuple(Path(part.name) for part in self._parts)

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if not self.frames:
            self._start_s = frame.time_s
        self.seconds = frame.time_s - self._start_s
        counted = replace(frame, index=self.frames, time_s=self.seconds)
        try:
            for part in self._parts:
                part.write(counted, poses, picture)
        except SinkError:
            with suppress(SinkError):  # the first error says most
                self.close()
            raise
        self.frames += 1

    def close(self) -> None:
        with ExitStack() as stack:  # each is closed, also where another one cannot be
            stack.callback(self._gather)
            for part in self._parts:
                stack.callback(part.close)

    def _gather(self) -> None:
        self.warnings = [line for part in self._parts for line in part.warnings]


def free_stem(folder: str | os.PathLike[str], day: str, name: str = "blazetrack") -> Path:
    """The first `folder/name_day_NNN` under which there is no file of any ending.

    Args:
        folder: where to look; may be missing.
        day: the date, as it is to be read.
        name: what the name begins with.
    """
    place = Path(os.path.expanduser(folder))
    taken = {path.name.partition(".")[0] for path in place.glob(f"{name}_{day}_*")}
    number = 1
    while f"{name}_{day}_{number:03}" in taken:
        number += 1
    return place / f"{name}_{day}_{number:03}"
