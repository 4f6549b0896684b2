"""The shared source: one thread reads and tracks it, every viewer watches."""

from __future__ import annotations

import json
import logging
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from blazetrack.errors import BlazetrackError, SinkError
from blazetrack.sinks.jsonl import to_record
from blazetrack.sources import Source, open_source
from blazetrack.types import Frame
from blazetrack.web.catalog import Catalogue
from blazetrack.web.engine import Choice, Engine, MakeTracker, Tracked
from blazetrack.web.hub import Hub
from blazetrack.web.limits import Limits
from blazetrack.web.recordings import Recordings

__all__ = ["FAULT", "Broadcast", "package"]

WIDEST_PX = 960  # of the pictures that go to the pages
QUALITY = 80  # of their JPEG
STATS_EVERY_S = 0.5
IDLE_S = 0.05  # between two looks whether something is asked for
RETRY_S = 1.0  # after a source failed; twice as long where it fails again
LONGEST_RETRY_S = 10.0
PATIENCE_S = 5.0  # with a source that does not answer, at the end
FAULT = "a fault in blazetrack: what it was stands in the terminal of the server"
OpenSource = Callable[[str], Source]

LOG = logging.getLogger(__name__)


def message(tracked: Tracked, number: int) -> dict[str, Any]:
    """What a page is told of a frame."""
    return {
        "type": "frame",
        "number": number,
        "network_ms": round(tracked.network_ms, 3),
        "track_ms": round(tracked.track_ms, 3),
        "searching": tracked.searching,
        "record": to_record(tracked.frame, tracked.poses),
    }


