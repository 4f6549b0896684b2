"""What ends a run from outside: Ctrl-C, and the signals that ask a process to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Terminated", "hold_interrupt", "interrupt_on_signals"]

# What a system sends to a process that shall end (and may tidy up): `kill` and `docker stop`, a
# terminal that closes, and its like on Windows. None but the first is there on every system.
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class Terminated(KeyboardInterrupt):
    """A signal asks the process to end; whatever handles Ctrl-C handles it too.

    Attributes:
        number: the signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def interrupt_on_signals() -> Iterator[list[int]]:
    """Within the block, SIGTERM and SIGHUP raise `Terminated` where they would end the process.

    One that is ignored (`nohup`) or has a handler of its own is left as it is. Outside the main
    thread nothing changes. Gives the list of the signals that came.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def terminate(number: int, stack: Any) -> None:
        came.append(number)
        raise Terminated(number)

    ours = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, terminate)
    try:
        yield came
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def hold_interrupt() -> Iterator[None]:
    """Let one Ctrl-C (or what else ends a run) wait for the end of the block.

    So no output gets half of something. A second one is let through: the block may hang. Outside
    the main thread, and where a signal is ignored or ends the process anyway, nothing changes.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
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
    if len(held) == 1:  # not where the block failed: that error ends the run anyway
        before[held[0][0]](*held[0])
