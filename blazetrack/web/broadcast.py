"""The shared source: one thread reads and tracks it, every viewer watches."""

from __future__ import annotations

import json
import queue
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cv2

from blazetrack.errors import BlazetrackError
from blazetrack.sinks.jsonl import to_record
from blazetrack.sources import Source, open_source
from blazetrack.types import Frame
from blazetrack.web.catalogue import Catalogue
from blazetrack.web.engine import Engine, Tracked
from blazetrack.web.hub import Hub
from blazetrack.web.limits import Limits
from blazetrack.web.recordings import Recordings

__all__ = ["Broadcast", "package"]

WIDEST_PX = 960  # of the pictures that go to the pages
QUALITY = 80  # of their JPEG
STATS_EVERY_S = 0.5
IDLE_S = 0.05  # between two looks whether somebody watches again
RETRY_S = 1.0  # after a source failed
OpenSource = Callable[[str], Source]


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
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    head = json.dumps(message(tracked, number), separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<I", len(head)) + head + bytes(jpeg)


class Broadcast:
    """Plays a source for all who watch; what they change, all see.

    Files and drawn sources go at their own pace and begin again at their end; while nobody
    watches and nothing is recorded, nothing is tracked.

    Args:
        engine: tracks the frames; belongs to this thread from `start` on.
        source: name in the catalogue, to begin with.
        catalogue: of sources.
        hub: the viewers.
        recordings: where recordings go.
        limits: how long they may be.
        opened: opens a source.
    """

    def __init__(
        self,
        engine: Engine,
        source: str,
        catalogue: Catalogue,
        hub: Hub,
        recordings: Recordings,
        limits: Limits,
        opened: OpenSource = open_source,
    ) -> None:
        self._engine = engine
        self._source = source
        self._catalogue = catalogue
        self._hub = hub
        self._recordings = recordings
        self._limits = limits
        self._opened = opened
        self._paused = False
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._changed = False
        self._thread = threading.Thread(target=self._run, name="broadcast", daemon=True)
        self._index = 0
        self._time_s = 0.0
        self._told_s = 0.0

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def close(self) -> None:
        """End, with the recording finished."""
        self._ended.set()
        self._thread.join(timeout=10)

    def state(self) -> dict[str, Any]:
        """What is playing, for the page."""
        about = {"type": "state", "source": self._source, "paused": self._paused}
        return about | self._engine.about()

    def change(self, source: str | None = None, paused: bool | None = None, **choice: Any) -> None:
        """Change what is not None, before the next frame; all viewers are told how it is then."""

        def do() -> None:
            if choice:
                self._engine.change(**choice)
            if paused is not None:
                self._paused = paused
            if source is not None and source != self._source:
                self._source, self._changed = source, True

        self._todo.put(do)

    def follow(self, at: tuple[float, float] | None) -> None:
        """Follow whoever is there, or everybody."""
        self._todo.put(lambda: self._engine.follow(at))

    def record(self, on: bool) -> None:
        """Begin or end a recording."""
        self._todo.put(lambda: self._record(on))

    def tell_state(self) -> None:
        """Tell all who watch what is playing."""
        self._todo.put(lambda: None)

    def _record(self, on: bool) -> None:
        if on:
            self._engine.start_recording(self._recordings.stem())
            return
        frames, paths = self._engine.recorded, self._engine.stop_recording()
        files = self._recordings.add(paths)
        self._hub.say({"type": "recording", "frames": frames, "files": files})

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self._changed = False
                try:
                    with self._opened(self._catalogue.sources[self._source]) as source:
                        self._play(source)
                except BlazetrackError as error:
                    self._hub.say({"type": "error", "text": str(error)})
                    self._wait(RETRY_S)
        finally:
            self._engine.close()

    def _wait(self, seconds: float) -> None:
        """Wait, doing what is asked for."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._ended.is_set() and not self._changed:
            self._obey()
            time.sleep(IDLE_S)

    def _play(self, source: Source) -> None:
        """Track a source until another is wanted."""
        live = source.info.kind == "live"
        while not self._ended.is_set() and not self._changed:
            before = self._index
            for frame in self._paced(source, live):
                self._obey()
                if self._ended.is_set() or self._changed:
                    return
                if live and not self._wanted():
                    continue
                self._step(frame)
            if live or self._index == before:
                return  # unplugged, or a file without frames: opened anew, with its error

    def _paced(self, source: Source, live: bool) -> Iterator[Frame]:
        """Frames at the pace of their times, numbered on; files wait while nobody watches."""
        base_s, start = self._time_s, time.monotonic()
        for frame in source:
            while not live and not self._wanted():
                held = time.monotonic()
                self._obey()
                if self._ended.is_set() or self._changed:
                    return
                time.sleep(IDLE_S)
                start += time.monotonic() - held
            late = time.monotonic() - start - frame.time_s
            if not live and late < 0:
                time.sleep(-late)
            elif not live:
                start += late  # too slow for this pace: go on from here, without a race
            yield replace(frame, index=self._index, time_s=base_s + frame.time_s)

    def _wanted(self) -> bool:
        return not self._paused and (self._hub.watchers > 0 or self._engine.recording)

    def _step(self, frame: Frame) -> None:
        tracked = self._engine.track(frame)
        self._index += 1
        self._time_s = frame.time_s + 1 / 30
        if self._hub.watchers:
            self._hub.show(package(tracked, frame.index % 2**32))
        if self._engine.recorded_s() > self._limits.recording_s:
            self._record(False)
        now = time.monotonic()
        if now - self._told_s >= STATS_EVERY_S:
            self._told_s = now
            stats = {"type": "stats", "viewers": len(self._hub)}
            self._hub.say(stats | self._engine.stats())

    def _obey(self) -> None:
        """Do what viewers have asked for since the last frame."""
        done = False
        while not self._todo.empty():
            try:
                self._todo.get()()
            except BlazetrackError as error:
                self._hub.say({"type": "error", "text": str(error)})
            done = True
        if done:
            self._hub.say(self.state())
