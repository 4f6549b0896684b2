"""The server of the live page."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from blazetrack.sources import open_source
from blazetrack.web.access import Access, Limits
from blazetrack.web.app import make_app
from blazetrack.web.browser_feeder import BrowserFeeder
from blazetrack.web.catalog import BROWSER_CAMERA, Catalog
from blazetrack.web.choice import Choice, MakeTracker
from blazetrack.web.hub import Hub, Outbox, call_in
from blazetrack.web.recordings import Recordings
from blazetrack.web.session import Session
from blazetrack.web.source_feeder import OpenSource, SourceFeeder
from blazetrack.web.viewer import PageState

__all__ = ["Page", "make_server"]

IDLE_S = 10.0  # after which a connection without a request is closed


@dataclass(frozen=True, slots=True)
class Page:
    """Configuration of the live page."""

    catalog: Catalog
    make: MakeTracker
    choice: Choice  # initial tracker options
    first: str  # name of the source that is shown first: one of the catalog, or `BROWSER_CAMERA`
    limits: Limits = field(default_factory=Limits)
    folder: Path | None = None  # of the recordings; None is a temporary one
    open: OpenSource = open_source

    async def start(self) -> AsyncIterator[PageState]:
        """Open the state shared by all viewers; closing the generator closes it."""
        with ExitStack() as stack:
            made = partial(TemporaryDirectory, prefix="blazetrack-", ignore_cleanup_errors=True)
            folder = self.folder or Path(stack.enter_context(made()))
            worker = stack.enter_context(ThreadPoolExecutor(1, "camera"))
            recordings = Recordings(folder, self.limits.recordings)
            loop = asyncio.get_running_loop()
            hub = Hub(loop)
            open_session = partial(
                Session, self.make, self.choice, recordings=recordings, limits=self.limits
            )

            def open_camera(box: Outbox) -> BrowserFeeder:
                send = partial(call_in, loop, box.send)
                return BrowserFeeder(open_session(BROWSER_CAMERA, send), worker)

            sources = self.catalog.sources
            first = next(iter(sources)) if self.first == BROWSER_CAMERA else self.first
            feeder = SourceFeeder(open_session(first, hub.send), sources, hub, self.open)
            feeder.start()
            stack.callback(feeder.close)
            yield PageState(
                feeder.submit, self.first, self.catalog, hub, recordings, self.limits, open_camera
            )


class _Server(uvicorn.Server):
    """Shuts down gracefully also on SIGHUP and on a second Ctrl-C; nothing here takes long."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals that end the server; they are raised again afterwards."""
        hangup = getattr(signal, "SIGHUP", None)
        before = signal.getsignal(hangup) if hangup else None
        with super().capture_signals(), ExitStack() as stack:
            main = threading.current_thread() is threading.main_thread()
            if hangup and callable(before) and main:  # supported and not ignored
                signal.signal(hangup, self.handle_exit)
                stack.callback(signal.signal, hangup, before)
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = False


class _IdleTimeout(H11Protocol):
    """HTTP with a timeout for idle connections, which would exhaust the limit of connections."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(IDLE_S, self._check_idle, None)

    def _check_idle(self, before: Any) -> None:
        """Close the connection if no request came since `before` and none is in progress."""
        if self not in self.connections:  # closed, or a WebSocket, which has its own pings
            return
        idle = before is None or before.response_complete
        if idle and self.cycle is before:
            self.transport.close()
        else:
            self.loop.call_later(IDLE_S, self._check_idle, self.cycle)


def _is_relevant(record: logging.LogRecord) -> bool:
    """Whether a log record of uvicorn reports more than malformed input of a client."""
    return not record.getMessage().startswith("Invalid UTF-8 sequence received from client")


def make_server(
    start: Callable[[], AsyncIterator[PageState]], access: Access, limits: Limits, **tls: Any
) -> uvicorn.Server:
    """Create a server; `start` is as `Page.start`, `tls` is `ssl_certfile` and `ssl_keyfile`."""
    config = uvicorn.Config(
        make_app(start, access),
        http=_IdleTimeout,
        ws="websockets-sansio",
        ws_max_size=2 * limits.message_bytes,  # larger messages are refused without a reason
        ws_per_message_deflate=False,  # images are compressed already
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        limit_concurrency=8 * limits.viewers + 32,  # connections; loading a page takes several
        timeout_graceful_shutdown=3,
        access_log=False,
        server_header=False,
        log_level="warning",
        **tls,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_relevant)
    return _Server(config)
