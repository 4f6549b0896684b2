"""A camera or a network stream, through OpenCV."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SourceError
from blazetrack.sources.base import Source, SourceInfo, quiet_opencv
from blazetrack.sources.devices import why_not
from blazetrack.types import Frame

__all__ = ["CameraSource"]

_MISSES = 20  # reads in a row without a picture: the camera is gone
_PAUSE_S = 0.1  # between two of them
_AGAIN_S = 0.5  # between two tries to open it anew
_TIMEOUT_MS = 4000  # for a stream's server to answer
_ENDLESS = 2**31  # more frames than that are a decoder's way to say that it does not know


class CameraSource(Source):
    """Live pictures; a frame's time is when it was read, counted from the first one.

    Where pictures stay away, it is opened again and again for a while; then time goes on as the
    clock does.

    Args:
        address: camera number, device path, or address of a stream (rtsp, http …).
        size: width and height to ask the camera for; it answers with the nearest it has.
        fps: frames per second to ask the camera for.
        retry_s: how long to wait for pictures to come back.
        report: is told at once what the user should know: that it waits, that it goes on.
        clock: seconds, never going back.

    Raises:
        SourceError: nothing there, in use by another program, or unplugged while running. A
            stream that ends ends the run normally, with a line in `warnings`.
    """

    def __init__(
        self,
        address: int | str,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        retry_s: float = 10.0,
        report: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._size, self._fps = address, size, fps
        self._is_stream = isinstance(address, str) and "://" in address
        self._retry_s, self._report, self._clock = retry_s, report, clock
        self._closed = False
        name = without_password(address) if isinstance(address, str) else f"camera {address}"
        first = self._open()
        if first is None:
            self.close()
            raise SourceError(f"{name}: expected live pictures, got none; {self._why_not()}")
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        # A file on a server has its own end; to open it anew would be to play it once more.
        self._ends = self._is_stream and 0 < self._capture.get(cv2.CAP_PROP_FRAME_COUNT) < _ENDLESS
        height, width = first.shape[:2]
        info = SourceInfo(
            name,
            "live",
            width,
            height,
            rate if rate > 0 else None,
            is_camera=not self._is_stream,
        )
        super().__init__(info)

    def _open(self) -> NDArray[np.uint8] | None:
        """Open the camera and read a picture: it proves that nobody else uses it, and its size."""
        with quiet_opencv(), _quiet_ffmpeg():
            if self._is_stream:
                limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT_MS]
                limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT_MS]
                self._capture: Any = cv2.VideoCapture(self._address, cv2.CAP_FFMPEG, limits)
            else:
                self._capture = cv2.VideoCapture(self._address)
        if self._size is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
        if self._fps is not None:
            self._capture.set(cv2.CAP_PROP_FPS, self._fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a fresh picture, not the oldest waiting
        return self._read() if self._capture.isOpened() else None

    def _why_not(self) -> str:
        return "check the address and the network" if self._is_stream else why_not(self._address)

    def _read(self) -> NDArray[np.uint8] | None:
        """The next picture as RGB, or None."""
        try:
            with quiet_opencv():
                ok, bgr = self._capture.read()
        except cv2.error:
            return None  # some drivers raise when the device vanishes; counted as a miss
        if not ok or bgr is None or not bgr.size:
            return None
        rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        return rgb

    def _frames(self) -> Generator[Frame, None, None]:
        index = 0
        start_s = None
        while (image := self._next(index)) is not None:
            now_s = self._clock()
            start_s = now_s if start_s is None else start_s
            yield Frame(image, index, now_s - start_s)
            index += 1

    def _next(self, read: int) -> NDArray[np.uint8] | None:
        """The next picture, also after a gap; None where there are no more."""
        for _ in range(_MISSES):
            if self._closed:
                return None
            image = self._read()
            if image is not None:
                return image
            time.sleep(_PAUSE_S)
        if not self._ends and self._retry_s > 0:
            image = self._come_back()
        if image is None and not self._closed:
            self._give_up(read)
        return image

    def _come_back(self) -> NDArray[np.uint8] | None:
        """Open the camera until it gives a picture or the time is up."""
        lost_s = self._clock()
        self._tell(f"gives no more pictures; waiting up to {self._retry_s:g} s for it")
        self.waiting = f"waiting for {self.info.name}"
        try:
            while not self._closed and self._clock() - lost_s < self._retry_s:
                self._capture.release()
                image = self._open()
                if image is not None:
                    away_s = self._clock() - lost_s
                    self._tell(f"is back after {away_s:.1f} s")
                    self.warnings.append(f"{self.info.name}: was away for {away_s:.1f} s")
                    return image
                time.sleep(_AGAIN_S)
        finally:
            self.waiting = ""
        return None

    def _tell(self, what: str) -> None:
        if self._report is not None:
            self._report(f"{self.info.name}: {what}")

    def _give_up(self, read: int) -> None:
        waited = (
            ""
            if self._ends or not self._retry_s
            else f" and did not come back in {self._retry_s:g} s"
        )
        if self._is_stream:
            self.warnings.append(f"{self.info.name}: the stream ended after {read} frames{waited}")
            return
        raise SourceError(
            f"{self.info.name}: gives no more pictures after {read} frames{waited}; "
            f"{self._why_not()}"
        )

    def close(self) -> None:
        self._closed = True
        self._capture.release()


def without_password(address: str) -> str:
    """The address without `user:password@`, fit for a screen or a log."""
    return re.sub(r"(?<=://)[^/@]*@", "", address)


@contextmanager
def _quiet_ffmpeg() -> Iterator[None]:
    """Keep the libav inside OpenCV off stderr; it reads this variable when it first starts."""
    name = "OPENCV_FFMPEG_LOGLEVEL"
    if name in os.environ:
        yield
        return
    os.environ[name] = "-8"  # AV_LOG_QUIET
    try:
        yield
    finally:
        del os.environ[name]
