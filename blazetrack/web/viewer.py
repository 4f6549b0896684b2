"""One viewer: what the page says over its WebSocket, and what is done about it."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from blazetrack.errors import InputError
from blazetrack.web.broadcast import FAULT
from blazetrack.web.camera import Camera
from blazetrack.web.catalog import CAMERA, Catalogue
from blazetrack.web.engine import Choice, MakeTracker
from blazetrack.web.hub import Hub, Outbox
from blazetrack.web.limits import Limits, Rate
from blazetrack.web.messages import Follow, Set, Shown, parse_picture, parse_text
from blazetrack.web.recordings import Recordings

__all__ = ["Live", "Viewer", "close"]

# Close codes (RFC 6455, section 7.4.1).
WRONG, TOO_MUCH, OUR_FAULT = 1008, 1009, 1011
REASON_BYTES = 120
PATIENCE_S = 5.0  # with a page that does not take our last words

LOG = logging.getLogger(__name__)


async def close(socket: WebSocket, code: int, reason: str) -> None:
    """Send a page away with a reason, unless it has gone before."""
    reason = reason.encode()[:REASON_BYTES].decode(errors="ignore")
    if socket.application_state is not WebSocketState.DISCONNECTED:
        with suppress(WebSocketDisconnect, RuntimeError, OSError, asyncio.TimeoutError):
            await asyncio.wait_for(socket.close(code, reason), PATIENCE_S)


class Shared(Protocol):
    """The source that all viewers share: a `Broadcast`, or a run of the command line."""

    def change(self, source: str | None = ..., paused: bool | None = ..., **choice: Any) -> None:
        """Change what is not None."""

    def follow(self, at: tuple[float, float] | None) -> None:
        """Follow whoever is there, or everybody."""

    def record(self, on: bool) -> None:
        """Begin or end a recording."""

    def tell_state(self) -> None:
        """Tell all who watch what is playing."""


@dataclass(frozen=True, slots=True)
class Live:
    """What all viewers share.

    Attributes:
        broadcast: the shared source.
        begin: name of the source that a page shows first.
        catalogue: what can be chosen.
        hub: the viewers.
        make: makes the tracker of a browser camera.
        choice: that it begins with.
        worker: tracks the pictures of all browser cameras, one after the other.
        recordings: where recordings go.
        limits: what one viewer may ask for.
    """

    broadcast: Shared
    begin: str
    catalogue: Catalogue
    hub: Hub
    make: MakeTracker
    choice: Choice
    worker: Executor
    recordings: Recordings
    limits: Limits


class Viewer:
    """Serves one page until it goes, or says something that it must not.

    Args:
        socket: accepted already.
        live: what all viewers share.
    """

    def __init__(self, socket: WebSocket, live: Live) -> None:
        self._socket = socket
        self._live = live
        self._box = Outbox()
        self._camera: Camera | None = None
        self._rate = Rate(live.limits.messages_per_s)
        self._changes = Rate(live.limits.changes_per_s)
        self._looking: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Talk to the page, until it goes or is sent away."""
        reason: tuple[int, str] | None = None
        self._box.watching = self._live.begin != CAMERA
        self._live.hub.add(self._box)
        tasks: list[asyncio.Future[None]] = [
            asyncio.ensure_future(self._send()),
            asyncio.ensure_future(self._listen()),
            self._failed,
        ]
        try:
            self._greet()
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except InputError as error:
            text = str(error)
            reason = (TOO_MUCH if "bytes" in text or "pixels" in text else WRONG), text
        except Exception:
            reason = OUR_FAULT, FAULT
            LOG.exception("a fault in what a page asked for; it is sent away")
        finally:
            self._live.hub.remove(self._box)
            for task in tasks:
                task.cancel()
            await self._leave_camera()
            await asyncio.gather(*tasks, return_exceptions=True)
        if reason is not None:
            await close(self._socket, *reason)

    def _greet(self) -> None:
        catalogue, limits = self._live.catalogue, self._live.limits
        self._box.say(
            {
                "type": "hello",
                "sources": catalogue.shown,
                "begin": self._live.begin,
                "camera": CAMERA,
                "models": list(catalogue.models),
                "graphs": list(catalogue.graphs),
                "side_px": limits.side_px,
                "recording_s": limits.recording_s,
            }
        )
        if self._box.watching:
            self._live.broadcast.tell_state()

    async def _send(self) -> None:
        while True:
            what = await self._box.next()
            try:
                if isinstance(what, bytes):
                    await self._socket.send_bytes(what)
                else:
                    await self._socket.send_text(what)
            except (WebSocketDisconnect, RuntimeError, OSError):
                return  # the page has gone, also in the middle of a message to it

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not self._rate.take():
                raise InputError("too many messages; send slower")
            data, text = message.get("bytes"), message.get("text")
            if data is not None:
                self._see(data)
            elif text is not None:
                await self._obey(text)

    def _see(self, data: bytes) -> None:
        picture = parse_picture(data, self._live.limits)
        if self._camera is None:
            raise InputError("picture: choose the browser camera as the source first")
        self._camera.take(picture)

    async def _obey(self, text: str) -> None:
        message = parse_text(text, self._live.limits)
        if isinstance(message, Shown):
            self._box.shown()
            return
        if not self._changes.take():
            raise InputError("too many changes; ask for fewer")
        if isinstance(message, Set):
            await self._set(message)
        elif isinstance(message, Follow):
            at = None if message.at is None else (message.at[0], message.at[1])
            if self._camera is not None:
                await self._camera.follow(at)
            else:
                self._live.broadcast.follow(at)
        elif self._camera is not None:
            await self._camera.record(message.on)
        else:
            self._live.broadcast.record(message.on)

    async def _set(self, wanted: Set) -> None:
        try:
            self._live.catalogue.check(source=wanted.source, model=wanted.model, graph=wanted.graph)
        except InputError as error:  # an honest page with an old list: told, and not sent away
            self._box.say({"type": "error", "text": str(error)})
            return
        names = ("model", "graph", "people", "smoothing")
        choice = {name: getattr(wanted, name) for name in names}
        choice = {name: value for name, value in choice.items() if value is not None}
        if "graph" in choice:
            choice["graph"] = self._live.catalogue.graphs[choice["graph"]]
        elif "people" in choice:
            choice["graph"] = None  # the one that fits so many
        if wanted.source is not None:
            await self._look_at(wanted.source)
        if self._camera is not None:
            await self._camera.change(**choice)
        else:
            self._live.broadcast.change(wanted.source, wanted.paused, **choice)

    async def _look_at(self, source: str) -> None:
        """Go over to the page's own camera, or back to the shared source."""
        live = self._live
        if source == CAMERA and self._camera is None:
            self._camera = Camera(
                live.make, live.choice, live.worker, self._box, live.recordings, live.limits
            )
            self._looking = asyncio.ensure_future(self._camera.run())
            self._looking.add_done_callback(self._looked)
        elif source != CAMERA:
            await self._leave_camera()
        self._box.watching = self._camera is None
        self._box.forget_pictures()
        live.hub.count()

    def _looked(self, task: asyncio.Task[None]) -> None:
        """Hand on what a picture did to the task that reads them."""
        if not task.cancelled() and task.exception() and not self._failed.done():
            self._failed.set_exception(task.exception() or RuntimeError())

    async def _leave_camera(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None and self._looking is not None:
            self._looking.cancel()
            closed = camera.close()  # before anything is waited for: the server may be ending
            await asyncio.wait([self._looking, closed])
