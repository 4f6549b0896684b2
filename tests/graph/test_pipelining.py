"""Work ahead in threads gives what work in turn gives, and ends cleanly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from blazetrack.graph.pipelining import Channel, Closed, Pipelining


def test_overlap_results_are_complete_and_in_order() -> None:
    with Pipelining(range(500), lambda n: n * n, depth=3) as results:
        assert list(results) == [n * n for n in range(500)]
        assert results.dropped == 0


def test_overlap_of_no_items_is_empty() -> None:
    with Pipelining([], lambda n: n) as results:
        assert list(results) == []


def test_overlap_depth_limits_waiting_items() -> None:
    made = []

    def items() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            yield n

    with Pipelining(items(), lambda n: n, depth=2) as results:
        first = next(iter(results))
        time.sleep(0.05)
        # One is in use, two results and two items wait.
        assert first == 0
        assert len(made) == 1 + 2 + 2


def test_overlap_work_error_comes_after_earlier_results() -> None:
    def work(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        return n

    seen = []
    with Pipelining(range(10), work) as results, pytest.raises(ValueError, match="three"):  # noqa: PT012
        for result in results:
            seen.append(result)
    assert seen == [0, 1, 2]


def test_overlap_read_error_comes_after_earlier_results() -> None:
    def items() -> Iterator[int]:
        yield from range(4)
        raise OSError("gone")

    seen = []
    with Pipelining(items(), lambda n: n) as results, pytest.raises(OSError, match="gone"):  # noqa: PT012
        for result in results:
            seen.append(result)
    assert seen == [0, 1, 2, 3]


def test_overlap_early_exit_ends_both_threads() -> None:
    before = threading.active_count()
    with Pipelining(iter(int, 1), lambda n: n) as results:  # items without end
        next(iter(results))
    assert threading.active_count() == before


def test_overlap_interrupt_ends_both_threads() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Pipelining(iter(int, 1), lambda n: n) as results:  # noqa: PT012
        next(iter(results))
        raise KeyboardInterrupt
    assert threading.active_count() == before


def test_overlap_drop_oldest_counts_dropped_items() -> None:
    go = threading.Event()

    def work(n: int) -> int:
        go.wait(5)
        return n

    def items() -> Iterator[int]:
        yield from range(50)
        go.set()

    with Pipelining(items(), work, depth=3, drop_oldest=True) as results:
        got = list(results)
        assert results.dropped == 50 - len(got)
        assert results.dropped > 0
    assert got == sorted(got)
    assert got[-3:] == [47, 48, 49]


def test_channel_closed_gives_the_rest() -> None:
    channel: Channel[int] = Channel(2)
    channel.put(1)
    channel.close()
    with pytest.raises(Closed):
        channel.put(2)
    assert channel.get() == 1
    with pytest.raises(Closed):
        channel.get()


def test_overlap_idle_is_called_while_waiting() -> None:
    go_on = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        go_on.wait(10)
        yield 2

    def idle() -> bool:
        go_on.set()
        return True

    with Pipelining(items(), lambda n: n, idle=idle) as results:
        assert list(results) == [1, 2]
    assert go_on.is_set()


def test_overlap_idle_false_ends_the_loop() -> None:
    ended = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        ended.wait(10)

    def idle() -> bool:
        ended.set()
        return False

    with Pipelining(items(), lambda n: n, idle=idle) as results:
        assert list(results) == [1]
