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
from blazetrack.types import Frame

__all__ = ["CameraSource"]

_MISSES = 20  # reads in a row without a picture: the camera is gone
_PAUSE_S = 0.1  # between two of them
_TIMEOUT_MS = 4000  # for a stream's server to answer


class CameraSource(Source):
    """Live pictures; a frame's time is when it was read, counted from the first one.

    Args:
        address: camera number, device path, or address of a stream (rtsp, http …).
        size: width and height to ask the camera for; it answers with the nearest it has.
        fps: frames per second to ask the camera for.
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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_stream = isinstance(address, str) and "://" in address
        self._clock = clock
        name = without_password(address) if isinstance(address, str) else f"camera {address}"
        self._capture = self._open(address)
        if size is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        if fps is not None:
            self._capture.set(cv2.CAP_PROP_FPS, fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a fresh picture, not the oldest waiting
        # The first picture proves that the camera is not in use elsewhere, and has the true size.
        first = self._read() if self._capture.isOpened() else None
        if first is None:
            self.close()
            advice = (
                "check the address and the network"
                if self._is_stream
                else "is it plugged in, allowed, and free of other programs? "
                "(try another number, or `synthetic`)"
            )
            raise SourceError(f"{name}: expected live pictures, got none; {advice}")
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        height, width = first.shape[:2]
        super().__init__(SourceInfo(name, "live", width, height, rate if rate > 0 else None))

    def _open(self, address: int | str) -> Any:
        with quiet_opencv(), _quiet_ffmpeg():
            if not self._is_stream:
                return cv2.VideoCapture(address)
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT_MS]
            limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT_MS]
            return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)

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
        index = misses = 0
        start_s = None
        while self._capture.isOpened():
            image = self._read()
            if image is not None:
                now_s = self._clock()
                start_s = now_s if start_s is None else start_s
                yield Frame(image, index, now_s - start_s)
                index += 1
                misses = 0
                continue
            misses += 1
            if misses >= _MISSES:
                self._give_up(index)
                return
            time.sleep(_PAUSE_S)

    def _give_up(self, read: int) -> None:
        if self._is_stream:
            self.warnings.append(f"{self.info.name}: the stream ended after {read} frames")
            return
        raise SourceError(
            f"{self.info.name}: gives no more pictures after {read} frames; is it still plugged in?"
        )

    def close(self) -> None:
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
