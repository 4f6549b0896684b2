"""How much one viewer may ask for, so that nobody can starve the others or fill the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Limits", "Rate"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the live page.

    Attributes:
        viewers: at once; each that uses its own camera has a tracker of its own.
        message_bytes: of one message, a picture in it.
        text_bytes: of one message without a picture.
        side_px: longer side of a picture.
        messages_per_s: of one viewer, on average.
        changes_per_s: the same, of those that change something.
        recording_s: length of one recording.
        recording_bytes: of its files together.
        recordings: how many are kept for download; the oldest goes first.
    """

    viewers: int = 8
    message_bytes: int = 2 * 2**20
    text_bytes: int = 4096
    side_px: int = 1920
    messages_per_s: float = 150.0
    changes_per_s: float = 10.0
    recording_s: float = 600.0
    recording_bytes: int = 2**30
    recordings: int = 20


class Rate:
    """A bucket of allowances that fills at a steady pace and holds two seconds' worth.

    Args:
        per_s: allowances a second.
        clock: seconds, never going back.
    """

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._clock = clock
        self._left = 2 * per_s
        self._then = clock()

    def take(self) -> bool:
        """Use one; False where there is none left."""
        now = self._clock()
        self._left = min(2 * self._per_s, self._left + (now - self._then) * self._per_s)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
