"""Sources: outside → `Frame`. `open_source(text)` opens any of them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from blazetrack.common.addresses import shown_source
from blazetrack.common.imports import import_name, is_import, make
from blazetrack.errors import InputError, SourceError
from blazetrack.sources.base import PICTURE_ENDINGS, Source, SourceInfo, frame_from_array
from blazetrack.sources.patterns import is_pattern

__all__ = ["SOURCES", "Source", "SourceInfo", "frame_from_array", "open_source"]

_CAMERA = "blazetrack.sources.camera:CameraSource"
_IMAGES = "blazetrack.sources.images:ImageSource"
_MOTION_JPEG = (".mjpeg", ".mjpg")  # many pictures, one behind the other

SOURCES: dict[str, str] = {
    "synthetic": "blazetrack.sources.synthetic:SyntheticSource",
    "picam": "blazetrack.sources.picam:PiCameraSource",
    **dict.fromkeys(("<number>", "<device>"), _CAMERA),
    "<address>": "blazetrack.sources.address:open_address",
    **dict.fromkeys(("<folder>", *PICTURE_ENDINGS), _IMAGES),
    "<file>": "blazetrack.sources.video:VideoSource",
}
"""A name, `scheme://`, `.ending` or `<kind of text>` → class. A class under a name gets what the
text has behind `:`, if anything, any other class the whole text; both get options behind `?`."""


def open_source(
    text: str | int | os.PathLike[str] | Sequence[str | int | os.PathLike[str]],
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    max_frames: int | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    threads: int = 1,
    retry_s: float = 10.0,
    report: Callable[[str], None] | None = None,
    offline: bool = False,
) -> Source:
    """Open the source that a text names.

    A file or folder of that name comes before a camera or an address.

    Args:
        text: camera number (`0`), `picam` (of a Raspberry Pi; its second one is `picam:1`), device
            path, video file, picture file, folder of pictures, address of a stream, a video or a
            picture (`rtsp://…`, `https://…`, `file://…`), or
            `synthetic`, also with a scene and
            options: `synthetic:squats`, `synthetic?frames=300&size=1280x720&seed=1`. Or a
            `Source` of your own: `module:Name`, also with options: `mine.cam:Cam?port=2`. It gets
            `size, fps, threads, retry_s, report` where it has parameters of these names. A path
            object always is a path. A pattern such as `pictures/*.jpg`, or a list of any of these,
            gives all of them in turn; the `file` of each frame is its own one.
        size: width and height requested from a camera.
        fps: frame rate requested from a camera; clock of a folder of pictures (default 30).
        max_frames: end after this many frames.
        start_s: leave out the frames before this time of a film.
        end_s: end before this time.
        threads: decoder threads for a video file; 0 leaves the number to the decoder.
        retry_s: how long to wait for a camera or a stream that stops delivering pictures.
        report: receives a line when a camera or a stream is being waited for.
        offline: refuse an address in the network.

    Raises:
        SourceError: no such source, or it cannot be read.
        InputError: a number is out of range, or one of several sources is live.
    """
    if fps is not None and not 0 < fps <= 1000:
        raise InputError(f"fps: expected over 0 and up to 1000, got {fps}")
    if not 0 <= retry_s <= 86_400:
        raise InputError(f"retry_s: expected 0 to 86400 seconds, got {retry_s}")
    offered = {"size": size, "fps": fps, "threads": threads, "retry_s": retry_s, "report": report}
    if isinstance(text, list | tuple) or (isinstance(text, str) and is_pattern(text)):
        from blazetrack.sources.joined import open_joined  # loads OpenCV

        texts = [text] if isinstance(text, str) else text
        source = open_joined(texts, partial(_open, offered, offline), fps)
    else:
        source = _open(offered, offline, text)  # type: ignore[arg-type]  # a sequence of another type
    try:
        source.trim(start_s, end_s)
        source.limit(max_frames)
    except BaseException:
        source.close()
        raise
    return source


def _open(
    offered: Mapping[str, object], offline: bool, text: str | int | os.PathLike[str]
) -> Source:
    """Open one source."""
    name, options, arguments = _find(text)
    if offline and name == SOURCES["<address>"]:
        raise SourceError(f"{_scheme(str(text))}…: is an address, which --offline does not allow")
    factory = import_name(name, "source", SourceError, _names())
    source: Source = make(Source, factory, options, SourceError, *arguments, offered=offered)
    return source


def _names() -> list[str]:
    return [key for key in SOURCES if key.isidentifier()]


def _find(text: str | int | os.PathLike[str]) -> tuple[str, str, tuple[str | int, ...]]:
    """`module:Name` of the class, the text with its options, its arguments."""
    word = "" if isinstance(text, os.PathLike) else str(text).strip()
    name, colon, argument = word.partition("?")[0].partition(":")
    if name in _names():
        return SOURCES[name], word, (argument,) if colon else ()
    path = os.path.expanduser(text if isinstance(text, os.PathLike) else str(text))
    is_local = os.path.lexists(path) and not isinstance(text, int)
    if not is_local and word.isdecimal():
        if len(word) > 4:
            raise SourceError(f"camera {word[:40]}: expected a number from 0 to 9999")
        return SOURCES["<number>"], "", (int(word),)
    if not is_local and (scheme := _scheme(word)):
        if scheme != "file://":
            return SOURCES.get(scheme, SOURCES["<address>"]), "", (word,)
        path = _path_of(word)
    if os.path.isfile(path):
        return _kind_of_file(path), "", (path,)
    if os.path.isdir(path):
        return SOURCES["<folder>"], "", (path,)
    if os.path.exists(path) and stat.S_ISCHR(os.stat(path).st_mode):
        return SOURCES["<device>"], "", (path,)
    if os.path.exists(path):
        raise SourceError(f"{path!r}: expected a file or a folder, got neither (a pipe?)")
    if is_import(word):
        return word.partition("?")[0], word, ()
    raise SourceError(_missing(path))


def _scheme(word: str) -> str:
    """`scheme://` of an address, in lower case; empty for another text."""
    found = re.match(r"[a-z][a-z0-9+.-]+://", word, re.IGNORECASE)
    return found[0].lower() if found else ""


def _path_of(address: str) -> str:
    """The path of a `file://` address, with an empty host, `localhost`, or none at all."""
    from urllib.request import url2pathname

    rest = address[len("file://") :]
    rest = rest.removeprefix("localhost") if rest.startswith("localhost/") else rest
    return rest if os.path.exists(rest) else url2pathname(rest)


def _kind_of_file(path: str) -> str:
    """The class for a file, by the ending of its name, else by its first bytes."""
    from blazetrack.sources.picture_kinds import HEAD_BYTES, count_pictures, is_picture

    ending = os.path.splitext(path)[1].lower()
    if ending in SOURCES or ending in _MOTION_JPEG:
        return SOURCES.get(ending, SOURCES["<file>"])
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return SOURCES["<file>"]  # its error names the reason
    is_animated = head[:4] == b"\x89PNG" and count_pictures(head) > 1
    return _IMAGES if is_picture(head) and not is_animated else SOURCES["<file>"]


def _missing(path: str) -> str:
    """The message for a missing path, with the nearest existing name."""
    shown = shown_source(path)
    if os.path.islink(path):
        return f"{shown!r}: is a link to a file that does not exist"
    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or ".")
    except (OSError, ValueError):
        return f"{shown!r}: no such file, and its folder cannot be read; check the path"
    from difflib import get_close_matches

    near = get_close_matches(name, [*names, *_names()], n=1)
    if near:
        return f"{shown!r}: no such file or folder; did you mean '{near[0]}'?"
    return (
        f"{shown!r}: no such file or folder; expected a camera number, a video, a picture, "
        "a folder of pictures, an address (rtsp://…, http://…), `synthetic` or module:Name"
    )
