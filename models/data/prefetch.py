"""Batches made ahead in the background, by threads or processes; any step may come first."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

import cv2
from numpy.typing import NDArray

from blazetrack.errors import InputError

__all__ = ["Arrays", "Prefetcher"]

Arrays = dict[str, NDArray[Any]]
Self = TypeVar("Self", bound="Prefetcher")


class Prefetcher:
    """An endless iterator of batches; a subclass makes batch number `step` from `step` alone.

    Args:
        workers: threads or processes.
        processes: work in other processes: faster with more than two cores, seconds slower to
            start, and the program needs `if __name__ == "__main__"`. Each process has its own copy
            of all that is not mapped from disk.
        ahead: maximum number of batches that wait ready.
        start: number of the first batch.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self, *, workers: int = 1, processes: bool = False, ahead: int = 4, start: int = 0
    ) -> None:
        for what, number in (("workers", workers), ("ahead", ahead)):
            if number < 1:
                raise InputError(f"batches: {what}: expected 1 or more, got {number}")
        self._workers, self._processes = workers, processes
        self._ahead, self._next = max(ahead, workers), start
        self._pool: Executor | None = None
        self._waiting: deque[Future[Arrays]] = deque()

    def batch(self, step: int) -> Arrays:
        """Batch number `step`, independent of earlier calls."""
        raise NotImplementedError

    def __iter__(self: Self) -> Self:
        return self

    def __next__(self) -> Arrays:
        if self._pool is None:
            self._pool = self._open()
        while len(self._waiting) < self._ahead:
            make = _batch if self._processes else self.batch
            self._waiting.append(self._pool.submit(make, self._next))
            self._next += 1
        return self._waiting.popleft().result()

    def _open(self) -> Executor:
        if not self._processes:
            return ThreadPoolExecutor(self._workers, thread_name_prefix="batches")
        spawn = get_context("spawn")  # a fork would copy the locks of the trainer's threads
        return ProcessPoolExecutor(self._workers, spawn, _adopt, (self,))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None, "_waiting": deque()}

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers; batches that wait ready are dropped, and made again on demand."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._next -= len(self._waiting)
            self._waiting.clear()
            self._pool = None


_mine: list[Prefetcher] = []  # of a worker process: the one that it was started for


def _adopt(prefetcher: Prefetcher) -> None:
    cv2.setNumThreads(1)
    _mine[:] = [prefetcher]


def _batch(step: int) -> Arrays:
    return _mine[0].batch(step)
