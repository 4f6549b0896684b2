"""Ctrl-C and its like: held over a block, and other signals that act as it does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blazetrack.common.signals import Terminated, hold_interrupt, interrupt_on_signals
from blazetrack.errors import SinkError

OTHERS = [name for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def terminate() -> None:
    signal.raise_signal(signal.SIGTERM)


def fail() -> None:
    raise SinkError("paper: is full")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Signals do here what they do in a fresh Python, whatever started the tests."""
    before: dict[str, Any] = {name: signal.getsignal(getattr(signal, name)) for name in OTHERS}
    ctrl_c = signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in OTHERS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, ctrl_c)
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


def hold(*acts: Callable[[], object]) -> None:
    with hold_interrupt():
        for act in acts:
            act()


def test_hold_interrupt_defers_ctrl_c() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        hold(press_ctrl_c, lambda: done.append(1))
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_hold_interrupt_second_ctrl_c_is_immediate() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        hold(press_ctrl_c, press_ctrl_c, lambda: done.append(1))
    assert done == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_hold_interrupt_error_wins() -> None:
    with pytest.raises(SinkError, match="is full"):
        hold(press_ctrl_c, fail)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_hold_interrupt_ignored_ctrl_c_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hold(press_ctrl_c, press_ctrl_c)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize("name", OTHERS)
def test_interrupt_on_signals_raises_terminated(name: str) -> None:
    number = getattr(signal, name)
    with pytest.raises(KeyboardInterrupt, match=name) as error, interrupt_on_signals():
        signal.raise_signal(number)
    assert isinstance(error.value, Terminated)
    assert error.value.number == number
    assert signal.getsignal(number) is signal.SIG_DFL


def test_hold_interrupt_defers_signal() -> None:
    done: list[int] = []
    with pytest.raises(Terminated, match="SIGTERM"), interrupt_on_signals():
        hold(terminate, lambda: done.append(1))
    assert done == [1]


def test_hold_interrupt_ctrl_c_after_signal_is_immediate() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt), interrupt_on_signals():
        hold(terminate, press_ctrl_c, lambda: done.append(1))
    assert done == []


def test_interrupt_on_signals_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as `nohup` does with SIGHUP
    with interrupt_on_signals():
        hold(terminate, terminate)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_interrupt_on_signals_keeps_other_handler() -> None:
    came: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, stack: came.append(number))
    with interrupt_on_signals():
        hold(terminate)
    assert came == [signal.SIGTERM]


def test_signals_other_thread_is_unchanged() -> None:
    def work() -> None:
        with interrupt_on_signals():
            hold(lambda: handlers.append(signal.getsignal(signal.SIGTERM)))

    handlers: list[Any] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.SIG_DFL]
