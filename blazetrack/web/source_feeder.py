"""The shared source: one thread reads and tracks it for all viewers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from blazetrack.common.clock import SteadyClock
from blazetrack.errors import BlazetrackError, SinkError
from blazetrack.sources import Source, open_source
from blazetrack.types import Frame
from blazetrack.web.hub import Hub
from blazetrack.web.protocol import pack_frame
from blazetrack.web.session import FAULT, Session

__all__ = ["OpenSource", "SourceFeeder", "next_delay"]

POLL_S = 0.05  # interval at which requested changes are applied while there is no frame
MAX_DELAYS = 10.0  # upper bound of the delay, in first delays
OpenSource = Callable[[str], Source]

LOG = logging.getLogger(__name__)


def next_delay(delay_s: float, first_s: float, played: bool) -> float:
    """Delay before a source is reopened: doubled after each failure without a frame."""
    return first_s if played else min(2 * delay_s, MAX_DELAYS * first_s)


class SourceFeeder:
    """Plays a source to all viewers.

    Files and synthetic sources are played at their own frame rate and repeated; of pictures, each
    is shown for `picture_s` seconds. Nothing is tracked while there is no viewer and no recording.
    Only the thread of the feeder uses the session.

    `sources` maps names to sources as `open_source` takes them, `retry_s` is the first delay before
    a failed source is reopened, `patience_s` the time for a source to respond at the end.
    """

    def __init__(
        self,
        session: Session,
        sources: Mapping[str, str],
        hub: Hub,
        open: OpenSource = open_source,
        retry_s: float = 1.0,
        patience_s: float = 5.0,
        picture_s: float = 3.0,
    ) -> None:
        self.session = session
        self._sources = sources
        self._hub = hub
        self._open = open
        self._retry_s = retry_s
        self._patience_s = patience_s
        self._picture_s = picture_s
        self._pending: dict[str, Any] | None = None
        self._pending_lock = threading.Lock()
        self._session_lock = threading.Lock()
        self._ended = threading.Event()
        self._switching = False
        self._index = 0
        self._time_s = 0.0
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread and close the session, also while the source does not respond."""
        self._ended.set()
        self._thread.join(self._patience_s)
        # A camera that does not respond blocks the thread, but outside of the session.
        if self.running and self._session_lock.acquire(timeout=self._patience_s):
            self.session.close()
            self._session_lock.release()

    def submit(self, **changes: Any) -> None:
        """Request changes before the next frame; the last request for an option counts."""
        with self._pending_lock:
            self._pending = {**(self._pending or {}), **changes}

    def _apply_pending(self) -> None:
        with self._pending_lock:
            changes, self._pending = self._pending, None
        if changes is None or self._ended.is_set():
            return
        before = self.session.source
        with self._session_lock:
            self.session.apply(changes)
        self._switching = self._switching or self.session.source != before

    @property
    def _interrupted(self) -> bool:
        return self._switching or self._ended.is_set()

    @property
    def _needed(self) -> bool:
        session = self.session
        return not session.paused and (self._hub.watchers > 0 or session.recording)

    def _run(self) -> None:
        delay_s = self._retry_s
        while not self._ended.is_set():
            self._switching, before = False, self._index
            reason = self._open_and_play(self.session.source)
            if self._interrupted:
                delay_s = self._retry_s
                continue
            self.session.send_error(reason)
            delay_s = next_delay(delay_s, self._retry_s, played=self._index > before)
            self._wait(time.monotonic() + delay_s)
        with self._session_lock:
            self.session.close()

    def _open_and_play(self, name: str) -> str:
        """Play a source; why it ended."""
        try:
            with self._open(self._sources[name]) as source:
                self._play(source)
                return f"{source.info.name}: has ended; it will be reopened"
        except BlazetrackError as error:
            return str(error)
        except Exception:
            LOG.exception("%s: internal error; the source will be reopened", name)
            return FAULT

    def _wait(self, until_s: float) -> None:
        """Wait while changes are applied; return early where playing is interrupted."""
        while not self._interrupted:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            self._ended.wait(min(left_s, POLL_S))
            self._apply_pending()

    def _play(self, source: Source) -> None:
        """Track the frames of a source, a file again and again, until interrupted."""
        live = source.info.kind == "live"
        while not self._interrupted:
            before = self._index
            for frame in self._paced(source, live):
                self._apply_pending()
                if self._interrupted:
                    return
                if self._needed or not live:
                    self._track(frame)
            if live or self._index == before:
                return  # unplugged, or a file without frames

    def _paced(self, source: Source, live: bool) -> Iterator[Frame]:
        """Frames with consecutive numbers; of a file at its frame rate, and only while needed."""
        base_s, start_s = self._time_s, time.monotonic()
        clock = SteadyClock()  # a wrong time is not waited for
        for number, frame in enumerate(source):
            at_s = number * self._picture_s if frame.still else clock(frame.time_s)
            if not live:
                begin_s = time.monotonic()
                while not self._needed and not self._interrupted:
                    self._wait(time.monotonic() + POLL_S)
                start_s += time.monotonic() - begin_s
                late_s = time.monotonic() - start_s - at_s
                if late_s < 0:
                    self._wait(start_s + at_s)
                else:
                    start_s += late_s  # too slow: play on from here, without catching up
            yield replace(frame, index=self._index, time_s=base_s + at_s)
        if not live:  # show the last frame for as long as the others
            self._wait(start_s + self._time_s - base_s)

    def _track(self, frame: Frame) -> None:
        try:
            with self._session_lock:
                tracked = self.session.track(frame)
        except SinkError as error:  # the recording has ended; tracking continues
            self.session.send_error(str(error))
            return
        self._index += 1
        self._time_s = frame.time_s + (self._picture_s if frame.still else 1 / 30)
        if self._hub.watchers:
            self._hub.send_image(pack_frame(tracked, frame.index % 2**32))
        self.session.send_stats(viewers=len(self._hub))
