"""What every sink is: a place that takes each frame with its people, usable in a `with`."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SinkError
from blazetrack.skeleton import Skeleton
from blazetrack.types import Frame, Poses

__all__ = [
    "DrawLive",
    "RunInfo",
    "Sink",
    "TextSink",
    "TrackState",
    "check_finite",
    "check_path",
    "complete",
    "remove",
]

Picture = NDArray[np.uint8]


class DrawLive(Protocol):
    """Draws a frame for a live view; see `blazetrack.render.draw_live`."""

    def __call__(
        self,
        image: Picture,
        poses: Poses,
        *,
        mirror: bool = False,
        boxes: bool = False,
        turn_rad: float | None = None,
        notes: Sequence[str] = (),
        keys: Sequence[tuple[str, str]] = (),
    ) -> Picture: ...


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a live view may know of the run that it is part of.

    Attributes:
        draw: draws a frame as it is wanted.
        skeleton: the keypoints of the people.
        is_camera: people see themselves in the pictures, so they expect a mirror.
        is_stills: each picture stands for itself and is worth a look.
        can_follow: whether `Sink.chosen` means anything to the tracker.
        can_smooth: whether `Sink.chosen_smoothing` does.
    """

    draw: DrawLive
    skeleton: Skeleton
    is_camera: bool = False
    is_stills: bool = False
    can_follow: bool = False
    can_smooth: bool = False


@dataclass(frozen=True, slots=True)
class TrackState:
    """How the tracker came to the people of a frame.

    Attributes:
        searched: a detector ran.
        smoothing: the landmarks were filtered.
    """

    searched: bool = False
    smoothing: bool = False


class Sink(ABC):
    """Takes frames and people; nothing is opened before the first frame.

    Attributes:
        name: how to speak of it in a message.
        needs_picture: whether `write` wants the drawn picture.
        stop_requested: the user has asked for the end of the run.
        chosen: whom the user pointed at, to be followed: an id, or a point of the picture where
            nobody was known; the reader sets it back to None.
        chosen_smoothing: whether the user now wants landmarks to be filtered; the reader sets it
            back to None.
        state: how the tracker came to the frame that `write` gets next.
        warnings: one line for each thing that was worked around.
        keeps: whether it leaves a file.
        last_frame: number of the last frame that is in the file for good, whatever comes; None
            while there is none.
    """

    needs_picture = False
    keeps = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.stop_requested = False
        self.chosen: int | tuple[float, float] | None = None
        self.chosen_smoothing: bool | None = None
        self.state = TrackState()
        self.warnings: list[str] = []
        self.last_frame: int | None = None

    def begin(self, run: RunInfo) -> None:  # noqa: B027  # files need not know
        """Be told of the run, before its first frame."""

    @abstractmethod
    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        """Take one frame.

        Args:
            frame: its number, time and size.
            poses: the people in it.
            picture: `(H, W, 3)` uint8 RGB with the people drawn; the frame's own where None.

        Raises:
            SinkError: it cannot be written.
        """

    def hold(self) -> None:  # noqa: B027
        """Keep the run where it is for as long as the user wants; called after each frame."""

    def idle(self, waiting: str) -> None:  # noqa: B027
        """Attend to the user; called again and again while the next frame is not there.

        Args:
            waiting: what the source waits for, empty where it works.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish what was written; harmless when called twice."""

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class TextSink(Sink):
    """A text file that grows by some lines per frame, each on disk before the next comes.

    Where a disk is full in the middle of a frame, the file ends with the frame before.

    Args:
        path: the file; an older one is replaced when the first frame comes.
    """

    keeps = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = check_path(path)
        super().__init__(str(self._path))
        self._file: BinaryIO | None = None
        self._whole = 0  # bytes of the frames that are complete
        self._closed = False

    @abstractmethod
    def text(self, frame: Frame, poses: Poses) -> str:
        """The lines of one frame, each with its line end."""

    def head(self) -> str:
        """What stands before the first frame."""
        return ""

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        text = self.text(frame, poses)  # first: a frame that is refused leaves no file
        data = (text if self._whole else self.head() + text).encode()
        try:
            if self._file is None:
                self._file = open(self._path, "wb")  # noqa: SIM115
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            self._cut()
            raise SinkError(f"{self.name}: cannot be written ({error.strerror})") from None
        self._whole += len(data)
        self.last_frame = frame.index

    def close(self) -> None:
        self._closed = True
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                raise SinkError(f"{self.name}: cannot be finished ({error.strerror})") from None

    def _cut(self) -> None:
        """Take back what is there of a frame that is not complete."""
        self._closed = True
        file, self._file = self._file, None
        if file is None:
            return  # it could not be opened: what lies there is not ours
        with suppress(OSError):
            file.close()
        if self._whole:
            with suppress(OSError):
                os.truncate(self._path, self._whole)
        else:
            remove(self._path)


def complete(sinks: Sequence[Sink]) -> str:
    """Which files are whole, and up to which frame, for the message of a run that ended early.

    Empty where no sink leaves a file.
    """
    told = [
        f"nothing of {sink.name}"
        if sink.last_frame is None
        else f"{sink.name} up to frame {sink.last_frame}"
        for sink in sinks
        if sink.keeps
    ]
    return f"complete: {', '.join(told)}" if told else ""


def remove(path: Path) -> None:
    """Remove an unfinished file, also behind a link; a device or a pipe stays."""
    with suppress(OSError):
        if path.is_file():
            path.resolve().unlink()


def check_path(path: str | os.PathLike[str]) -> Path:
    """The path, once it is sure that a file could be made there; makes nothing.

    Raises:
        SinkError: it is a folder, its folder is missing, or writing is not allowed.
    """
    # os.path, not Path: its questions never raise, whatever the user has typed.
    target = Path(os.path.expanduser(path))
    folder = target.parent
    if os.path.isdir(target):
        raise SinkError(f"{target}: expected a file to write, got a folder; add a file name")
    if not os.path.isdir(folder):
        raise SinkError(f"{target}: the folder '{folder}' does not exist; make it first")
    if not os.access(target if os.path.exists(target) else folder, os.W_OK):
        raise SinkError(f"{target}: writing is not allowed here; choose another place")
    return target


def check_finite(name: str, frame: Frame, poses: Poses) -> None:
    """Refuse numbers that have no text: NaN and infinity."""
    arrays = (poses.landmarks_px, poses.world_landmarks_m, poses.visibility, poses.presence)
    if not all(np.isfinite(array).all() for array in (*arrays, poses.scores)):
        raise SinkError(
            f"{name}: frame {frame.index} holds a landmark that is not a finite number; "
            "fix the stage that made it"
        )
