"""Pipelining: produce items, work on them and use the results, each in its own thread.

Order and results are those without threads: one item is worked on after the other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

__all__ = ["Channel", "Closed", "Pipelining"]

A = TypeVar("A")
B = TypeVar("B")

JOIN_S = 5.0  # timeout for a thread that waits for a device
IDLE_S = 0.05  # wait for a result between two calls of `idle`


class Closed(Exception):
    """The channel is closed."""


class Channel(Generic[A]):
    """A bounded queue between two threads that either side can close.

    Args:
        depth: maximum number of waiting items.
        drop_oldest: a full channel drops its oldest item instead of blocking `put`.

    Attributes:
        dropped: number of dropped items.
    """

    def __init__(self, depth: int, drop_oldest: bool = False) -> None:
        self.dropped = 0
        self._depth = depth
        self._drop_oldest = drop_oldest
        self._items: deque[A] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: A) -> None:
        """Append an item, waiting for room; `Closed` after the end."""
        with self._changed:
            self.wait_for_room()
            while len(self._items) >= self._depth:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()

    def wait_for_room(self) -> None:
        """Wait until `put` would not; `Closed` after the end."""
        with self._changed:
            while not (self._closed or self._drop_oldest or len(self._items) < self._depth):
                self._changed.wait()
            if self._closed:
                raise Closed

    def get(self) -> A:
        """Take the next item, waiting for it; `Closed` after the last one."""
        with self._changed:
            while not self._items:
                if self._closed:
                    raise Closed
                # A wait without timeout cannot be interrupted by Ctrl-C on Windows.
                self._changed.wait(timeout=0.1)
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def wait(self, seconds: float) -> bool:
        """Wait for an item or the end; False after the timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._items) or self._closed, seconds)

    def close(self, discard: bool = False) -> None:
        """Accept no more items; waiting ones can still be taken unless discarded."""
        with self._changed:
            self._closed = True
            if discard:
                self._items.clear()
            self._changed.notify_all()


class Pipelining(Generic[A, B]):
    """Iterate over `work(item)` for each item, with both done ahead in threads.

    An error of either thread is raised where the results are read, after the results before it.
    Leaving the loop early, also by an error or Ctrl-C, ends both threads: use it in a `with`.
    Nothing is produced before there is room for it, so that at most `2 * depth + 1` items exist:
    those here and the one in use.

    Args:
        items: iterated in a thread.
        work: called in another thread, for one item after the other.
        depth: maximum number of waiting items, and of waiting results; the one that is being
            produced counts as waiting.
        drop_oldest: drop the oldest item where the work is slower than the items.
        idle: called by the reading thread while it waits for a result; False ends the loop.
    """

    def __init__(
        self,
        items: Iterable[A],
        work: Callable[[A], B],
        *,
        depth: int = 4,
        drop_oldest: bool = False,
        idle: Callable[[], bool] | None = None,
    ) -> None:
        self._idle = idle
        self._given: Channel[A] = Channel(depth, drop_oldest)
        self._done: Channel[B] = Channel(depth)
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._guard, args=(part, arg), name=name, daemon=True)
            for name, part, arg in (("read", self._give, items), ("track", self._work, work))
        ]

    @property
    def dropped(self) -> int:
        """Number of dropped items."""
        return self._given.dropped

    def __enter__(self) -> Pipelining[A, B]:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._given.close(discard=True)
        self._done.close(discard=True)
        for thread in self._threads:
            thread.join(JOIN_S)

    def __iter__(self) -> Iterator[B]:
        with suppress(Closed):
            while True:
                while self._idle is not None and not self._done.wait(IDLE_S):
                    if not self._idle():
                        return
                yield self._done.get()
        if self._error is not None:
            raise self._error

    def _guard(self, part: Callable[[object], None], argument: object) -> None:
        try:
            part(argument)
        except Closed:
            pass
        except BaseException as error:  # noqa: BLE001  # raised again where results are read
            self._error = self._error or error
            self._given.close()  # earlier items are still worked on
            if threading.current_thread() is self._threads[1]:
                self._done.close()

    def _give(self, items: Iterable[A]) -> None:
        iterator = iter(items)
        while True:
            self._given.wait_for_room()
            try:
                self._given.put(next(iterator))
            except StopIteration:
                break
        self._given.close()

    def _work(self, work: Callable[[A], B]) -> None:
        with suppress(Closed):
            while True:
                self._done.wait_for_room()
                self._done.put(work(self._given.get()))
        self._done.close()
