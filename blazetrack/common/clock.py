"""Times of images that come without one, or with a wrong one."""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

__all__ = ["CallClock", "SteadyClock", "median"]

_CALLS = 10  # calls before they can be judged
MIN_STEP_S = 0.001
MAX_GAP_S = 9 * 3600.0  # a longer one is a clock that was set
MAX_HELD = 2
USUAL_STEPS = 20  # a step of up to so many usual ones is a gap of a slow source
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


class SteadyClock:
    """Times that always rise, whatever the stamps do.

    A stamp far before or far after the last one is doubtful: its frame is taken for the next one
    in the usual rhythm. The frame after it decides. Back on the old line, the stamp was wrong and
    nothing remains of it; on the new line, the clock was set (a restarted stream, another clip) or
    there was a gap, which is then added. A stamp at most one usual step back counts as a
    millisecond after the last frame. As long as no stamp was doubtful, the others are not changed.

    Args:
        max_gap_s: a step up to this is never doubtful, nor one of 20 usual steps.

    Attributes:
        doubtful: the newest stamp is.
    """

    def __init__(self, max_gap_s: float = 1.0) -> None:
        self.doubtful = False
        self._max_gap_s = max_gap_s
        self._steps_s: deque[float] = deque(maxlen=9)
        self._stamp_s: float | None = None
        self._time_s = self._offset_s = 0.0
        self._doubts = 0  # frames in a row whose stamp is doubtful
        self._held = 0  # stamps in a row that were a little back
        self._line: tuple[float, float] | None = None  # stamp and time of the last sure frame

    def __call__(self, stamp_s: float) -> float:
        """The time of a frame with this stamp, in seconds."""
        last_s, self._stamp_s, self.doubtful = self._stamp_s, stamp_s, False
        if last_s is None:
            self._time_s = stamp_s
            return stamp_s
        step_s, usual_s = stamp_s - last_s, self._usual_s
        if self._line is not None:
            return self._decide(stamp_s, step_s, *self._line)
        if self._is_usual(step_s):
            self._steps_s.append(step_s)
            self._held = 0
            return self._set(stamp_s + self._offset_s)
        self.doubtful = True
        if -usual_s <= step_s <= 0 and self._held < MAX_HELD:
            self._stamp_s, self._held = last_s, self._held + 1
            return self._set(self._time_s)
        self._line, self._doubts = (last_s, self._time_s), 1
        return self._shift(self._time_s + usual_s)

    def _decide(self, stamp_s: float, step_s: float, sure_s: float, sure_time_s: float) -> float:
        """The time of a frame after a doubtful one; `sure_s` is the stamp of the one before."""
        usual_s, jump_s = self._usual_s, stamp_s - step_s - sure_s
        if self._is_usual(stamp_s - sure_s):
            self._line = None
            return self._shift(max(sure_time_s + stamp_s - sure_s, self._time_s + usual_s / 2))
        if self._is_usual(step_s):
            self._line = None
            self._steps_s.append(step_s)
            gap_s = jump_s - (self._time_s - sure_time_s)
            return self._shift(self._time_s + step_s + (gap_s if 0 < gap_s < MAX_GAP_S else 0.0))
        if self._doubts == 1 and jump_s > 0 and jump_s / 2 < step_s < 2 * jump_s:  # a slower rate
            self._line = None
            self._steps_s.clear()
            self._steps_s.append(step_s)
            return self._shift(self._time_s + step_s)
        self._doubts += 1
        self.doubtful = True
        return self._shift(self._time_s + usual_s)

    @property
    def _usual_s(self) -> float:
        return median(self._steps_s) if self._steps_s else 1 / 30

    def _is_usual(self, step_s: float) -> bool:
        return 0 < step_s <= max(self._max_gap_s, USUAL_STEPS * self._usual_s)

    def _shift(self, time_s: float) -> float:
        """Set the time of this frame, and of the next ones by their distance from it."""
        assert self._stamp_s is not None
        self._offset_s = time_s - self._stamp_s
        return self._set(time_s)

    def _set(self, time_s: float) -> float:
        self._time_s = time_s if time_s > self._time_s else self._time_s + MIN_STEP_S
        return self._time_s


def median(values: Iterable[float]) -> float:
    """Mean of the two values in the middle, of at least one; `statistics` takes 3 ms to import."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[~half]) / 2
