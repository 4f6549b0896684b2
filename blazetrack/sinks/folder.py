"""A folder: each picture as a picture, each film as a film, under the names of their files."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

from blazetrack.errors import SinkError
from blazetrack.sinks.base import Picture, Sink, check_folder
from blazetrack.sinks.picture import PICTURE_ENDINGS, PictureSink
from blazetrack.sinks.video import VideoSink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["FolderSink"]

_UNNAMED = "tracked"  # of frames without a file, such as those of a camera


class FolderSink(Sink):
    """Drawn pictures and films in a folder, which is made at the first frame.

    `ski.jpg` becomes `FOLDER/ski.jpg`, `clip.avi` becomes `FOLDER/clip.mp4`, pictures of other
    formats become `.png`. Of two files with one name, the second becomes `ski_2.jpg`.

    Args:
        path: the folder.
        skeleton: keypoint set of the poses.
        threads: encoder threads of a film; 0 leaves the number to the encoder.
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
        self._folder = check_folder(path)
        super().__init__(str(self._folder), skeleton)
        self._threads = threads
        self._film: VideoSink | None = None
        self._source: tuple[str, bool] | None = None  # file and kind of the last frame
        self._names: set[str] = set()
        self._closed = False

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        source = (frame.file, frame.still)
        if frame.still or source != self._source:
            self._end_film()
            self._source = source
            target = self._target(frame)
            if frame.still:
                still = PictureSink(target, skeleton=self.skeleton)
                still.write(frame, poses, picture)
                self.written += still.written
                self.last_frame = frame.index
                return
            self._film = VideoSink(target, skeleton=self.skeleton, threads=self._threads)
        film = self._film
        assert film is not None
        try:
            film.write(frame, poses, picture)
        finally:
            self._take(film)

    def close(self) -> None:
        self._closed = True
        self._end_film()

    def _end_film(self) -> None:
        film, self._film = self._film, None
        if film is not None:
            try:
                film.close()
            finally:
                self._take(film)
                self.warnings += film.warnings
                self.written += film.written

    def _take(self, film: VideoSink) -> None:
        """Take over how far the film is safely on disk."""
        if film.last_frame is not None:
            self.last_frame = film.last_frame

    def _target(self, frame: Frame) -> Path:
        """The file of a frame, in the folder, of a name that is not used yet."""
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise SinkError(f"{self.name}: cannot be made ({error.strerror})") from None
        source = PurePath(frame.file.partition("?")[0] if "://" in frame.file else frame.file)
        stem = re.sub(r"[\x00-\x1f/\\]", "_", source.stem) or _UNNAMED
        known = source.suffix.lower() in PICTURE_ENDINGS
        ending = (source.suffix if known else ".png") if frame.still else ".mp4"
        name, number = f"{stem}{ending}", 1
        while name.lower() in self._names:
            number += 1
            name = f"{stem}_{number}{ending}"
        self._names.add(name.lower())
        return self._folder / name
