"""A video file, decoded with its own timestamps, upright and with square pixels."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from tempfile import TemporaryDirectory

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from blazetrack.errors import SourceError, reason
from blazetrack.sources.base import Source, SourceInfo
from blazetrack.sources.container import announced_frames, film_stream, open_container
from blazetrack.sources.rgb import RgbConverter
from blazetrack.sources.upright import Orientation, rotate_upright, square_pixels
from blazetrack.types import Frame

__all__ = ["VideoSource"]


class VideoSource(Source):
    """The film of a file, or of an address behind which a whole film is.

    Time starts at 0.0 with the first picture. A damaged packet is skipped and counted; a
    truncated file ends normally with a line in `warnings`.

    Args:
        path: the file.
        threads: decoder threads; 0 leaves the number to the decoder.
        address: `path` is an address.
        name: names it in messages; the path by default.
        folder: temporary folder that holds the file; removed by `close`.

    Raises:
        SourceError: no video, or no readable picture in it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        threads: int = 1,
        address: bool = False,
        name: str | None = None,
        folder: TemporaryDirectory[str] | None = None,
    ) -> None:
        self._folder = folder
        self._path = os.fspath(path)
        self._threads, self._is_address = threads, address
        super().__init__(SourceInfo(name or self._path, "video"))
        with self._open() as container:
            stream = film_stream(container, self.info.name)
            rate, frames = stream.average_rate, announced_frames(stream)
        # Only a decoded picture gives the true size, and proves that the file is readable.
        pictures = self._frames()
        first = next(pictures)
        pictures.close()
        self.info = SourceInfo(
            self.info.name,
            "video",
            first.width,
            first.height,
            float(rate) if rate else None,
            frames,
        )

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def _open(self) -> InputContainer:
        return open_container(self._path, self.info.name, is_address=self._is_address)

    def _frames(self) -> Generator[Frame, None, None]:
        with self._open() as container:
            stream = film_stream(container, self.info.name)
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = self._threads
            step_s = 1.0 / float(stream.average_rate or 30)
            orientation, aspect = Orientation(), stream.sample_aspect_ratio
            rgb = RgbConverter()
            index, time_s, damaged, origin = 0, -step_s, 0, None
            for picture in self._pictures(container, stream):
                if picture.pts is None or picture.time_base is None:
                    time_s += step_s
                else:
                    origin = picture.pts if origin is None else origin
                    time_s = float((picture.pts - origin) * picture.time_base)
                damaged += picture.is_corrupt
                matrix = orientation.matrix(picture)
                if self._passes(time_s):
                    index += 1
                    continue
                image = square_pixels(rgb(picture, self.info.name), aspect)
                yield Frame(rotate_upright(image, matrix), index, time_s)
                index += 1
                del picture, image  # not kept while the next one is decoded
            self._check_end(stream, index, damaged, time_s + step_s)

    def _pictures(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError) as error:
                self.warnings.append(f"{self.info.name}: reading broke off ({reason(error)})")
                return
            if packet is None:
                return
            try:
                pictures = stream.decode(packet)
            except (FFmpegError, ValueError):
                self.skipped += 1
                continue
            while pictures:
                yield pictures.pop(0)

    def _check_end(self, stream: VideoStream, read: int, damaged: int, end_s: float) -> None:
        """Report missing and damaged frames at the end."""
        name, announced = self.info.name, announced_frames(stream) or 0
        if not read:
            raise SourceError(
                f"{name}: expected a video, got not one readable picture; it is truncated or "
                "damaged"
            )
        if self.skipped:
            self.warnings.append(f"{name}: {self.skipped} damaged packets were skipped")
        if damaged:
            self.warnings.append(f"{name}: {damaged} of {read} frames are damaged in part")
        length_s = float((stream.duration or 0) * (stream.time_base or 0))
        is_short = not length_s or end_s + 1.0 / float(stream.average_rate or 30) < length_s
        if read < announced and (self.skipped or is_short):
            self.warnings.append(f"{name}: {read} of {announced} frames could be read")
