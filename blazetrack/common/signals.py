"""Signals that end a run: Ctrl-C, SIGTERM and the like."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Terminated", "hold_interrupt", "interrupt_on_signals"]

# Signals of `kill` and `docker stop`, of a terminal that closes, and of one on Windows. Only the
# first exists on every system.
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class Terminated(KeyboardInterrupt):
    """A terminating signal; a KeyboardInterrupt, so that handlers of Ctrl-C handle it too.

    Attributes:
        number: number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def interrupt_on_signals() -> Iterator[list[int]]:
    """Within the block, SIGTERM and SIGHUP raise `Terminated` instead of ending the process.

    A signal that is ignored (`nohup`) or has another handler is left alone; outside the main
    thread nothing changes. Yields the list of received signals.
    """
    received: list[int] = []

    def terminate(number: int, stack: Any) -> None:
        received.append(number)
        raise Terminated(number)

    endings = _ENDING if _in_main_thread() else ()
    ours = [number for number in endings if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, terminate)
    try:
        yield received
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def hold_interrupt() -> Iterator[None]:
    """Defer one Ctrl-C or terminating signal to the end of the block.

    Outputs are then never half-written. A second one is handled at once: the block may hang.
    Outside the main thread, and for ignored signals, nothing changes.
    """
    before: dict[int, Any] = {}
    if _in_main_thread():
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDING)}
        before = {number: handler for number, handler in handlers.items() if callable(handler)}
    held: list[tuple[int, Any]] = []

    def hold(number: int, stack: Any) -> None:
        held.append((number, stack))
        if len(held) > 1:
            before[number](number, stack)

    for number in before:
        signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if len(held) == 1:  # not after an error of the block: it ends the run anyway
        before[held[0][0]](*held[0])


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
