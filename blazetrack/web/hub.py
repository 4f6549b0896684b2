"""Who is watching, and what goes to them: one thing in flight per viewer, the newest wins."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any

__all__ = ["Hub", "Outbox"]

KEPT = 50  # short messages that wait for a viewer; the oldest goes first


class Outbox:
    """What waits to be sent to one viewer; only used inside the event loop.

    Attributes:
        watching: pictures of the shared source are wanted.
        dropped: pictures that were not sent because the one before was not on the screen yet.
    """

    def __init__(self) -> None:
        self.watching = True
        self.dropped = 0
        self._picture: bytes | None = None
        self._short: deque[str] = deque(maxlen=KEPT)
        self._in_flight = False
        self._ready = asyncio.Event()

    def say(self, message: Mapping[str, Any]) -> None:
        """Queue a short message."""
        self._short.append(json.dumps(message, separators=(",", ":"), allow_nan=False))
        self._ready.set()

    def show(self, picture: bytes) -> None:
        """Offer a picture; one that still waits is replaced."""
        if not self.watching:
            return
        self.dropped += self._picture is not None
        self._picture = picture
        self._ready.set()

    def shown(self) -> None:
        """The picture in flight has arrived."""
        self._in_flight = False
        self._ready.set()

    def forget_pictures(self) -> None:
        """The viewer looks at something else now."""
        self._picture, self._in_flight = None, False

    async def next(self) -> str | bytes:
        """What to send next; waits for it."""
        while True:
            if self._short:
                return self._short.popleft()
            if self._picture is not None and not self._in_flight:
                picture, self._picture = self._picture, None
                self._in_flight = True
                return picture
            self._ready.clear()
            await self._ready.wait()


class Hub:
    """All viewers; `say` and `show` may be called from any thread.

    Args:
        loop: the event loop that serves them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._boxes: set[Outbox] = set()
        self.watchers = 0  # read by other threads; an int is replaced in one step

    def __len__(self) -> int:
        return len(self._boxes)

    def add(self, box: Outbox) -> None:
        """A viewer has come."""
        self._boxes.add(box)
        self.count()

    def remove(self, box: Outbox) -> None:
        """A viewer has gone."""
        self._boxes.discard(box)
        self.count()

    def count(self) -> None:
        """Count anew who watches the shared source."""
        self.watchers = sum(box.watching for box in self._boxes)

    def say(self, message: Mapping[str, Any]) -> None:
        """Tell everybody who watches the shared source."""
        self._call(lambda box: box.say(message))

    def show(self, picture: bytes) -> None:
        """Show everybody who watches a picture of the shared source."""
        self._call(lambda box: box.show(picture))

    def _call(self, what: Any) -> None:
        def tell() -> None:
            for box in self._boxes:
                if box.watching:
                    what(box)

        if not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(tell)
            except RuntimeError:  # closed between the two lines: nobody is left to tell
                return
