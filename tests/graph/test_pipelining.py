"""Work ahead in threads gives what work in turn gives, and ends cleanly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from blazetrack.graph.pipelining import Channel, Closed, Overlap


def test_results_come_in_order_and_none_is_lost() -> None:
    with Overlap(range(500), lambda n: n * n, depth=3) as results:
        assert list(results) == [n * n for n in range(500)]
        assert results.dropped == 0


def test_nothing_in_is_nothing_out() -> None:
    with Overlap([], lambda n: n) as results:
        assert list(results) == []


def test_only_so_many_items_wait() -> None:
    made = []

    def items() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            yield n

    with Overlap(items(), lambda n: n, depth=2) as results:
        first = next(iter(results))
        time.sleep(0.05)
        # Two wait at the end, one is offered to them, two wait before, one is offered to those.
        assert first == 0
        assert len(made) <= 1 + 2 + 1 + 2 + 1


def test_an_error_of_the_work_comes_after_the_results_before_it() -> None:
    def work(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        return n

    seen = []
    with Overlap(range(10), work) as results, pytest.raises(ValueError, match="three"):  # noqa: PT012
        for result in results:
            seen.append(result)
    assert seen == [0, 1, 2]


def test_an_error_of_the_reading_comes_after_what_was_read() -> None:
    def items() -> Iterator[int]:
        yield from range(4)
        raise OSError("gone")

    seen = []
    with Overlap(items(), lambda n: n) as results, pytest.raises(OSError, match="gone"):  # noqa: PT012
        for result in results:
            seen.append(result)
    assert seen == [0, 1, 2, 3]


def test_leaving_early_ends_both_threads() -> None:
    before = threading.active_count()
    with Overlap(iter(int, 1), lambda n: n) as results:  # items without end
        next(iter(results))
    assert threading.active_count() == before


def test_an_interrupt_where_results_are_read_ends_both_threads() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Overlap(iter(int, 1), lambda n: n) as results:  # noqa: PT012
        next(iter(results))
        raise KeyboardInterrupt
    assert threading.active_count() == before


def test_a_live_source_loses_its_oldest_items_and_they_are_counted() -> None:
    go = threading.Event()

    def work(n: int) -> int:
        go.wait(5)
        return n

    def items() -> Iterator[int]:
        yield from range(50)
        go.set()

    with Overlap(items(), work, depth=3, drop_oldest=True) as results:
        got = list(results)
        assert results.dropped == 50 - len(got)
        assert results.dropped > 0
    assert got == sorted(got)
    assert got[-3:] == [47, 48, 49]


def test_a_closed_channel_takes_nothing_and_gives_the_rest() -> None:
    channel: Channel[int] = Channel(2)
    channel.put(1)
    channel.close()
    with pytest.raises(Closed):
        channel.put(2)
    assert channel.get() == 1
    with pytest.raises(Closed):
        channel.get()


def test_who_reads_may_do_other_things_while_nothing_is_there() -> None:
    go_on = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        go_on.wait(10)
        yield 2

    def idle() -> bool:
        go_on.set()
        return True

    with Overlap(items(), lambda n: n, idle=idle) as results:
        assert list(results) == [1, 2]
    assert go_on.is_set()


def test_who_has_enough_of_waiting_ends_the_loop() -> None:
    ended = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        ended.wait(10)

    def idle() -> bool:
        ended.set()
        return False

    with Overlap(items(), lambda n: n, idle=idle) as results:
        assert list(results) == [1]
