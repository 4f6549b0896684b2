"""Times of images that come without one."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

__all__ = ["CallClock"]

_CALLS = 10  # calls before they can be judged
_PAUSE_S = 0.008  # a camera of 30 or 60 frames per second makes its reader wait longer


class CallClock:
    """The time of each call: by a frame rate, or by the clock of this machine.

    The machine's clock is right for a camera. Images of a file arrive as fast as they are
    processed, so that times, and with them all filters, differ from run to run: a loop that never
    waits between two calls is warned about, once.

    Args:
        fps: calls per second; None is the clock.
        clock: seconds, monotonic.
    """

    def __init__(self, fps: float | None, clock: Callable[[], float]) -> None:
        self._fps, self._clock = fps, clock
        self._pauses_s: list[float] | None = None if fps or clock is not time.monotonic else []
        self.reset()

    def reset(self) -> None:
        """Begin with 0 again."""
        self._calls = 0
        self._zero_s: float | None = None
        self._ended_s: float | None = None

    def next_s(self) -> float:
        """The time of this call, from 0.0 on."""
        self._calls += 1
        if self._fps is not None:
            return (self._calls - 1) / self._fps
        now_s = self._clock()
        self._zero_s = now_s if self._zero_s is None else self._zero_s
        return now_s - self._zero_s

    @contextmanager
    def call(self) -> Iterator[None]:
        """Enclose the work of one call, to see whether the caller waits between two of them."""
        if self._pauses_s is not None and self._ended_s is not None:
            self._pauses_s.append(time.perf_counter() - self._ended_s)
            if len(self._pauses_s) >= _CALLS:
                self._judge(self._pauses_s)
        try:
            yield
        finally:
            self._ended_s = time.perf_counter()

    def _judge(self, pauses_s: list[float]) -> None:
        self._pauses_s = None
        if median(pauses_s) < _PAUSE_S:
            warnings.warn(
                f"tracker: {_CALLS + 1} images came without a time and without a pause, as from a "
                "file; the filters then follow the clock of this machine and differ between runs; "
                "pass time_s=i/fps, or make PoseTracker(fps=…); for a camera this is no fault",
                stacklevel=5,
            )
