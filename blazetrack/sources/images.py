"""A picture file, or a folder of picture files."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.common.native_stderr import held_stderr
from blazetrack.errors import SourceError
from blazetrack.sources.base import PICTURE_ENDINGS, Source, SourceInfo, quiet_opencv
from blazetrack.sources.picture_damage import MESSAGE, damage
from blazetrack.sources.picture_kinds import MANY, count_pictures, is_heif
from blazetrack.types import Frame

__all__ = ["ImageSource", "decode_picture", "list_pictures", "read_picture"]

_FPS = 30.0
_MAX_NAMED = 6  # entries in a message
_MAX_PARTIAL_BITS = 14  # of 16; more than that fill them
_JPEG = b"\xff\xd8\xff"  # 8 bits


class ImageSource(Source):
    """One picture, or the pictures of a folder in natural order (2.png before 10.png).

    Picture `i` has the time `i / fps`. In a folder, an unreadable picture is skipped, counted and
    named in `warnings`. They also name the other entries of the folder, except hidden ones, and
    files of several pictures, of which the first is read.

    Args:
        path: picture or folder.
        fps: clock of the pictures, 30 by default.
        data: content of a picture that is no file; `path` then only names it.

    Raises:
        SourceError: the picture cannot be read, the folder has none, or all are unreadable.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        fps: float | None = None,
        data: bytes | None = None,
    ) -> None:
        name = os.fspath(path)
        self._fps, self._data = fps or _FPS, data
        self._names: list[str] = [name]
        self._others: list[str] = []
        self._first: NDArray[np.uint8] | None = None  # of a single picture, until it is given
        width = height = None
        if data is None and os.path.isdir(path):
            pictures, self._others = list_folder(Path(path))
            self._names = list(map(str, pictures))
        else:
            self._first = decode_picture(self._bytes(name), name)
            height, width = self._first.shape[:2]
        super().__init__(SourceInfo(name, "stills", width, height, fps, len(self._names)))

    def _bytes(self, name: str) -> bytes:
        return _read_bytes(name) if self._data is None else self._data

    def _frames(self) -> Generator[Frame, None, None]:
        if self._others:
            self.warnings.append(f"{self.info.name}: left out {_listed(self._others)}")
        index, first_error = 0, ""
        for name in self._names:
            try:
                data = self._bytes(name)
                image = decode_picture(data, name) if self._first is None else self._first
                self._first = None
            except SourceError as error:
                self.skipped += 1
                self.warnings.append(str(error))
                first_error = first_error or str(error)
                continue
            if (count := count_pictures(data)) > 1:
                several = "several" if count == MANY else str(count)
                self.warnings.append(f"{name}: holds {several} pictures; only the first is read")
            del data
            yield Frame(image, index, index / self._fps, still=True, file=name)
            del image  # not kept while the next one is read
            index += 1
        if not index:
            raise SourceError(
                f"{self.info.name}: none of {len(self._names)} pictures can be read; "
                f"the first error: {first_error}"
            )


def list_pictures(folder: Path) -> list[Path]:
    """The picture files of a folder in natural order; `SourceError` if there is none."""
    return list_folder(folder)[0]


def list_folder(folder: Path) -> tuple[list[Path], list[str]]:
    """The picture files of a folder in natural order, and the names of its other entries.

    Hidden entries are in neither; the name of a folder ends in `/`.

    Raises:
        SourceError: it cannot be listed, or has no picture.
    """
    try:
        entries = sorted(folder.iterdir(), key=_natural)
    except OSError as error:
        raise SourceError(f"{folder}: cannot list this folder ({error.strerror})") from None
    shown = [path for path in entries if not path.name.startswith(".")]
    pictures = [p for p in shown if p.suffix.lower() in PICTURE_ENDINGS and p.is_file()]
    others = [p.name + "/" * p.is_dir() for p in shown if p not in set(pictures)]
    if not pictures:
        got = f"none, but {_listed(others)}" if others else "none"
        raise SourceError(
            f"{folder}: expected pictures in this folder, got {got}; for films: blazetrack batch"
            f" {folder} --out RESULTS; known endings: {' '.join(sorted(PICTURE_ENDINGS))}"
        )
    return pictures, others


def _listed(names: list[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def read_picture(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture file; see `decode_picture`."""
    name = os.fspath(path)
    return decode_picture(_read_bytes(name), name)


def _read_bytes(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise SourceError(f"{name}: cannot read this file ({error.strerror})") from None


def decode_picture(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode the content of a picture file as RGB.

    Grey becomes three equal channels, 16 bit becomes 8, also where only the lower 8, 10, 12 or 14
    of them are used, and an alpha channel is dropped (colours stay as stored). The orientation of
    EXIF, or of HEIF's own properties, is applied.

    Args:
        data: the content.
        name: names it in a message.

    Returns:
        `(H, W, 3)` uint8, C-contiguous.

    Raises:
        SourceError: it is empty, damaged, also in part, or not a picture of a known format, such as
            one of float numbers, whose range is not stated.
    """
    if not data:
        raise SourceError(f"{name}: expected a picture, got an empty file")
    if is_heif(data):
        from blazetrack.sources.heif import read_heif

        return read_heif(data, name)
    try:
        # cv2.imread cannot open a path outside the code page of Windows.
        with held_stderr(MESSAGE) as messages, quiet_opencv():
            rgb: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise SourceError(f"{name}: OpenCV refuses this picture ({error.err})") from None
    if rgb is None:
        if kind := _other_kind(data):
            raise SourceError(
                f"{name}: expected a picture of 8 or 16 bits per channel, got {kind}; convert it"
            )
        raise SourceError(
            f"{name}: expected a picture, got data that cannot be decoded; "
            "it is truncated, damaged or of an unknown format"
        )
    if problem := damage(messages, data):
        raise SourceError(f"{name}: expected a whole picture, got a damaged one ({problem})")
    if not data.startswith(_JPEG) and rgb.max() <= 1 << _MAX_PARTIAL_BITS - 8:
        rgb = _lower_bits(data, rgb)
    cv2.cvtColor(rgb, cv2.COLOR_BGR2RGB, dst=rgb)
    return rgb  # type: ignore[no-any-return]


def _lower_bits(data: bytes, dark: Any) -> Any:
    """A dark picture, from its lower bits where it has 16 of them and does not use the upper ones.

    Cameras of 10, 12 or 14 bits store their numbers as they are.
    """
    with held_stderr(MESSAGE), quiet_opencv():
        raw: Any = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
        )
    if raw is None or raw.dtype != np.uint16 or raw.max() >= 1 << _MAX_PARTIAL_BITS:
        return dark
    bits = next(bits for bits in range(8, 16, 2) if raw.max() < 1 << bits)
    return (raw >> (bits - 8)).astype(np.uint8)


def _other_kind(data: bytes) -> str:
    """The type of the numbers of a picture that cannot be decoded as 8 bits; empty without one."""
    try:
        with held_stderr(MESSAGE), quiet_opencv():
            raw: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return ""
    return "" if raw is None or raw.dtype in (np.uint8, np.uint16) else str(raw.dtype)


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    parts = re.split(r"(\d+)", path.name.lower())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