def package(tracked: Tracked, number: int) -> bytes:
    """A frame with its picture: 4 bytes length, little-endian, JSON of that length, JPEG."""
    image = tracked.frame.image
    scale = WIDEST_PX / max(image.shape[:2])
    if scale < 1:
        size = [max(1, round(scale * side)) for side in (tracked.frame.width, tracked.frame.height)]
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    head = json.dumps(message(tracked, number), separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<I", len(head)) + head + bytes(jpeg)


class Broadcast:
    """Plays a source for all who watch; what they change, all see.

    Files and drawn sources go at their own pace and begin again at their end; while nobody
    watches and nothing is recorded, nothing is tracked.

    Args:
        make: makes trackers; they belong to this thread from `start` on.
        choice: what they begin with.
        source: name in the catalogue, to begin with.
        catalogue: of sources.
        hub: the viewers.
        recordings: where recordings go.
        limits: how long they may be.
        opened: opens a source.

    Raises:
        BlazetrackError: there is no tracker for this choice.
    """

    def __init__(
        self,
        make: MakeTracker,
        choice: Choice,
        source: str,
        catalogue: Catalogue,
        hub: Hub,
        recordings: Recordings,
        limits: Limits,
        opened: OpenSource = open_source,
    ) -> None:
        self._source = source
        self._catalogue = catalogue
        self._hub = hub
        self._recordings = recordings
        self._limits = limits
        self._opened = opened
        self._paused = False
        self._asked: dict[str, Any] = {}
        self._choice: dict[str, Any] = {}
        self._asking = threading.Lock()
        self._working = threading.Lock()  # with the engine
        self._ended = threading.Event()
        self._changed = False
        self._thread = threading.Thread(target=self._run, name="broadcast", daemon=True)
        self._index = 0
        self._time_s = 0.0
        self._told_s = 0.0
        self._engine = Engine(make, choice, self._recorded)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def close(self) -> None:
        """End, with the recording finished."""
        self._ended.set()
        self._thread.join(timeout=PATIENCE_S)
        # A camera that does not answer holds the thread up, but not outside of the source.
        if self._thread.is_alive() and self._working.acquire(timeout=PATIENCE_S):
            self._let_go()
            self._working.release()

    def state(self) -> dict[str, Any]:
        """What is playing, for the page."""
        about = {"type": "state", "source": self._source, "paused": self._paused}
        return about | self._engine.about()

    def change(self, source: str | None = None, paused: bool | None = None, **choice: Any) -> None:
        """Change what is not None, before the next frame; all viewers are told how it is then."""
        wanted = {"source": source, "paused": paused}
        self._ask(choice, **{name: value for name, value in wanted.items() if value is not None})

    def follow(self, at: tuple[float, float] | None) -> None:
        """Follow whoever is there, or everybody."""
        self._ask(follow=at)

    def record(self, on: bool) -> None:
        """Begin or end a recording."""
        self._ask(record=on)

    def tell_state(self) -> None:
        """Tell all who watch what is playing."""
        self._ask()

    def _ask(self, choice: Mapping[str, Any] | None = None, **wanted: Any) -> None:
        """Note what is wanted; of several words on one thing before a frame the last counts."""
        with self._asking:
            self._choice.update(choice or {})
            self._asked.update(wanted, state=True)

    def _obey(self) -> None:
        """Do what viewers have asked for since the last frame."""
        if not self._asked:
            return
        with self._asking:
            asked, self._asked = self._asked, {}
            choice, self._choice = self._choice, {}
        engine = self._engine
        self._paused = asked.get("paused", self._paused)
        if asked.get("source", self._source) != self._source:
            self._source, self._changed = asked["source"], True
        if asked.get("record") is False:
            self._try(engine.stop_recording)
        if choice:
            self._try(partial(engine.change, **choice))
        if "follow" in asked:
            self._try(partial(engine.follow, asked["follow"]))
        if asked.get("record") and not engine.recording:
            self._try(partial(engine.start_recording, self._recordings.stem()))
        self._hub.say(self.state())

    def _try(self, what: Callable[[], None]) -> None:
        try:
            with self._working:
                what()
        except BlazetrackError as error:
            self._hub.say({"type": "error", "text": str(error)})

    def _recorded(self, frames: int, paths: list[Path]) -> None:
        files = self._recordings.add(paths)
        self._hub.say({"type": "recording", "frames": frames, "files": files})
        self.tell_state()

    def _run(self) -> None:
        wait_s = RETRY_S
        while not self._ended.is_set():
            self._changed, before = False, self._index
            try:
                with self._opened(self._catalogue.sources[self._source]) as source:
                    self._play(source)
                    why = f"{source.info.name}: has ended; it will be opened again"
            except BlazetrackError as error:
                why = str(error)
            except Exception:
                why = FAULT
                LOG.exception("%s: a fault; it will be opened again", self._source)
            if self._changed or self._ended.is_set():
                wait_s = RETRY_S
                continue
            self._hub.say({"type": "error", "text": why})
            wait_s = RETRY_S if self._index > before else min(2 * wait_s, LONGEST_RETRY_S)
            self._wait(time.monotonic() + wait_s)
        with self._working:
            self._let_go()

    def _let_go(self) -> None:
        try:
            self._engine.close()
        except SinkError as error:  # nobody but the terminal is there to be told
            LOG.error("%s", error)

    def _wait(self, until: float) -> None:
        """Wait, doing what is asked for; not longer where another source is wanted, or none."""
        while not (self._ended.is_set() or self._changed):
            left = until - time.monotonic()
            if left <= 0:
                return
            self._ended.wait(min(left, IDLE_S))
            self._obey()

    def _play(self, source: Source) -> None:
        """Track a source until another is wanted."""
        live = source.info.kind == "live"
        while not self._ended.is_set() and not self._changed:
            before = self._index
            for frame in self._paced(source, live):
                if self._ended.is_set():
                    return
                self._obey()
                if self._changed:
                    return
                if live and not self._wanted():
                    continue
                self._step(frame)
            if live or self._index == before:
                return  # unplugged, or a file without frames

    def _paced(self, source: Source, live: bool) -> Iterator[Frame]:
        """Frames at the pace of their times, numbered on; files wait while nobody watches."""
        base_s, start = self._time_s, time.monotonic()
        for frame in source:
            held = time.monotonic()
            while not live and not self._wanted() and not self._ended.is_set():
                self._wait(time.monotonic() + IDLE_S)
                if self._changed:
                    return
                start += time.monotonic() - held
                held = time.monotonic()
            late = time.monotonic() - start - frame.time_s
            if not live and late < 0:
                self._wait(start + frame.time_s)
            elif not live:
                start += late  # too slow for this pace: go on from here, without a race
            yield replace(frame, index=self._index, time_s=base_s + frame.time_s)
        if not live:  # the last picture stays as long as another
            self._wait(start + self._time_s - base_s)

    def _wanted(self) -> bool:
        return not self._paused and (self._hub.watchers > 0 or self._engine.recording)

    def _step(self, frame: Frame) -> None:
        try:
            with self._working:
                tracked = self._engine.track(frame)
                self._engine.end_long_recording(self._limits)
        except SinkError as error:  # the recording has ended; the next frame is tracked without
            self._hub.say({"type": "error", "text": str(error)})
            return
        self._index += 1
        self._time_s = frame.time_s + 1 / 30
        if self._hub.watchers:
            self._hub.show(package(tracked, frame.index % 2**32))
        now = time.monotonic()
        if now - self._told_s >= STATS_EVERY_S:
            self._told_s = now
            stats = {"type": "stats", "viewers": len(self._hub)}
            self._hub.say(stats | self._engine.stats())
