"""What is behind an address: a live stream, a whole film, or a picture."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from blazetrack.common.addresses import shown_address
from blazetrack.errors import SourceError
from blazetrack.sources.base import Source
from blazetrack.sources.picture_kinds import HEAD_BYTES, is_picture

__all__ = ["open_address"]

_TIMEOUT_S = 10.0  # of a server, for each answer
_MAX_PICTURE_BYTES, _MAX_PICTURE_S = 512 << 20, 60.0
_CHUNK = 1 << 20
# Formats of files: without a length they are still read from the first to the last frame.
_FILE_TYPES = {"video/mp4", "video/quicktime", "video/x-matroska", "video/x-msvideo", "image/gif"}
_PLAYLIST = b"#EXTM3U"


@dataclass(frozen=True)
class Answer:
    """The beginning of a server's answer.

    Attributes:
        kind: content type, in lower case, without parameters.
        size: bytes of the whole; None where it is not stated.
        seekable: parts of it can be requested.
        head: the first bytes.
    """

    kind: str
    size: int | None
    seekable: bool
    head: bytes

    @property
    def is_picture(self) -> bool:
        """One picture: not the first one of an endless row."""
        finite = self.size is not None or self.kind.startswith("image/")
        return is_picture(self.head) and finite and not self.is_live

    @property
    def is_film(self) -> bool:
        """A film with an end."""
        return not self.is_live and (self.size is not None or self.kind in _FILE_TYPES)

    @property
    def is_live(self) -> bool:
        """Pictures without an end."""
        return self.kind.startswith("multipart/")


def open_address(
    address: str,
    *,
    threads: int = 1,
    retry_s: float = 10.0,
    report: Callable[[str], None] | None = None,
) -> Source:
    """Open an address: a film or picture behind http(s) is read whole, all else is live.

    Args:
        address: `scheme://…`.
        threads: decoder threads of a film.
        retry_s: how long to wait for a live stream.
        report: receives a line when it is waited for.

    Raises:
        SourceError: nothing is there, or nothing that can be read.
    """
    from blazetrack.sources.camera import CameraSource

    name = shown_address(address)
    answer = None
    if address.lower().startswith(("http://", "https://")):
        answer = _ask(address, name)
    if answer is not None and answer.is_picture:
        from blazetrack.sources.images import ImageSource

        return ImageSource(name, data=_fetch_picture(address, name))
    if answer is not None and (answer.is_film or answer.head.startswith(_PLAYLIST)):
        film = _open_film(address, name, answer, threads, report)
        if film is not None:
            return film
    return CameraSource(address, retry_s=retry_s, report=report)


def _open_film(
    address: str,
    name: str,
    answer: Answer,
    threads: int,
    report: Callable[[str], None] | None,
) -> Source | None:
    """The film behind an address; None for a playlist that goes on."""
    from blazetrack.sources.container import open_container
    from blazetrack.sources.video import VideoSource

    if answer.head.startswith(_PLAYLIST):
        with open_container(address, name, is_address=True) as container:
            if not container.duration:
                return None
    elif not answer.seekable:
        # The index of a film may be at its end.
        folder = TemporaryDirectory(prefix="blazetrack-")
        if report is not None:
            report(f"{name}: the server cannot seek; the film is copied first")
        copy = Path(folder.name) / "film"
        try:
            _download(address, name, copy)
            return VideoSource(copy, threads=threads, name=name, folder=folder)
        except BaseException:
            folder.cleanup()
            raise
    return VideoSource(address, threads=threads, address=True, name=name)


def _ask(address: str, name: str) -> Answer | None:
    """The beginning of the answer; None where it can only be found out by playing it."""
    try:
        with _request(address) as reply:
            head = reply.read(HEAD_BYTES)
            return _answer(reply, head)
    except HTTPError as error:
        error.close()
        hint = "give user and password" if error.code == 401 else "check the address"
        raise SourceError(
            f"{name}: expected pictures, got the answer {error.code} {error.reason}; {hint} "
            "(check the address and the network)"
        ) from None
    except (URLError, TimeoutError, ConnectionError) as error:
        problem = getattr(error, "reason", error)
        if isinstance(problem, ssl.SSLError):
            return None  # a certificate of its own, as cameras have
        raise SourceError(
            f"{name}: expected pictures, got no answer ({problem}); check the address and the "
            "network"
        ) from None
    except (HTTPException, OSError, ValueError):
        return None


def _answer(reply: HTTPResponse, head: bytes) -> Answer:
    kind = reply.headers.get_content_type() if reply.headers.get("Content-Type") else ""
    total = reply.headers.get("Content-Range", "").rpartition("/")[2]
    length = total if reply.status == 206 and total else reply.headers.get("Content-Length", "")
    chunked = "chunked" in reply.headers.get("Transfer-Encoding", "").lower()
    size = int(length) if length.isdecimal() and not chunked else None
    return Answer(kind.lower(), size, reply.status == 206 and size is not None, head)


def _fetch_picture(address: str, name: str) -> bytes:
    begin_s, data = monotonic(), b""
    try:
        with _request(address) as reply:
            while part := reply.read(_CHUNK):
                data += part
                if len(data) > _MAX_PICTURE_BYTES or monotonic() - begin_s > _MAX_PICTURE_S:
                    raise SourceError(
                        f"{name}: expected a picture, got {len(data)} bytes without an end"
                    )
    except (HTTPException, OSError) as error:
        raise SourceError(f"{name}: reading broke off ({error}); try again") from None
    return data


def _download(address: str, name: str, target: Path) -> None:
    try:
        with _request(address) as reply, open(target, "wb") as file:
            expected = reply.headers.get("Content-Length", "")
            while part := reply.read(_CHUNK):
                file.write(part)
            got = file.tell()
    except (HTTPException, OSError) as error:
        raise SourceError(f"{name}: reading broke off ({error}); try again") from None
    if expected.isdecimal() and got < int(expected):
        raise SourceError(f"{name}: expected {expected} bytes, got {got}; try again")


def _request(address: str) -> HTTPResponse:
    """Request an address, with the user and password in it."""
    parts = urlsplit(address)
    headers = {"User-Agent": "blazetrack", "Range": "bytes=0-"}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    reply: HTTPResponse = urlopen(Request(bare, headers=headers), timeout=_TIMEOUT_S)
    return reply
