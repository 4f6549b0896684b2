"""Message queues of the viewers: at most one image in flight per viewer, the newest one waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from blazetrack.web.protocol import encode

__all__ = ["Hub", "Outbox", "call_in"]

QUEUE_LENGTH = 50  # text messages per viewer; the oldest is dropped first


def call_in(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: Any) -> None:
    """Call a function in an event loop, from any thread; no effect once the loop is closed."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


class Outbox:
    """Queue of one viewer; used in the event loop only."""

    def __init__(self) -> None:
        self.watching = True  # whether images of the shared source are wanted
        self.dropped = 0  # images that were replaced before they were sent
        self._image: bytes | None = None
        self._texts: deque[str] = deque(maxlen=QUEUE_LENGTH)
        self._in_flight = False
        self._ready = asyncio.Event()

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue a text message."""
        self._texts.append(encode(message))
        self._ready.set()

    def send_image(self, image: bytes) -> None:
        """Queue an image in place of one that still waits."""
        if not self.watching:
            return
        self.dropped += self._image is not None
        self._image = image
        self._ready.set()

    def acknowledge(self) -> None:
        """Mark the image in flight as shown."""
        self._in_flight = False
        self._ready.set()

    def discard_images(self) -> None:
        """Drop images of the previous source."""
        self._image, self._in_flight = None, False

    async def next(self) -> str | bytes:
        """Wait for the next message to send."""
        while True:
            if self._texts:
                return self._texts.popleft()
            if self._image is not None and not self._in_flight:
                image, self._image = self._image, None
                self._in_flight = True
                return image
            self._ready.clear()
            await self._ready.wait()


class Hub:
    """All viewers; `send` and `send_image` may be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._boxes: set[Outbox] = set()
        self.watchers = 0  # of the shared source; read by other threads

    def __len__(self) -> int:
        return len(self._boxes)

    def add(self, box: Outbox) -> None:
        """Add a viewer."""
        self._boxes.add(box)
        self.count_watchers()

    def remove(self, box: Outbox) -> None:
        """Remove a viewer."""
        self._boxes.discard(box)
        self.count_watchers()

    def count_watchers(self) -> None:
        """Update `watchers` after a change of `Outbox.watching`."""
        self.watchers = sum(box.watching for box in self._boxes)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a text message to all viewers of the shared source."""
        call_in(self._loop, self._for_watchers, Outbox.send, message)

    def send_image(self, image: bytes) -> None:
        """Send an image to all viewers of the shared source."""
        call_in(self._loop, self._for_watchers, Outbox.send_image, image)

    def _for_watchers(self, method: Callable[[Outbox, Any], None], content: Any) -> None:
        for box in self._boxes:
            if box.watching:
                method(box, content)
