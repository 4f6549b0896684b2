"""The camera of one browser: images are received, landmarks are returned, one at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Any

from blazetrack.errors import BlazetrackError
from blazetrack.types import Frame
from blazetrack.web.protocol import EncodedImage, frame_message
from blazetrack.web.session import Session

__all__ = ["BrowserFeeder"]


class BrowserFeeder:
    """Tracks the images of one browser.

    All browsers share one worker, which tracks one image of each in turn; of each browser only the
    newest image waits, and `dropped` counts the others. Only the worker uses the session.
    """

    def __init__(self, session: Session, worker: Executor) -> None:
        self.session = session
        self.dropped = 0
        self._worker = worker
        self._image: EncodedImage | None = None
        self._changes: dict[str, Any] | None = None
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._still = False
        self._index = 0
        self._zero_ms: float | None = None

    def put(self, image: EncodedImage) -> None:
        """Queue an image in place of one that still waits."""
        self.dropped += self._image is not None
        self._image = image
        self._ready.set()

    def submit(self, **changes: Any) -> None:
        """Request changes before the next image; the page itself pauses its camera."""
        changes = {name: changes[name] for name in changes if name not in ("source", "paused")}
        self._changes = {**(self._changes or {}), **changes}
        self._ready.set()

    def begin(self, still: bool) -> None:
        """Announce the first image of another film, picture or camera."""
        self._image = None
        self.submit(begin=still)

    async def run(self) -> None:
        """Apply changes and track images until cancelled.

        Raises:
            InputError: an image cannot be decoded.
        """
        while True:
            await self._ready.wait()
            self._ready.clear()
            changes, self._changes = self._changes, None
            image, self._image = self._image, None
            await self._loop.run_in_executor(self._worker, self._step, changes, image)

    def close(self) -> asyncio.Future[None]:
        """Close the session after the pending work, even if the result is not awaited."""
        return self._loop.run_in_executor(self._worker, self.session.close)

    def _step(self, changes: dict[str, Any] | None, image: EncodedImage | None) -> None:
        session = self.session
        if changes is not None:
            self._begin(changes.pop("begin", None))
            session.apply(changes)
        if image is None:
            return
        pixels = image.decode()
        self._zero_ms = image.time_ms if self._zero_ms is None else self._zero_ms
        time_s = max((image.time_ms - self._zero_ms) / 1e3, 0.0)
        try:
            tracked = session.track(Frame(pixels, self._index, time_s, still=self._still))
        except BlazetrackError as error:
            session.send_error(str(error))
            session.send({"type": "skipped"})
            return
        self._index += 1
        session.send(frame_message(tracked, image.number))
        session.send_stats(dropped=self.dropped)

    def _begin(self, still: bool | None) -> None:
        if still is None:
            return
        self._still = still
        try:
            self.session.begin()
        except BlazetrackError as error:
            self.session.send_error(str(error))
