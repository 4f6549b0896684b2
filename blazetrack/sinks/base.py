"""Base classes of sinks: outputs that take each frame with its people; context managers."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from blazetrack.common.files import is_same_file
from blazetrack.errors import InputError, SinkError
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["Picture", "Sink", "TextSink", "check_finite", "check_folder", "check_path", "complete",
           "open_output", "truncate"]  # fmt: skip

Picture = NDArray[np.uint8]


_PIPE_S = 3.0  # how long a pipe is waited for that no program reads


class Sink(AbstractContextManager["Sink"]):
    """Takes frames and people; a file is opened at the first frame.

    Attributes:
        name: names it in a message.
        needs_picture: whether `write` needs the drawn picture.
        needs_world: whether it needs world landmarks, which not every model gives.
        warnings: one line per problem that did not end the run.
        keeps: whether it leaves a file.
        last_frame: number of the last frame that is safely in the file; None before.
        written: names of the files that hold frames, for the end of a run.
        skeleton: keypoint set of the poses, for drawing.
    """

    needs_picture = False
    needs_world = False
    keeps = False

    def __init__(self, name: str, skeleton: Skeleton = BLAZEPOSE33) -> None:
        self.name = name
        self.skeleton = skeleton
        self.warnings: list[str] = []
        self.written: list[str] = []
        self.last_frame: int | None = None

    @abstractmethod
    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        """Write one frame.

        Args:
            frame: its number, time and size.
            poses: the people in it.
            picture: `(H, W, 3)` uint8 RGB with the people drawn; None draws them, see `drawn`.

        Raises:
            SinkError: it cannot be written.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the output; idempotent."""

    def drawn(self, frame: Frame, poses: Poses, picture: Picture | None) -> Picture:
        """The drawn picture: the given one, else the frame's image with the people on it."""
        if picture is not None:
            return picture
        from blazetrack.render import draw_poses  # with OpenCV, which most sinks do not need

        return draw_poses(frame.image, poses, self.skeleton)

    def check_is_not_source(self, path: Path, frame: Frame) -> None:
        """Refuse to overwrite the file that a frame was read from."""
        if frame.file and is_same_file(path, frame.file):
            raise SinkError(
                f"{path}: is the file that the frames are read from; choose another place"
            )

    def check_keypoints(self, poses: Poses) -> None:
        """Refuse people with another number of keypoints than the sink's skeleton."""
        count = poses.landmarks_px.shape[1]
        if len(poses) and count != len(self.skeleton):
            raise InputError(
                f"{self.name}: expected {len(self.skeleton)} keypoints ({self.skeleton.name}), "
                f"got {count}; open the sink with their skeleton"
            )

    def __exit__(self, *exc: object) -> None:
        self.close()


class TextSink(Sink):
    """A text file of some lines per frame, flushed after each frame.

    If the disk fills up within a frame, the file ends with the frame before.

    Args:
        path: the file; an existing one is replaced at the first frame. `-` is stdout.
        skeleton: keypoint set of the poses.
    """

    def __init__(self, path: str | os.PathLike[str], skeleton: Skeleton = BLAZEPOSE33) -> None:
        self._is_stdout = os.fspath(path) == "-"
        self._path = Path("stdout") if self._is_stdout else check_path(path)
        super().__init__(str(self._path), skeleton)
        self.keeps = not self._is_stdout
        self._file: BinaryIO | None = None
        self._whole = 0  # bytes of the frames that are complete
        self._closed = False

    @abstractmethod
    def text(self, frame: Frame, poses: Poses) -> str:
        """The lines of one frame, each with its line end."""

    def head(self) -> str:
        """Text before the first frame."""
        return ""

    def tail(self) -> str:
        """Text behind the last frame."""
        return ""

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        check_finite(self.name, frame, poses)  # before opening: a refused frame leaves no file
        if self._file is None and not self._is_stdout:
            self.check_is_not_source(self._path, frame)
        text = self.text(frame, poses)
        data = (text if self._whole else self.head() + text).encode()
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            self._cut()
            if self._is_stdout and isinstance(error, BrokenPipeError):
                raise  # its reader has enough
            raise SinkError(f"{self.name}: cannot be written ({error.strerror})") from None
        self._whole += len(data)
        self.last_frame = frame.index
        self.written = [self.name] if self.keeps else []

    def close(self) -> None:
        self._closed = True
        file, self._file = self._file, None
        if file is not None:
            try:
                file.write(self.tail().encode())
                file.close()
            except OSError as error:
                raise SinkError(f"{self.name}: cannot be finished ({error.strerror})") from None

    def _open(self) -> BinaryIO:
        if self._is_stdout:
            return os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        return open_output(self._path)

    def _cut(self) -> None:
        """Remove the incomplete last frame."""
        self._closed = True
        file, self._file = self._file, None
        if file is None:
            return  # not opened: an existing file is not ours
        with suppress(OSError):
            file.close()
        if not self._is_stdout:
            truncate(self._path, self._whole)
            if self._whole and self._path.is_file():
                with suppress(OSError), open(self._path, "ab") as again:
                    again.write(self.tail().encode())


