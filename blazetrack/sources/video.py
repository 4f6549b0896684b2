"""A video file, decoded with its own timestamps and rotated upright."""

from __future__ import annotations

import os
import struct
from collections.abc import Generator, Iterator
from typing import Any

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from blazetrack.errors import SourceError, reason
from blazetrack.sources.base import Source, SourceInfo
from blazetrack.types import Frame

__all__ = ["VideoSource", "rotate_upright"]

# Older PyAV sends libav's messages to `logging`, which prints them on stderr.
if av.logging.get_level() is not None:
    av.logging.set_level(av.logging.PANIC)

# Metadata that is not UTF-8 is ignored; that is the default from PyAV 19 on.
_OPEN: Any = {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}


class VideoSource(Source):
    """The first video stream of a file.

    Time starts at 0.0 with the first picture. A damaged packet is skipped and counted; a
    truncated file ends normally with a line in `warnings`.

    Args:
        path: the file.
        threads: decoder threads; 0 leaves the number to the decoder.

    Raises:
        SourceError: no video, or no readable picture in it.
    """

    def __init__(self, path: str | os.PathLike[str], *, threads: int = 1) -> None:
        self._path = os.fspath(path)
        self._threads = threads
        super().__init__(SourceInfo(self._path, "video"))
        with self._open() as container:
            stream = self._stream(container)
            rate, promised = stream.average_rate, stream.frames
        # Only a decoded picture gives the true size, and proves that the file is readable.
        frames = self._frames()
        first = next(frames)
        frames.close()
        self.info = SourceInfo(
            self._path,
            "video",
            first.width,
            first.height,
            float(rate) if rate else None,
            promised or None,
        )

    def _frames(self) -> Generator[Frame, None, None]:
        with self._open() as container:
            stream = self._stream(container)
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = self._threads
            step_s = 1.0 / float(stream.average_rate or 30)
            index, time_s, origin = 0, -step_s, None
            for picture in self._pictures(container, stream):
                if picture.pts is None or picture.time_base is None:
                    time_s += step_s
                else:
                    origin = picture.pts if origin is None else origin
                    time_s = float((picture.pts - origin) * picture.time_base)
                # swscale's default matrix for every file: same pixels as OpenCV's reader.
                image: Any = picture.to_ndarray(format="rgb24")
                side_data: Any = picture.side_data.get("DISPLAYMATRIX")
                matrix = None if side_data is None else bytes(side_data)
                yield Frame(rotate_upright(image, matrix), index, time_s)
                index += 1
            self._check_end(index, stream.frames)

    def _open(self) -> InputContainer:
        try:
            container: InputContainer = av.open(self._path, **_OPEN)
        except (FFmpegError, OSError, ValueError) as error:
            raise SourceError(
                f"{self._path}: expected a video or a picture, got a file that cannot be opened as "
                f"one ({reason(error)}); is it complete?"
            ) from None
        return container

    def _stream(self, container: InputContainer) -> VideoStream:
        if not container.streams.video:
            kinds = ", ".join(sorted({stream.type for stream in container.streams}))
            raise SourceError(
                f"{self._path}: expected a video stream, got only {kinds or 'nothing'}; "
                "choose a file that has pictures"
            )
        return container.streams.video[0]

    def _pictures(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError) as error:
                self.warnings.append(f"{self._path}: reading broke off ({reason(error)})")
                return
            if packet is None:
                return
            try:
                pictures = stream.decode(packet)
            except (FFmpegError, ValueError):
                self.skipped += 1
                continue
            yield from pictures

    def _check_end(self, read: int, promised: int) -> None:
        """Report missing frames at the end."""
        if not read:
            raise SourceError(
                f"{self._path}: expected a video, got not one readable picture; "
                "it is truncated or damaged"
            )
        if self.skipped:
            self.warnings.append(f"{self._path}: {self.skipped} damaged packets were skipped")
        if read < promised:
            self.warnings.append(f"{self._path}: {read} of {promised} frames could be read")


def rotate_upright(image: NDArray[np.uint8], matrix: bytes | None) -> NDArray[np.uint8]:
    """Rotate by quarter turns and mirror a picture by the display matrix of its file.

    Args:
        image: `(H, W, 3)` uint8.
        matrix: nine native int32 of the file's display matrix (libavutil/display.h):
            x' = a·x + c·y, y' = b·x + d·y, in the order a b u c d v x y w.

    Returns:
        `(H, W, 3)` or `(W, H, 3)` uint8, C-contiguous.
    """
    if matrix is not None:
        a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
        sideways = abs(b) > abs(a)
        from_x, from_y = (c, b) if sideways else (a, d)
        if sideways:
            image = cv2.transpose(image)
        if from_x < 0 or from_y < 0:
            # cv2.flip: 0 turns y, 1 turns x, −1 both.
            image = cv2.flip(image, -1 if from_x < 0 and from_y < 0 else int(from_x < 0))
    return np.ascontiguousarray(image)
