"""Base class of sources: iterables of frames with a description; context managers."""

from __future__ import annotations

import math
import os
import sys
from abc import abstractmethod
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np

from blazetrack.errors import InputError, SourceError
from blazetrack.types import Frame

__all__ = [
    "PICTURE_ENDINGS",
    "Source",
    "SourceInfo",
    "env_default",
    "frame_from_array",
    "quiet_opencv",
]

# A .gif is read as a video, which animates it.
_JPEG = (".jfif", ".jpe", ".jpeg", ".jp2", ".jpg")
_HEIF = (".avif", ".heic", ".heif", ".hif")
_OTHER = (".bmp", ".dib", ".png", ".tif", ".tiff", ".webp")
_CLOCK_S = 1e-6  # times of frames are rounded

PICTURE_ENDINGS = frozenset((*_JPEG, *_HEIF, *_OTHER, ".pbm", ".pgm", ".pnm", ".ppm"))


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Description of a source, known before its first frame.

    Attributes:
        name: names it in a message; never holds a password.
        kind: `video` and `stills` are files, `live` does not wait for its reader, `synthetic`
            is drawn.
        width: pixels, None if the pictures differ.
        height: pixels, None if the pictures differ.
        fps: frames per second, None without a constant rate.
        frames: number of frames that it announces, None if it does not.
        is_camera: a camera of this machine; a live view mirrors it.
    """

    name: str
    kind: Literal["video", "stills", "live", "synthetic"]
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    frames: int | None = None
    is_camera: bool = False


class Source(AbstractContextManager["Source"]):
    """Frames from outside, one after the other.

    Each iteration of a source of files starts again; a live one continues. One that gives no frame
    ends with `SourceError`.

    Attributes:
        info: its description.
        warnings: one line per problem that did not end the run.
        skipped: unreadable pictures or packets of this iteration.
        waiting: what it waits for at the moment, in a few words; empty in normal operation.
        closed: it was closed, which may end an iteration early.
    """

    def __init__(self, info: SourceInfo) -> None:
        self.info = info
        self.warnings: list[str] = []
        self.skipped = 0
        self.waiting = ""
        self.closed = False
        self._max_frames: int | None = None
        self._start_s, self._passed_s = 0.0, 0.0
        self._end_s: float | None = None

    @abstractmethod
    def _frames(self) -> Generator[Frame, None, None]:
        """The frames, from the first on."""

    def limit(self, max_frames: int | None) -> None:
        """End after `max_frames` frames; None is no limit."""
        if max_frames is None:
            return
        if max_frames < 1:
            raise InputError(f"max_frames: expected 1 or more, got {max_frames}")
        self._max_frames = min(max_frames, sys.maxsize)
        known = self.info.frames
        if known is not None:
            self.info = replace(self.info, frames=min(known, max_frames))

    def trim(self, start_s: float | None, end_s: float | None) -> None:
        """Give only frames from `start_s` on and before `end_s`; None is no limit.

        Raises:
            InputError: a time is negative, the end is not after the start, or these are pictures.
        """
        if start_s is None and end_s is None:
            return
        if self.info.kind == "stills":
            raise InputError(f"{self.info.name}: pictures have no time; leave out start and end")
        start_s = 0.0 if start_s is None else start_s
        if not (0 <= start_s < math.inf and (end_s is None or start_s < end_s < math.inf)):
            raise InputError(f"start and end: expected 0 <= start < end, got {start_s} and {end_s}")
        self._start_s, self._end_s = start_s, end_s
        self.info = replace(self.info, frames=None)

    def __iter__(self) -> Iterator[Frame]:
        self.warnings.clear()
        self.skipped = 0
        frames, count = self._trimmed(), 0
        try:
            for frame in islice(frames, self._max_frames):
                yield self._described(frame)
                del frame  # not kept while the next one is read
                count += 1
        finally:
            frames.close()
        if not count and not self.closed:
            raise SourceError(f"{self.info.name}: expected pictures, got not a single one")

    def _trimmed(self) -> Generator[Frame, None, None]:
        """The frames between the limits of `trim`."""
        frames, found = self._frames(), False
        start_s, end_s = self._start_s, self._end_s
        self._passed_s = 0.0
        try:
            for frame in frames:
                if end_s is not None and frame.time_s >= end_s - _CLOCK_S:
                    break
                if not self._passes(frame.time_s):
                    found = True
                    yield frame
                del frame  # not kept while the next one is read
        finally:
            frames.close()
        if not found and (start_s or end_s is not None):
            span = f"from {start_s:g} s on" if end_s is None else f"from {start_s:g} to {end_s:g} s"
            raise SourceError(
                f"{self.info.name}: no frame {span}; it ends at {self._passed_s:.2f} s"
            )

    def _passes(self, time_s: float) -> bool:
        """Whether a frame is before the start of `trim`, so that it need not be converted."""
        before = time_s < self._start_s - _CLOCK_S
        if before:
            self._passed_s = time_s
        return before

    def _described(self, frame: Frame) -> Frame:
        """The frame with `still` and `file` as they follow from the kind of the source."""
        kind = self.info.kind
        still = frame.still or kind == "stills"
        file = frame.file or (self.info.name if kind in ("stills", "video") else "")
        same = still == frame.still and file == frame.file
        return frame if same else replace(frame, still=still, file=file)

    def close(self) -> None:  # files are closed by their iteration
        """Release the device; idempotent."""

    def __exit__(self, *exc: object) -> None:
        self.close()


def frame_from_array(image: Any, index: int = 0, time_s: float = 0.0) -> Frame:
    """A frame from a numpy picture.

    Args:
        image: `(H, W, 3)` uint8, RGB. May be read-only; copied only if not contiguous.
        index: number of the frame.
        time_s: capture time in seconds.

    Raises:
        InputError: the array has another shape or type.
    """
    if isinstance(image, np.ndarray) and not image.flags.c_contiguous:
        image = np.ascontiguousarray(image)
    return Frame(image, int(index), float(time_s))


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Silence OpenCV's log on stderr; our own error reports the problem in one line."""
    import cv2

    # In OpenCV 4 at the top level, in OpenCV 5 in utils.logging; 0 is silent in both.
    log = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging
    before = log.getLogLevel()
    log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(before)


@contextmanager
def env_default(name: str, value: str) -> Iterator[None]:
    """Set an environment variable within the block, unless it is set already."""
    missing = name not in os.environ
    os.environ.setdefault(name, value)
    try:
        yield
    finally:
        if missing:
            del os.environ[name]