def open_output(path: Path, buffering: int = -1) -> BinaryIO:
    """Open a file for writing; a pipe needs a program that reads it, soon.

    Raises:
        OSError: it cannot be opened.
    """
    if not _is_pipe(path):
        return open(path, "wb", buffering)
    until = time.monotonic() + _PIPE_S
    while True:
        try:
            number = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > until:
                raise
        time.sleep(0.05)
    os.set_blocking(number, True)
    return os.fdopen(number, "wb", buffering)


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False


def complete(sinks: Iterable[Sink]) -> str:
    """`complete: FILE up to frame N, …` for a run that ended early; empty without files."""
    files = [
        f"nothing of {sink.name}"
        if sink.last_frame is None
        else f"{sink.name} up to frame {sink.last_frame}"
        for sink in sinks
        if sink.keeps
    ]
    return f"complete: {', '.join(files)}" if files else ""


def truncate(path: Path, size: int = 0) -> None:
    """Cut an unfinished file to its complete `size` bytes; 0 removes it, also behind a link.

    Devices and pipes stay.
    """
    with suppress(OSError):
        if size:
            os.truncate(path, size)
        elif path.is_file():
            path.resolve().unlink()


def check_path(path: str | os.PathLike[str]) -> Path:
    """The path, checked to be writable; creates nothing.

    Raises:
        SinkError: it is a folder, its folder is missing, or writing is not allowed.
    """
    # os.path, not Path: its checks never raise, whatever the text.
    target = Path(os.path.expanduser(path))
    folder = target.parent
    if os.path.isdir(target):
        raise SinkError(f"{target}: expected a file to write, got a folder; add a file name")
    if not os.path.isdir(folder):
        raise SinkError(f"{target}: the folder '{folder}' does not exist; make it first")
    if _is_disk(target):
        raise SinkError(f"{target}: expected a file to write, got a disk; choose another place")
    if not os.access(target if os.path.exists(target) else folder, os.W_OK):
        raise SinkError(f"{target}: writing is not allowed here; choose another place")
    return target


def _is_disk(path: Path) -> bool:
    try:
        return stat.S_ISBLK(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def check_folder(path: str | os.PathLike[str]) -> Path:
    """The path of a folder that may still be missing, checked to be writable; creates nothing.

    Raises:
        SinkError: it is a file, its own folder is missing, or writing is not allowed.
    """
    target = Path(os.path.expanduser(path))
    if os.path.exists(target) and not os.path.isdir(target):
        raise SinkError(f"{target}: expected a folder to write into, got a file")
    if not os.path.isdir(target):
        return check_path(target)
    if not os.access(target, os.W_OK):
        raise SinkError(f"{target}: writing is not allowed here; choose another place")
    return target


def check_finite(name: str, frame: Frame, poses: Poses) -> None:
    """Refuse NaN and infinity, which the text formats cannot hold."""
    arrays = (poses.landmarks_px, poses.world_landmarks_m, poses.visibility, poses.presence)
    if not all(np.isfinite(array).all() for array in (*arrays, poses.scores)):
        raise SinkError(
            f"{name}: frame {frame.index} holds a landmark that is not a finite number; "
            "fix the stage that made it"
        )
