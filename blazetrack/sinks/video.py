"""MP4 of the drawn pictures: H.264 with the timestamps of the frames.

The file is written as fragments, each playable once it is on disk: after a `kill -9` or on a full
disk, the video is complete up to its last fragment. At the end libav adds the index of a plain
MP4, for players and editors that need it.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.frame import PictureType

from blazetrack.common.clock import SteadyClock
from blazetrack.errors import SinkError, reason
from blazetrack.sinks.base import Picture, Sink, check_path, open_output, truncate
from blazetrack.sinks.sound import Sound, open_sound
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["VideoSink", "fit"]

_TICKS = 60_000  # per second: exact for 24, 25, 29.97, 30 and 60 fps; MPEG-4 allows up to 65,535
_MAX_STEP = 2**31  # ticks (10 hours) between two frames; MP4 has 32 bits for them
_MAX_GAP_S = 10.0  # a longer step is a gap once the next frame confirms it, else a wrong time
_MIN_SIDE, _MAX_SIDE = 16, 16_384  # pixels; encoders refuse less and more
_ENCODERS = ("libx264", "libopenh264")  # else mpeg4, which always exists

# A fragment begins with a key frame. One every two seconds costs a sixth to a third more bytes
# than the encoder's default (one per 250 frames); it is the most that a kill can lose.
_FRAGMENT_S = 2.0
_MOVFLAGS = "+frag_keyframe+empty_moov+default_base_moof"
if av.library_versions["libavformat"] >= (61, 7):  # FFmpeg 7.1; with older ones the fragments stay
    _MOVFLAGS = "+frag_keyframe+hybrid_fragmented"

# Older PyAV sends libav's messages to `logging`, which prints them on stderr.
if av.logging.get_level() is not None:
    av.logging.set_level(av.logging.PANIC)


class VideoSink(Sink):
    """An `.mp4` file that plays in a browser.

    Time starts with the first frame. The sound of a film is copied, if an MP4 can hold it. Frames
    of another size are fitted into the first one's; odd sizes grow by one pixel, as H.264 codes
    colour in pairs.

    Args:
        path: the file; an existing one is replaced at the first frame.
        skeleton: keypoint set of the poses.
        threads: encoder threads; 0 leaves the number to the encoder.
    """

    needs_picture = True
    keeps = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        threads: int = 1,
    ) -> None:
        self._path = check_path(path)
        super().__init__(str(self._path), skeleton)
        self._threads = threads
        self._file: _File | None = None  # None before the first frame
        self._container: Any = None  # an av OutputContainer
        self._stream: Any = None
        self._size = (0, 0)
        self._start_s = 0.0
        self._clock = SteadyClock(_MAX_GAP_S)
        self._last = -1
        self._gap = _TICKS // 30
        self._moved = 0
        self._key = -_MAX_STEP  # tick of the last requested key frame
        self._waiting: list[int] = []  # numbers of the frames not yet safely on disk
        self._fragment = 0  # how many of them are in the current fragment
        self._ended: deque[int] = deque()  # and in those before it that libav has not written yet
        self._seen = 0  # bytes of the file after the last packet
        self._sound: Sound | None = None
        self._whole = 0  # bytes of complete fragments
        self._closed = False

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        image = self.drawn(frame, poses, picture)
        try:
            if self._container is None:
                self.check_is_not_source(self._path, frame)
                self._check_size(image)
                self._start(image, frame)
            coded = av.VideoFrame.from_numpy_buffer(fit(image, self._size), format="rgb24")
            coded.pts = self._tick(frame.time_s)
            coded.time_base = Fraction(1, _TICKS)
            if coded.pts - self._key >= _FRAGMENT_S * _TICKS:
                coded.pict_type = PictureType.I
                self._key = coded.pts
            self._waiting.append(frame.index)
            self._mux(self._stream.encode(coded))
        except (FFmpegError, OSError, ValueError, OverflowError) as error:
            self._abandon()
            raise SinkError(f"{self.name}: cannot be written ({reason(error)})") from None

    def _check_size(self, image: Picture) -> None:
        height, width = image.shape[:2]
        if max(width, height) > _MAX_SIDE:
            self._abandon()
            raise SinkError(
                f"{self.name}: expected pictures of up to {_MAX_SIDE:,} pixels a side, got "
                f"{width}×{height}; write pictures into a folder (--out FOLDER/)"
            )

    def _start(self, image: Picture, frame: Frame) -> None:
        self._size = (image.shape[1], image.shape[0])
        self._start_s = frame.time_s
        encoder = next((name for name in _ENCODERS if name in av.codecs_available), "mpeg4")
        if encoder == "mpeg4":
            self.warnings.append(f"{self.name}: no H.264 encoder; MPEG-4, browsers may refuse it")
        self._sound, problem = open_sound("" if frame.still else frame.file)
        if problem:
            self.warnings.append(f"{self.name}: {problem}")
        self._file = _File(self._path)
        # Flushed after each packet, so that complete fragments are on disk. With sound, which may
        # begin later than the pictures, the header waits for the first packets, and is exact.
        options = {"movflags": _MOVFLAGS, "flush_packets": "1"}
        if self._sound is not None:
            options["movflags"] += "+delay_moov"
            options["movie_timescale"] = str(_TICKS)
        self._container = av.open(self._file, "w", format="mp4", options=options)
        stream: Any = self._container.add_stream(encoder, rate=30)
        stream.height, stream.width = fit(image, self._size).shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS)
        stream.codec_context.thread_count = self._threads
        # No B-frames: their reordering changes the duration of clips with a variable frame rate.
        stream.options = {"bf": "0"}
        if encoder == "libx264":
            # No macroblock tree: x264 reads uninitialised memory there, so that about one video in
            # 200 differed between runs. Without it crf 25 is as sharp as 23 with it.
            stream.options = {"bf": "0", "preset": "veryfast", "crf": "25", "mbtree": "0"}
        # For encoders without crf; PyAV's default is one rate for every size.
        stream.bit_rate = max(500_000, 4 * stream.width * stream.height)
        self._stream = stream
        # Settings that the encoder refuses fail here, not ten frames later. No `start_encoding`:
        # libav 8 ends the process if a file has a header but no frame.
        stream.codec_context.open(strict=False)
        if self._sound is not None:
            self._sound.add_to(self._container, frame.time_s)

    def _tick(self, stamp_s: float) -> int:
        """The time of a frame in ticks, strictly increasing."""
        time_s = self._clock(stamp_s)
        tick = round((time_s - self._start_s) * _TICKS)
        self._moved += self._clock.doubtful
        if self._last >= 0:
            tick = max(tick, self._last + 1)
            self._gap = tick - self._last
        self._last = tick
        return tick

    def _mux(self, packets: Any) -> None:
        for packet in packets:
            # The last frame lasts as long as the one before; the oldest PyAV cannot set it.
            with suppress(AttributeError):
                packet.duration = self._gap
            if packet.is_keyframe and self._fragment:
                self._ended.append(self._fragment)
                self._fragment = 0
            self._fragment += 1
            if self._sound is not None:
                self._sound.copy_until(float(packet.pts * packet.time_base), self._container)
            self._container.mux(packet)
            # libav writes a fragment at once when it takes the key frame after it, which with sound
            # may be some packets later.
            assert self._file is not None
            if self._file.size > self._seen and self._ended:
                self._settle(self._ended.popleft())
            self._seen = self._file.size

    def _settle(self, count: int) -> None:
        """Mark the next frames as on disk."""
        assert self._file is not None
        self.last_frame = self._waiting[count - 1]
        self.written = [self.name]
        self._whole = self._file.size
        del self._waiting[:count]

    def close(self) -> None:
        self._closed = True
        if self._file is None or self._last < 0:  # interrupted before the first frame
            self._abandon()
            return
        try:
            self._mux(self._stream.encode(None))
            if self._sound is not None:
                end_s = (self._last + self._gap) / _TICKS
                self._sound.copy_until(end_s, self._container, last=True)
            self._container.close()
            self._file.finish()
            self._settle(len(self._waiting))
            self._release()
        except (FFmpegError, OSError, ValueError) as error:
            self._abandon()
            raise SinkError(f"{self.name}: cannot be finished ({reason(error)})") from None
        if self._moved:
            self.warnings.append(
                f"{self.name}: {self._moved} frames had a time that a video cannot hold (not after "
                "the one before, or long after it); each was moved right behind it"
            )

    def _abandon(self) -> None:
        """Keep the complete fragments; remove a file without any."""
        self._closed = True
        if self._file is None:
            return  # not opened: an existing file is not ours
        self._file.refuse()
        if self._container is not None:
            with suppress(FFmpegError, OSError, ValueError):
                self._container.close()
        self._release()
        truncate(self._path, self._whole)

    def _release(self) -> None:
        file, self._file, self._container, self._stream = self._file, None, None, None
        if self._sound is not None:
            self._sound.close()
        if file is not None:
            file.release()


class _File:
    """The output of libav; append-only until it is finished.

    libav overwrites the beginning to activate the index at the end; some versions do so before
    the index is written, so overwriting waits for `finish`. After the first failure nothing more
    is written.
    """

    def __init__(self, path: Path) -> None:
        self._raw = open_output(path, buffering=0)
        self._place = 0
        self._late: list[tuple[int, bytes]] = []
        self._error: OSError | None = None
        self.size = 0

    def write(self, data: bytes) -> int:
        if self._place < self.size:
            self._late.append((self._place, bytes(data)))
        else:
            self._put(data)
            self.size += len(data)
        self._place += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}
        self._place = base[whence] + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def finish(self) -> None:
        """Overwrite the beginning; a pipe cannot seek, and stays in fragments."""
        for place, data in self._late if self._raw.seekable() else ():
            self._raw.seek(place)
            self._put(data)

    def refuse(self) -> None:
        """Refuse everything from now on."""
        self._error = self._error or OSError(errno.EIO, os.strerror(errno.EIO))

    def release(self) -> None:
        """Close the file; not named `close`, which PyAV would call by itself."""
        self._raw.close()

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        while len(rest):
            if self._error is not None:
                raise self._error
            try:
                rest = rest[self._raw.write(rest) :]
            except OSError as error:
                self._error = error


def fit(image: Picture, size: tuple[int, int]) -> Picture:
    """Fit a picture into the size of the video without stretching it.

    Args:
        image: `(H, W, 3)` uint8.
        size: width and height of the first picture.

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
    right = max(width + width % 2, _MIN_SIDE) - width
    below = max(height + height % 2, _MIN_SIDE) - height
    if right or below:
        image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(image)
