"""A camera or a network stream, through OpenCV."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.common.addresses import shown_address
from blazetrack.errors import SourceError
from blazetrack.sources.base import Source, SourceInfo, env_default, quiet_opencv
from blazetrack.sources.devices import diagnose
from blazetrack.sources.upright import square_pixels
from blazetrack.types import Frame

__all__ = ["CameraSource"]

_MAX_MISSES = 20  # consecutive reads without a picture before the camera counts as lost
_MISS_PAUSE_S = 0.1  # between them
_REOPEN_PAUSE_S = 0.5
_QUIET = "-8"  # AV_LOG_QUIET, for the libav inside OpenCV; read once, at its start
_TIMEOUT_MS = 4000  # of a stream's server
_MAX_COUNT = 2**31  # decoders report larger numbers for an unknown length


class CameraSource(Source):
    """Live pictures; the time of a frame is when it was read, counted from the first one.

    When pictures stop, it is reopened until `retry_s` is over; the gap is part of the time.

    Args:
        address: camera number, device path, or address of a stream (rtsp, http …).
        size: width and height requested from the camera, which takes the nearest it has.
        fps: frame rate requested from the camera.
        retry_s: how long to wait for new pictures.
        report: receives a line at once when the source waits, and when it continues.
        clock: seconds, monotonic.

    Raises:
        SourceError: no such device, in use by another program, or unplugged while running. The
            end of a stream is no error; it adds a line to `warnings`.
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
        name = shown_address(address) if isinstance(address, str) else f"camera {address}"
        first = self._open()
        # Kept for the first frame: a stream of a single picture has no second one.
        self._first = None if first is None else (first, clock())
        if first is None:
            self.close()
            raise SourceError(f"{name}: expected live pictures, got none; {self._diagnosis()}")
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        # A file on a server ends by itself; reopening it would play it again.
        self._ends = (
            self._is_stream and 0 < self._capture.get(cv2.CAP_PROP_FRAME_COUNT) < _MAX_COUNT
        )
        height, width = first.shape[:2]
        info = SourceInfo(
            name, "live", width, height, rate if rate > 0 else None, is_camera=not self._is_stream
        )
        super().__init__(info)

    def _open(self) -> NDArray[np.uint8] | None:
        """Open the camera and read a picture, which proves that it is free, and gives its size."""
        with quiet_opencv(), env_default("OPENCV_FFMPEG_LOGLEVEL", _QUIET):
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
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not the oldest
        wide, high = map(self._capture.get, (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN))
        self._aspect = wide / high if wide > 0 and high > 0 else None
        return self._read() if self._capture.isOpened() else None

    def _diagnosis(self) -> str:
        return "check the address and the network" if self._is_stream else diagnose(self._address)

    def _read(self) -> NDArray[np.uint8] | None:
        """The next picture as RGB, or None."""
        try:
            with quiet_opencv():
                ok, bgr = self._capture.read()
        except cv2.error:
            return None  # some drivers raise when the device is unplugged; counted as a miss
        if not ok or bgr is None or not bgr.size:
            return None
        rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        return square_pixels(rgb, self._aspect)

    def _frames(self) -> Generator[Frame, None, None]:
        index = 0
        start_s = None
        while (read := self._timed(index)) is not None:
            image, now_s = read
            start_s = now_s if start_s is None else start_s
            yield Frame(image, index, now_s - start_s)
            index += 1

    def _timed(self, read: int) -> tuple[NDArray[np.uint8], float] | None:
        """The next picture and when it was read; None at the end."""
        first, self._first = self._first, None
        if first is not None:
            return first
        image = self._next(read)
        return None if image is None else (image, self._clock())

    def _next(self, read: int) -> NDArray[np.uint8] | None:
        """The next picture, also after a gap; None at the end."""
        for _ in range(_MAX_MISSES):
            if self.closed:
                return None
            image = self._read()
            if image is not None:
                return image
            time.sleep(_MISS_PAUSE_S)
        if not self._ends and self._retry_s > 0:
            image = self._reopen()
        if image is None and not self.closed:
            self._end(read)
        return image

    def _reopen(self) -> NDArray[np.uint8] | None:
        """Reopen the camera until it gives a picture or the time is up."""
        lost_s = self._clock()
        self._log(f"gives no more pictures; waiting up to {self._retry_s:g} s for it")
        self.waiting = f"waiting for {self.info.name}"
        try:
            while not self.closed and self._clock() - lost_s < self._retry_s:
                self._capture.release()
                image = self._open()
                if image is not None:
                    away_s = self._clock() - lost_s
                    self._log(f"is back after {away_s:.1f} s")
                    self.warnings.append(f"{self.info.name}: was away for {away_s:.1f} s")
                    return image
                time.sleep(_REOPEN_PAUSE_S)
        finally:
            self.waiting = ""
        return None

    def _log(self, event: str) -> None:
        if self._report is not None:
            self._report(f"{self.info.name}: {event}")

    def _end(self, read: int) -> None:
        """End a stream with a warning, a camera with an error."""
        event = f"after {read} frames"
        if not self._ends and self._retry_s:
            event += f" and did not come back in {self._retry_s:g} s"
        if not self._is_stream:
            raise SourceError(
                f"{self.info.name}: gives no more pictures {event}; {self._diagnosis()}"
            )
        self.warnings.append(f"{self.info.name}: the stream ended {event}")

    def close(self) -> None:
        self.closed = True
        self._capture.release()
