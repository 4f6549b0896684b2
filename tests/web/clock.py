"""A clock that tests set."""

from __future__ import annotations


class Clock:
    """Stands in for `time.monotonic`."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s
