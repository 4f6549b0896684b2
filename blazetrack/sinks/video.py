"""An MP4 with the drawn pictures: H.264, and each frame at the time it was taken."""

from __future__ import annotations

import os
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError

from blazetrack.errors import SinkError
from blazetrack.sinks.base import Picture, Sink, check_path, remove
from blazetrack.types import Frame, Poses

__all__ = ["VideoSink", "fit"]

_TICKS = 60_000  # per second: holds 24, 25, 29.97, 30 and 60 fps; MPEG-4 takes no more than 65,535
_NUDGE = _TICKS // 1000  # a frame that is not later than the last one comes 1 ms after it
_LONGEST = 2**31  # ticks (10 hours) between two frames; MP4 has 32 bits for them
_SMALLEST = 16  # pixels; encoders refuse less
_ENCODERS = ("libx264", "libopenh264")  # else mpeg4, which is always there

# Older PyAV hands libav's complaints to `logging`, which prints them on stderr; newer is silent.
if av.logging.get_level() is not None:
    av.logging.set_level(av.logging.PANIC)


class VideoSink(Sink):
    """An `.mp4` file that plays in a browser.

    Time starts with the first frame. Frames of another size than the first are fitted into it;
    odd sizes grow by one pixel, for H.264 codes colour in pairs.

    Args:
        path: the file; an older one is replaced when the first frame comes.
        threads: encoder threads; 0 leaves the number to the encoder.
    """

    needs_picture = True

    def __init__(self, path: str | os.PathLike[str], *, threads: int = 1) -> None:
        self._path = check_path(path)
        super().__init__(str(self._path))
        self._threads = threads
        self._container: Any = None  # an av OutputContainer once the first frame came
        self._stream: Any = None
        self._size = (0, 0)
        self._start_s = 0.0
        self._last = -1
        self._gap = _TICKS // 30
        self._moved = 0
        self._closed = False

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        image = frame.image if picture is None else picture
        try:
            if self._container is None:
                self._start(image, frame.time_s)
            coded = av.VideoFrame.from_ndarray(fit(image, self._size), format="rgb24")
            coded.pts = self._tick(frame.time_s)
            coded.time_base = Fraction(1, _TICKS)
            self._mux(self._stream.encode(coded))
        except (FFmpegError, OSError, ValueError, OverflowError) as error:
            self._abandon()
            raise SinkError(f"{self.name}: cannot be written ({_reason(error)})") from None

    def _start(self, image: Picture, time_s: float) -> None:
        self._size = (image.shape[1], image.shape[0])
        self._start_s = time_s
        encoder = next((name for name in _ENCODERS if name in av.codecs_available), "mpeg4")
        if encoder == "mpeg4":
            self.warnings.append(f"{self.name}: no H.264 encoder; MPEG-4, browsers may refuse it")
        # With its index in front, the file starts to play before it is loaded whole.
        options = {"movflags": "+faststart"}
        self._container = av.open(str(self._path), "w", format="mp4", options=options)
        stream: Any = self._container.add_stream(encoder, rate=30)
        stream.height, stream.width = fit(image, self._size).shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS)
        stream.codec_context.thread_count = self._threads
        # No B-frames: they need reordering, which blurs the length of a clip with uneven times.
        stream.options = {"bf": "0"}
        if encoder == "libx264":
            stream.options = {"bf": "0", "preset": "veryfast", "crf": "23"}
        # For encoders that know no crf; PyAV's default is a fixed rate, whatever the size.
        stream.bit_rate = max(500_000, 4 * stream.width * stream.height)
        self._stream = stream
        self._container.start_encoding()  # what is refused shows now, not ten frames later

    def _tick(self, time_s: float) -> int:
        """The frame's time as a whole tick, always later than the last one."""
        tick = round((time_s - self._start_s) * _TICKS)
        step = tick - self._last
        if self._last < 0 or 0 < step < _LONGEST:
            self._gap = step if self._last >= 0 else self._gap
        elif -_TICKS < step <= 0:
            self._moved += 1
            tick = self._last + _NUDGE
        else:  # the clock was set anew: go on from here
            self._moved += 1
            tick = self._last + self._gap
            self._start_s = time_s - tick / _TICKS
        self._last = tick
        return tick

    def _mux(self, packets: Any) -> None:
        for packet in packets:
            # The last frame stays as long as the one before; the oldest PyAV cannot say so.
            with suppress(AttributeError):
                packet.duration = self._gap
            self._container.mux(packet)

    def close(self) -> None:
        self._closed = True
        if self._container is None or self._last < 0:  # interrupted before the first frame was in
            self._abandon()
            return
        try:
            self._mux(self._stream.encode(None))
            self._container.close()
        except (FFmpegError, OSError, ValueError) as error:
            self._abandon()
            raise SinkError(f"{self.name}: cannot be finished ({_reason(error)})") from None
        self._container = None
        if self._moved:
            self.warnings.append(
                f"{self.name}: {self._moved} frames had a time that a film cannot hold (not after "
                "the one before, or hours later); each was put right after it"
            )

    def _abandon(self) -> None:
        """Leave nothing: a film without its end cannot be played, and libav must not go on."""
        self._closed = True
        container, self._container = self._container, None
        if container is not None:
            with suppress(FFmpegError, OSError, ValueError):
                container.close()
            remove(self._path)


def fit(image: Picture, size: tuple[int, int]) -> Picture:
    """Bring a picture to the film's size without stretching it.

    Args:
        image: `(H, W, 3)` uint8.
        size: width and height of the film's first picture.

    Returns:
        `size` in pixels, made even and at least 16 by repeating the right and lower edge.
    """
    width, height = size
    if image.shape[:2] != (height, width):
        scale = min(width / image.shape[1], height / image.shape[0])
        inner = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        small = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
        left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
        image = np.zeros((height, width, 3), np.uint8)
        image[top : top + inner[1], left : left + inner[0]] = small
    right = max(width + width % 2, _SMALLEST) - width
    below = max(height + height % 2, _SMALLEST) - height
    if right or below:
        image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(image)


def _reason(error: Exception) -> str:
    """The short half of a libav or system error."""
    return str(getattr(error, "strerror", None) or error).lower()
