"""One viewer: the WebSocket of a page and the actions of its messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from blazetrack.errors import InputError
from blazetrack.web.access import Limits, RateLimit
from blazetrack.web.browser_feeder import BrowserFeeder
from blazetrack.web.catalog import BROWSER_CAMERA, Catalog
from blazetrack.web.hub import Hub, Outbox
from blazetrack.web.protocol import Begin, Follow, Set, Shown, parse_image, parse_message
from blazetrack.web.recordings import Recordings
from blazetrack.web.session import FAULT

__all__ = ["PageState", "Viewer", "close"]

# Close codes (RFC 6455, section 7.4.1).
POLICY_VIOLATION, MESSAGE_TOO_BIG, INTERNAL_ERROR = 1008, 1009, 1011
REASON_BYTES = 120
CLOSE_TIMEOUT_S = 5.0  # for the close frame

LOG = logging.getLogger(__name__)


async def close(socket: WebSocket, code: int, reason: str) -> None:
    """Close a WebSocket with a reason, unless it is closed already."""
    reason = reason.encode()[:REASON_BYTES].decode(errors="ignore")
    if socket.application_state is not WebSocketState.DISCONNECTED:
        with suppress(WebSocketDisconnect, RuntimeError, OSError, asyncio.TimeoutError):
            await asyncio.wait_for(socket.close(code, reason), CLOSE_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class PageState:
    """State shared by all viewers."""

    submit: Callable[..., None]  # requests changes of the shared source, see `Session.apply`
    first: str  # name of the source that a page shows first
    catalog: Catalog
    hub: Hub
    recordings: Recordings
    limits: Limits
    open_camera: Callable[[Outbox], BrowserFeeder] | None = None  # None: no browser cameras
    fixed: tuple[str, ...] = ()  # what the page cannot change


class Viewer:
    """Serves the accepted WebSocket of one page until it disconnects or violates the protocol."""

    def __init__(self, socket: WebSocket, page: PageState) -> None:
        self._socket = socket
        self._page = page
        self._box = Outbox()
        self._camera: BrowserFeeder | None = None
        self._camera_task: asyncio.Task[None] | None = None
        self._messages = RateLimit(page.limits.messages_per_s)
        self._changes = RateLimit(page.limits.changes_per_s)
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Exchange messages until the connection ends."""
        reason: tuple[int, str] | None = None
        self._page.hub.add(self._box)
        await self._switch(self._page.first)
        tasks: list[asyncio.Future[None]] = [
            asyncio.ensure_future(self._send()),
            asyncio.ensure_future(self._receive()),
            self._failed,
        ]
        try:
            self._send_hello()
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except InputError as error:
            text = str(error)
            too_big = "bytes" in text or "pixels" in text
            reason = (MESSAGE_TOO_BIG if too_big else POLICY_VIOLATION), text
        except Exception:
            reason = INTERNAL_ERROR, FAULT
            LOG.exception("internal error in a request of a page; its connection is closed")
        finally:
            self._page.hub.remove(self._box)
            for task in tasks:
                task.cancel()
            await self._close_camera()
            await asyncio.gather(*tasks, return_exceptions=True)
        if reason is not None:
            await close(self._socket, *reason)

    def _send_hello(self) -> None:
        catalog, limits = self._page.catalog, self._page.limits
        self._box.send(
            {
                "type": "hello",
                "sources": catalog.source_names,
                "begin": self._page.first,
                "camera": BROWSER_CAMERA,
                "models": catalog.models,
                "graphs": catalog.graphs,
                "about": catalog.about,
                "fixed": self._page.fixed,
                "side_px": limits.side_px,
                "recording_s": limits.recording_s,
            }
        )
        self._submit()  # sends the state

    async def _send(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError):  # until disconnected
            while True:
                message = await self._box.next()
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                else:
                    await self._socket.send_text(message)

    async def _receive(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not self._messages.take():
                raise InputError("too many messages; send slower")
            data, text = message.get("bytes"), message.get("text")
            if data is not None:
                image = parse_image(data, self._page.limits)
                if self._camera is None:
                    raise InputError("image: choose the browser camera as the source first")
                self._camera.put(image)
            elif text is not None:
                await self._handle(text)

    async def _handle(self, text: str) -> None:
        message = parse_message(text, self._page.limits)
        if isinstance(message, Shown):
            self._box.acknowledge()
            return
        if not self._changes.take():
            raise InputError("too many changes; send fewer")
        if isinstance(message, Set):
            await self._set(message)
        elif isinstance(message, Follow):
            self._submit(follow=message.at)
        elif isinstance(message, Begin):
            if self._camera is not None:  # else the page has changed to another source since
                self._camera.begin(message.still)
        else:
            self._submit(record=message.on)

    def _submit(self, **changes: Any) -> None:
        (self._camera or self._page).submit(**changes)

    async def _set(self, message: Set) -> None:
        changes = message.model_dump(exclude={"type"}, exclude_none=True)
        try:
            self._page.catalog.check(**changes)
        except InputError as error:  # a page with an old list is no attack
            self._box.send({"type": "error", "text": str(error)})
            return
        if "source" in changes:
            await self._switch(changes["source"])
        self._submit(**changes)

    async def _switch(self, source: str) -> None:
        """Switch to the camera of the browser, or back to the shared source."""
        page = self._page
        if source != BROWSER_CAMERA:
            await self._close_camera()
        elif self._camera is None and page.open_camera is not None:
            self._camera = page.open_camera(self._box)
            self._camera_task = asyncio.ensure_future(self._camera.run())
            self._camera_task.add_done_callback(self._camera_ended)
        self._box.watching = self._camera is None
        self._box.discard_images()
        page.hub.count_watchers()

    def _camera_ended(self, task: asyncio.Task[None]) -> None:
        """Pass an error of the camera task on to `serve`."""
        if not task.cancelled() and task.exception() and not self._failed.done():
            self._failed.set_exception(task.exception() or RuntimeError())

    async def _close_camera(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None and self._camera_task is not None:
            self._camera_task.cancel()
            closed = camera.close()  # before any await: the server may be ending
            await asyncio.wait([self._camera_task, closed])
