"""Outside → `Frame`: one door, `open_source(text)`, for every kind of source."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from typing import Any

from blazetrack.errors import InputError, SourceError
from blazetrack.sources.base import Source, SourceInfo, frame_from_array

__all__ = ["Source", "SourceInfo", "frame_from_array", "open_source"]


def open_source(
    text: str | int | os.PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    max_frames: int | None = None,
    threads: int = 1,
    retry_s: float = 10.0,
    report: Callable[[str], None] | None = None,
) -> Source:
    """Open whatever `text` names.

    Args:
        text: camera number (`0`), device path, video file, picture file, folder of pictures,
            address of a stream (`rtsp://…`, `http://…`), or `synthetic`, also with a scene and
            options: `synthetic:squats`, `synthetic?frames=300&size=1280x720&seed=1`. A path
            object always is a path.
        size: width and height to ask a camera for; files have their own.
        fps: pace to ask a camera for, and the clock of a folder of pictures (default 30).
        max_frames: end after so many frames.
        threads: decoder threads for a video file; 0 leaves the number to the decoder.
        retry_s: how long to wait for a camera or a stream that gives no more pictures.
        report: is told at once where a camera or a stream is waited for.

    Raises:
        SourceError: there is nothing of that name, or it cannot be read.
        InputError: `fps`, `max_frames` or `retry_s` is out of range.
    """
    if fps is not None and not 0 < fps <= 1000:
        raise InputError(f"fps: expected over 0 and up to 1000, got {fps}")
    if not 0 <= retry_s <= 86_400:
        raise InputError(f"retry_s: expected 0 to 86400 seconds, got {retry_s}")
    live = {"size": size, "fps": fps, "retry_s": retry_s, "report": report}
    source = _open(text, fps, threads, live)
    try:
        source.limit(max_frames)
    except BaseException:
        source.close()
        raise
    return source


def _open(
    text: str | int | os.PathLike[str],
    fps: float | None,
    threads: int,
    live: dict[str, Any],
) -> Source:
    if not isinstance(text, os.PathLike):
        word = str(text).strip()
        if word.isdecimal() or re.match(r"[a-z][a-z0-9+.-]+://", word, re.IGNORECASE):
            from blazetrack.sources.camera import CameraSource

            return CameraSource(int(word) if word.isdecimal() else word, **live)
        if re.match(r"synthetic($|[:?])", word):
            from blazetrack.sources.synthetic import SyntheticSource

            return SyntheticSource.from_text(word)
    path = os.path.expanduser(text if isinstance(text, os.PathLike) else str(text))
    if os.path.isdir(path) or (os.path.isfile(path) and _is_picture(path)):
        from blazetrack.sources.images import ImageSource

        return ImageSource(path, fps=fps)
    if os.path.isfile(path):
        from blazetrack.sources.video import VideoSource

        return VideoSource(path, threads=threads)
    if os.path.exists(path) and stat.S_ISCHR(os.stat(path).st_mode):
        from blazetrack.sources.camera import CameraSource

        return CameraSource(path, **live)
    if os.path.exists(path):
        raise SourceError(f"{path!r}: expected a file or a folder, got neither (a pipe?)")
    raise SourceError(_missing(path))


def _is_picture(path: str) -> bool:
    from blazetrack.sources.images import ENDINGS

    return os.path.splitext(path)[1].lower() in ENDINGS


def _missing(path: str) -> str:
    """One line about a source that is not there, with its nearest neighbour."""
    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or ".")
    except (OSError, ValueError):
        return f"{path!r}: no such file, and its folder cannot be read; check the path"
    from difflib import get_close_matches

    near = get_close_matches(name, [*names, "synthetic"], n=1)
    if near:
        return f"{path!r}: no such file or folder; did you mean '{near[0]}'?"
    return (
        f"{path!r}: no such file or folder; expected a camera number, a video, a picture, "
        "a folder of pictures, an address (rtsp://…, http://…) or `synthetic`"
    )
