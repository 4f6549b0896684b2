"""Film files and finite films behind an address, opened with PyAV."""

from __future__ import annotations

from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from blazetrack.errors import SourceError, reason

__all__ = ["announced_frames", "film_stream", "open_container"]

# Older PyAV sends libav's messages to `logging`, which prints them on stderr.
if av.logging.get_level() is not None:
    av.logging.set_level(av.logging.PANIC)

# Metadata that is not UTF-8 is ignored; that is the default from PyAV 19 on.
_OPEN: Any = {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}
# A file never sends a request, whatever stands in it (playlists).
_FILE_OPTIONS = {"protocol_whitelist": "file,crypto,data"}
_ADDRESS_OPTIONS = {"reconnect": "1", "reconnect_delay_max": "5"}
_TIMEOUT_S = (10.0, 20.0)  # of a server: to connect, to answer
# Dispositions (libavformat/avformat.h): a cover picture, thumbnails, a still, a part of a picture.
_NO_FILM = 0x0400 | 0x0800 | 0x100000 | 0x80000
_DEFAULT = 0x0001
_TEXT_FORMATS = {"tty", "bin", "xbin", "adf", "idf"}  # libav draws any text as a film


def open_container(path: str, name: str, *, is_address: bool = False) -> InputContainer:
    """Open a film.

    Args:
        path: a file, whatever its name looks like, or an address.
        name: names it in a message.
        is_address: `path` is an address.

    Raises:
        SourceError: it cannot be opened as a film.
    """
    # Without `file:` libav takes a name such as `a:b.mp4` for an address.
    target, options = (path, _ADDRESS_OPTIONS) if is_address else (f"file:{path}", _FILE_OPTIONS)
    timeout: Any = {"timeout": _TIMEOUT_S} if is_address else {}
    try:
        container: InputContainer = av.open(target, options=options, **timeout, **_OPEN)
    except (FFmpegError, OSError, ValueError) as error:
        raise SourceError(
            f"{name}: expected a video or a picture, got a file that cannot be opened as "
            f"one ({reason(error)}); is it complete?"
        ) from None
    return container


def film_stream(container: InputContainer, name: str) -> Any:
    """The `VideoStream` of the film: no cover, no thumbnail; of several the default one.

    Raises:
        SourceError: there is none, or none with a decoder.
    """
    if container.format.name in _TEXT_FORMATS:
        raise SourceError(f"{name}: expected a video or a picture, got a text")
    films: list[Any] = [s for s in container.streams.video if not _disposition(s) & _NO_FILM]
    known = [s for s in films if s.codec_context is not None]
    if not films:
        kinds = ", ".join(sorted({stream.type for stream in container.streams} - {"video"}))
        got = f"only {kinds or 'nothing'}" + (" and a cover" if container.streams.video else "")
        raise SourceError(
            f"{name}: expected a video stream, got {got}; choose a file that has pictures"
        )
    if not known:
        raise SourceError(
            f"{name}: expected a video that can be decoded, got one in an unknown or damaged "
            "format; convert it to H.264"
        )
    best = container.streams.best("video")  # by libav: bit rate, number of frames
    return max(
        known, key=lambda stream: _rank(stream, best is not None and stream.index == best.index)
    )


def _rank(stream: VideoStream, is_best: bool) -> tuple[bool, bool, bool, int]:
    frames, context = stream.frames, stream.codec_context
    # Motion-JPEG at a frame a second or less beside a film is a picture without its disposition.
    moves = frames > 1 or (not frames and float(stream.average_rate or 30) > 1)
    return moves, bool(_disposition(stream) & _DEFAULT), is_best, context.width * context.height


def announced_frames(stream: VideoStream) -> int | None:
    """Number of frames to show, as far as the file states it.

    The number of stored frames also counts those that an edit list hides.
    """
    frames, rate = stream.frames, stream.average_rate
    if frames and rate and stream.duration and stream.time_base:
        frames = min(frames, max(round(stream.duration * stream.time_base * rate), 1))
    return frames or None


def _disposition(stream: VideoStream) -> int:
    return int(getattr(stream, "disposition", 0))
