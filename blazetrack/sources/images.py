"""A picture file, or a folder of picture files."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SourceError
from blazetrack.sources.base import PICTURE_ENDINGS, Source, SourceInfo, quiet_opencv
from blazetrack.types import Frame

__all__ = ["ImageSource", "read_picture"]

_FPS = 30.0


class ImageSource(Source):
    """One picture, or the pictures of a folder in natural order (2.png before 10.png).

    Picture `i` has the time `i / fps`. In a folder, an unreadable picture is skipped, counted and
    named in `warnings`; other files and hidden ones are ignored.

    Args:
        path: picture or folder.
        fps: clock of the pictures, 30 by default.

    Raises:
        SourceError: the picture cannot be read, the folder has none, or all are unreadable.
    """

    def __init__(self, path: str | os.PathLike[str], *, fps: float | None = None) -> None:
        name = os.fspath(path)
        self._fps = fps or _FPS
        width = height = None
        if os.path.isdir(path):
            self._paths = list_pictures(Path(path))
        else:
            self._paths = [Path(path)]
            height, width = read_picture(path).shape[:2]
        super().__init__(SourceInfo(name, "stills", width, height, fps, len(self._paths)))

    def _frames(self) -> Generator[Frame, None, None]:
        index = 0
        for path in self._paths:
            try:
                image = read_picture(path)
            except SourceError as error:
                self.skipped += 1
                self.warnings.append(str(error))
                continue
            yield Frame(image, index, index / self._fps, still=True, file=os.fspath(path))
            index += 1
        if not index:
            raise SourceError(
                f"{self.info.name}: none of {len(self._paths)} pictures can be read; "
                f"the first error: {self.warnings[0]}"
            )


def list_pictures(folder: Path) -> list[Path]:
    """The picture files of a folder in natural order; `SourceError` if there is none."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURE_ENDINGS]
    except OSError as error:
        raise SourceError(f"{folder}: cannot list this folder ({error.strerror})") from None
    found = [path for path in found if not path.name.startswith(".") and path.is_file()]
    if not found:
        raise SourceError(
            f"{folder}: expected pictures in this folder, got none; "
            f"known endings: {' '.join(sorted(PICTURE_ENDINGS))}"
        )
    return sorted(found, key=_natural)


def read_picture(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture file as RGB.

    Grey becomes three equal channels, 16 bit becomes 8, an alpha channel is dropped (colours stay
    as stored), and the EXIF orientation is applied.

    Returns:
        `(H, W, 3)` uint8, C-contiguous.

    Raises:
        SourceError: the file is missing, empty, or not a picture that OpenCV can decode.
    """
    try:
        # cv2.imread cannot open a path outside the code page of Windows.
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise SourceError(f"{path}: cannot read this file ({error.strerror})") from None
    if not data.size:
        raise SourceError(f"{path}: expected a picture, got an empty file")
    try:
        with quiet_opencv():
            bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise SourceError(f"{path}: OpenCV refuses this picture ({error.err})") from None
    if bgr is None:
        raise SourceError(
            f"{path}: expected a picture, got data that cannot be decoded; "
            "it is truncated, damaged or of an unknown format"
        )
    rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    parts = re.split(r"(\d+)", path.name.lower())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
