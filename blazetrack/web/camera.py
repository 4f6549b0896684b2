"""A viewer's own camera: its pictures come in, landmarks go back, one at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from blazetrack.errors import BlazetrackError, SinkError
from blazetrack.types import Frame
from blazetrack.web.broadcast import STATS_EVERY_S, message
from blazetrack.web.catalog import CAMERA
from blazetrack.web.engine import Choice, Engine, MakeTracker
from blazetrack.web.hub import Outbox
from blazetrack.web.limits import Limits
from blazetrack.web.messages import Picture
from blazetrack.web.recordings import Recordings

__all__ = ["Camera"]


class Camera:
    """Tracks the pictures of one viewer.

    All cameras share one worker that takes one picture of each in turn: whoever sends more waits
    no less, and only the newest picture of a viewer waits at all.

    Args:
        make: a tracker for a choice.
        choice: to begin with.
        worker: runs what takes time.
        box: the viewer's.
        recordings: where recordings go.
        limits: how long they may be.
    """

    def __init__(
        self,
        make: MakeTracker,
        choice: Choice,
        worker: Executor,
        box: Outbox,
        recordings: Recordings,
        limits: Limits,
    ) -> None:
        self._make = make
        self._choice = choice
        self._worker = worker
        self._box = box
        self._recordings = recordings
        self._limits = limits
        self._engine: Engine | None = None
        self._pending: Picture | None = None
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._index = 0
        self._zero_ms: float | None = None
        self._told_s = 0.0
        self.dropped = 0

    def take(self, picture: Picture) -> None:
        """The newest picture; one that still waits is dropped."""
        self.dropped += self._pending is not None
        self._pending = picture
        self._ready.set()

    async def run(self) -> None:
        """Answer pictures until cancelled.

        Raises:
            InputError: a picture that cannot be decoded.
        """
        while True:
            await self._ready.wait()
            self._ready.clear()
            picture, self._pending = self._pending, None
            if picture is not None:
                for answer in await self._do(partial(self._track, picture)):
                    self._box.say(answer)

    async def change(self, **choice: Any) -> None:
        """Change the tracker, and tell the viewer how it is then."""
        await self._try(lambda engine: engine.change(**choice))

    async def follow(self, at: tuple[float, float] | None) -> None:
        """Follow whoever is there, or everybody."""
        await self._try(lambda engine: engine.follow(at))

    async def record(self, on: bool) -> None:
        """Begin or end a recording."""
        if on:
            await self._try(lambda engine: engine.start_recording(self._recordings.stem()))
        else:
            await self._try(lambda engine: engine.stop_recording())

    def close(self) -> asyncio.Future[None]:
        """Finish the recording and let go of the tracker, after what the worker has to do before.

        That is arranged here already: it is done even if nobody waits for the result.
        """
        return self._loop.run_in_executor(self._worker, self._let_go)

    async def _do(self, what: Callable[[], Any]) -> Any:
        return await self._loop.run_in_executor(self._worker, what)

    async def _try(self, what: Callable[[Engine], None]) -> None:
        """Do something with the engine, and tell the viewer how it is then."""

        def do() -> dict[str, Any]:
            engine = self._opened()
            what(engine)
            return self._state(engine)

        try:
            self._box.say(await self._do(do))
        except BlazetrackError as error:
            self._box.say({"type": "error", "text": str(error)})

    def _opened(self) -> Engine:
        if self._engine is None:
            self._engine = Engine(self._make, self._choice, self._recorded)
        return self._engine

    def _let_go(self) -> None:
        if self._engine is not None:
            try:
                self._engine.close()
            except SinkError as error:
                self._say_from_worker({"type": "error", "text": str(error)})

    @staticmethod
    def _state(engine: Engine) -> dict[str, Any]:
        return {"type": "state", "source": CAMERA, "paused": False, **engine.about()}

    def _recorded(self, frames: int, paths: list[Path]) -> None:
        files = self._recordings.add(paths)
        self._say_from_worker({"type": "recording", "frames": frames, "files": files})
        if self._engine is not None:
            self._say_from_worker(self._state(self._engine))

    def _say_from_worker(self, answer: dict[str, Any]) -> None:
        with suppress(RuntimeError):  # the server has ended: nobody is left to tell
            self._loop.call_soon_threadsafe(self._box.say, answer)

    def _track(self, picture: Picture) -> list[dict[str, Any]]:
        """What the viewer is told of a picture."""
        image = picture.decode()
        self._zero_ms = picture.time_ms if self._zero_ms is None else self._zero_ms
        time_s = max((picture.time_ms - self._zero_ms) / 1e3, 0.0)
        try:
            engine = self._opened()
            tracked = engine.track(Frame(image, self._index, time_s))
            engine.end_long_recording(self._limits)
        except BlazetrackError as error:  # a recording that failed has ended
            return [{"type": "error", "text": str(error)}, {"type": "skipped"}]
        self._index += 1
        answers = [message(tracked, picture.number)]
        now = time.monotonic()
        if now - self._told_s >= STATS_EVERY_S:
            self._told_s = now
            answers.append({"type": "stats", "dropped": self.dropped, **engine.stats()})
        return answers
