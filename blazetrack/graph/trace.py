"""Node timings: a summary table, and a trace file for Perfetto.

The file is in the Chrome trace event format: complete events (`"ph": "X"`) with `ts` and `dur`
in microseconds, and metadata events that name the process and its threads.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import NamedTuple

import numpy as np

from blazetrack.errors import InputError, SinkError

__all__ = ["NodeSummary", "Trace", "TraceEvent"]


class TraceEvent(NamedTuple):
    """A node, or a stage outside the graph, in one frame; `frame` is None where there is none."""

    frame: int | None
    name: str
    start_ns: int
    duration_ns: int
    skipped: bool
    thread: str


@dataclass(frozen=True)
class NodeSummary:
    """A node over all frames; the percentiles are None if it never ran."""

    name: str
    runs: int
    skips: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    total_ms: float


class Trace:
    """Times nodes as a scheduler's hook, and other stages with `span`.

    Args:
        keep: keep every event for `write`, about 1 MB per 500 frames of the default graph; else
            memory is bounded.
        window: number of the latest runs of a node that its percentiles are computed from.
    """

    def __init__(self, keep: bool = False, window: int = 10_000) -> None:
        self.events: list[TraceEvent] = []
        self._keep = keep
        self._window = window
        self._begun: dict[str, int] = {}
        self._tallies: dict[str, _Tally] = {}
        self._zero_ns = perf_counter_ns()

    def before(self, node: str, frame: int) -> None:
        """Start the clock of a node."""
        self._begun[node] = perf_counter_ns()

    def after(self, node: str, frame: int, ran: bool) -> None:
        """Stop the clock of a node."""
        end = perf_counter_ns()
        start = self._begun[node]
        self._add(node, frame, start, end - start if ran else 0, not ran)

    @contextmanager
    def span(self, name: str, frame: int | None = None) -> Iterator[None]:
        """Time a stage outside the graph, such as reading or drawing."""
        start = perf_counter_ns()
        try:
            yield
        finally:
            self._add(name, frame, start, perf_counter_ns() - start, skipped=False)

    def summary(self) -> list[NodeSummary]:
        """One row per node and span, in the order of their first appearance."""
        return [tally.summary(name) for name, tally in self._tallies.items()]

    def write(self, path: str | Path) -> None:
        """Write every event as Chrome trace JSON.

        Raises:
            InputError: the trace was not made with `keep=True`.
            SinkError: the file cannot be written.
        """
        if not self._keep:
            raise InputError(f"trace {path}: expected a Trace(keep=True), this one kept no events")
        import json

        try:
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"displayTimeUnit": "ms", "traceEvents": self._rows()}, file)
        except OSError as error:
            raise SinkError(f"trace {path}: cannot be written: {error.strerror}") from error

    def _add(self, name: str, frame: int | None, start: int, duration: int, skipped: bool) -> None:
        tally = self._tallies.get(name)
        if tally is None:
            tally = self._tallies[name] = _Tally(deque(maxlen=self._window))
        tally.add(duration, skipped)
        if self._keep:
            thread = threading.current_thread().name
            self.events.append(TraceEvent(frame, name, start, duration, skipped, thread))

    def _rows(self) -> list[dict[str, object]]:
        pid = os.getpid()
        threads = {name: i for i, name in enumerate({e.thread: 0 for e in self.events}, 1)}
        names = [(0, "process_name", "blazetrack")]
        names += [(tid, "thread_name", name) for name, tid in threads.items()]
        rows: list[dict[str, object]] = [
            {"name": kind, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}
            for tid, kind, name in names
        ]
        for event in self.events:
            args: dict[str, object] = {} if event.frame is None else {"frame": event.frame}
            if event.skipped:
                args["skipped"] = True
            times = {"ts": (event.start_ns - self._zero_ns) / 1e3, "dur": event.duration_ns / 1e3}
            place = {"pid": pid, "tid": threads[event.thread], "args": args}
            rows.append({"name": event.name, "ph": "X", **times, **place})
        return rows


@dataclass
class _Tally:
    """Counts and latest durations of one node."""

    latest_ns: deque[int]
    runs: int = 0
    skips: int = 0
    total_ns: int = 0

    def add(self, duration_ns: int, skipped: bool) -> None:
        if skipped:
            self.skips += 1
            return
        self.runs += 1
        self.total_ns += duration_ns
        self.latest_ns.append(duration_ns)

    def summary(self, name: str) -> NodeSummary:
        p50 = p90 = p99 = None
        if self.latest_ns:
            p50, p90, p99 = (np.percentile(self.latest_ns, (50, 90, 99)) / 1e6).tolist()
        return NodeSummary(name, self.runs, self.skips, p50, p90, p99, self.total_ns / 1e6)
