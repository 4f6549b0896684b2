"""What a page is told of a tracker: what it is, and how it fares."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from blazetrack.graph import Trace
from blazetrack.pipeline import PoseTracker

__all__ = ["Meter", "describe"]

FPS_OVER_S = 2.0
MOST = 1000  # frames that the pace is taken from


def describe(tracker: PoseTracker) -> dict[str, Any]:
    """Model, graph and skeleton of a tracker."""
    skeleton, models = tracker.skeleton, tracker.models
    return {
        "model": models["landmarks"].info.name if "landmarks" in models else "",
        "graph": tracker.graph.name,
        "smoothing": tracker.smoothing,
        "can_follow": tracker.can_follow,
        "skeleton": {
            "names": list(skeleton.names),
            "edges": [list(edge) for edge in skeleton.edges],
        },
    }


class Meter:
    """Counts frames and reads a trace.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=MOST)
        self._totals: dict[str, float] = {}
        self._since = 0
        self.frames = 0

    def count(self) -> None:
        """A frame is done."""
        self.frames += 1
        self._since += 1
        self._times.append(self._clock())

    def begin_trace(self) -> None:
        """Another trace is read from now on."""
        self._totals = {}

    def stats(self, tracker: PoseTracker, trace: Trace) -> dict[str, Any]:
        """Figures since they were last asked for: milliseconds a frame of each node among them."""
        frames, self._since = max(1, self._since), 0
        nodes = []
        for row in trace.summary():
            spent = row.total_ms - self._totals.get(row.name, 0.0)
            self._totals[row.name] = row.total_ms
            nodes.append([row.name, round(spent / frames, 3)])
        now = self._clock()
        while self._times and self._times[0] < now - FPS_OVER_S:
            self._times.popleft()
        return {
            "fps": round(len(self._times) / FPS_OVER_S, 1),
            "frames": self.frames,
            "detector_runs": tracker.detector_runs,
            "nodes": nodes,
        }
