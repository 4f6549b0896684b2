"""Run the live page: bind, print the link, serve until Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from blazetrack.sources import open_source
from blazetrack.web.access import Access
from blazetrack.web.app import make_app
from blazetrack.web.broadcast import Broadcast, OpenSource
from blazetrack.web.catalog import CAMERA, Catalogue
from blazetrack.web.engine import Choice, MakeTracker
from blazetrack.web.hub import Hub
from blazetrack.web.limits import Limits
from blazetrack.web.recordings import Recordings
from blazetrack.web.viewer import Live

__all__ = ["Page", "make_server"]

REQUEST_S = 10.0  # that a line may be without a request


@dataclass(frozen=True, slots=True)
class Page:
    """What a live page is made of.

    Attributes:
        catalogue: what can be chosen.
        make: makes trackers.
        choice: what they begin with.
        begin: name of the source that is shown first: one of the catalogue, or `CAMERA`.
        limits: what one viewer may ask for.
        folder: where recordings stay; None is a folder that goes with the server.
        opened: opens sources.
    """

    catalogue: Catalogue
    make: MakeTracker
    choice: Choice
    begin: str
    limits: Limits = field(default_factory=Limits)
    folder: Path | None = None
    opened: OpenSource = open_source

    async def start(self) -> AsyncIterator[Live]:
        """What all viewers share; ends when the generator is closed."""
        with ExitStack() as stack:
            folder = self.folder
            if folder is None:
                made = tempfile.TemporaryDirectory(prefix="blazetrack-", ignore_cleanup_errors=True)
                folder = Path(stack.enter_context(made))
            worker = stack.enter_context(ThreadPoolExecutor(1, "camera"))
            recordings = Recordings(folder, self.limits.recordings)
            hub = Hub(asyncio.get_running_loop())
            first = next(iter(self.catalogue.sources)) if self.begin == CAMERA else self.begin
            broadcast = Broadcast(
                self.make, self.choice, first, self.catalogue, hub, recordings, self.limits,
                self.opened,
            )  # fmt: skip
            broadcast.start()
            stack.callback(broadcast.close)
            yield Live(
                broadcast, self.begin, self.catalogue, hub, self.make, self.choice, worker,
                recordings, self.limits,
            )  # fmt: skip


class _Server(uvicorn.Server):
    """Ends in good order also where the terminal is closed, or Ctrl-C is pressed twice.

    Nothing here waits for long, so there is no need to be rude.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take what asks for the end; it is raised again when all is done."""
        with super().capture_signals():
            hangup = getattr(signal, "SIGHUP", None)
            before = signal.getsignal(hangup) if hangup else None
            main = threading.current_thread() is threading.main_thread()
            if hangup is None or not callable(before) or not main:  # not here, or ignored
                yield
                return
            signal.signal(hangup, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(hangup, before)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = False


class _Patient(H11Protocol):
    """Speaks HTTP, and hangs up on who says nothing: idle lines would shut out everybody else."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(REQUEST_S, self._look, None)

    def _look(self, before: Any) -> None:
        """Hang up where no request has come since `before`, and none is being answered."""
        if self not in self.connections:  # closed, or a WebSocket, which has pings of its own
            return
        idle = before is None or before.response_complete
        if idle and self.cycle is before:
            self.transport.close()
        else:
            self.loop.call_later(REQUEST_S, self._look, self.cycle)


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's log tells of more than of a client that sends nonsense."""
    return not record.getMessage().startswith("Invalid UTF-8 sequence received from client")


def make_server(
    start: Callable[[], AsyncIterator[Live]], access: Access, limits: Limits, **tls: Any
) -> uvicorn.Server:
    """A server that is ready to run on sockets that are bound already.

    Args:
        start: makes what all viewers share, see `Page.start`.
        access: who may come in.
        limits: what one viewer may ask for.
        tls: `ssl_certfile`, `ssl_keyfile` for https.
    """
    config = uvicorn.Config(
        make_app(start, access),
        http=_Patient,
        ws="websockets-sansio",
        ws_max_size=2 * limits.message_bytes,  # beyond, there is no reason given any more
        ws_per_message_deflate=False,  # pictures are compressed already
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        limit_concurrency=8 * limits.viewers + 32,  # connections; a page takes a few to load
        timeout_graceful_shutdown=3,
        access_log=False,
        server_header=False,
        log_level="warning",
        **tls,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_ours)
    return _Server(config)
