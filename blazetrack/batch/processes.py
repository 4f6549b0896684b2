"""The local engine: processes of this machine, each with a tracker of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait

from blazetrack.batch.job import Item, Job, Outcome
from blazetrack.batch.track_item import Worker, sendable
from blazetrack.common.signals import hold_interrupt
from blazetrack.errors import BlazetrackError

__all__ = ["MAX_TRIES", "run_processes"]

MAX_TRIES = 2  # of an input whose process ends, such as for want of memory
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_processes(job: Job, items: Sequence[Item], workers: int) -> Generator[Outcome, None, None]:
    """Track the inputs in processes; closing the generator ends them.

    An input whose process ends is given to another one, and fails the second time.

    Args:
        job: the batch.
        items: the inputs, begun in this order.
        workers: number of processes.

    Yields:
        An outcome per input, in the order of their ends; after a `stop` no more are begun.

    Raises:
        BlazetrackError: a process cannot begin.
    """
    pool = _Pool(job, items)
    try:
        for _ in range(min(workers, len(items))):
            pool.start()
        while pool.processes:
            for ready in wait(list(pool.processes)):
                assert isinstance(ready, Connection)
                outcome = pool.handle(ready)
                if outcome is not None:
                    yield outcome
    finally:
        for process in pool.processes.values():
            process.kill()


class _Pool:
    """The processes that have an input or begin, by their connections, and the inputs left."""

    def __init__(self, job: Job, items: Sequence[Item]) -> None:
        self.processes: dict[Connection, _Process] = {}
        self._job = job
        self._waiting, self._tries = deque(items), Counter[str]()

    def start(self) -> None:
        """Begin a process."""
        process = _Process(self._job)
        self.processes[process.connection] = process

    def handle(self, ready: Connection) -> Outcome | None:
        """Take the message of a process and give it the next input; the outcome, if it was one."""
        process = self.processes[ready]
        try:
            outcome = process.receive()
        except EOFError:
            return self._replace(self.processes.pop(ready))
        if outcome is not None and outcome.status == "stop":
            self._waiting.clear()
        if self._waiting:
            process.give(self._waiting.popleft())
        else:
            self.processes.pop(ready).kill()
        return outcome

    def _replace(self, lost: _Process) -> Outcome | None:
        """Begin another process for one that ended; the outcome of its input in the end."""
        reason = lost.reason()
        lost.kill()
        item = lost.item_given()
        self._tries[item.key] += 1
        outcome = None
        if self._tries[item.key] < MAX_TRIES:
            self._waiting.appendleft(item)
        else:
            line = f"{item.shown}: its process {reason}, {MAX_TRIES} times"
            outcome = Outcome(item, "failed", line)
        if self._waiting:
            self.start()
        return outcome


class _Process:
    """A process, and the input that it has at the moment."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self._item: Item | None = None
        self._process = context.Process(target=_serve, args=(other, job), daemon=True)
        with hold_interrupt(), _ignored_by_children():
            self._process.start()
        other.close()

    def item_given(self) -> Item:
        """The input that it has.

        Raises:
            BlazetrackError: it has none, so that it ended before its first one.
        """
        if self._item is None:
            raise BlazetrackError("batch: a process ended before its first input; see its message")
        return self._item

    def give(self, item: Item) -> None:
        """Let it track an input."""
        self._item = item
        with suppress(OSError):  # it has ended; receiving reports that
            self.connection.send(item)

    def receive(self) -> Outcome | None:
        """The outcome of its input; None where it is ready for the first one.

        Raises:
            BlazetrackError: it cannot do the job.
            EOFError: it has ended.
        """
        try:
            message = self.connection.recv()
        except OSError:
            raise EOFError from None
        if isinstance(message, BlazetrackError):
            raise message
        return message if isinstance(message, Outcome) else None

    def reason(self) -> str:
        """Why it has ended by itself."""
        self._process.join(5)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with code {code}"

    def kill(self) -> None:
        """End it, also in the middle of its input."""
        self._process.kill()
        self._process.join()
        self.connection.close()


@contextmanager
def _ignored_by_children() -> Iterator[None]:
    """Processes that begin in the block ignore Ctrl-C and a closed terminal; ours ends them."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    ours = {getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)}
    masked = hasattr(signal, "pthread_sigmask")
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ours) if masked else set()
    try:
        yield
    finally:
        if masked:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, job: Job) -> None:
    """The process: track one input after the other until the connection ends."""
    if not hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        worker = Worker(job)
    except Exception as error:  # noqa: BLE001 - the batch reports it in one line
        connection.send(sendable(error))
        return
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        connection.send(None)
        while True:
            connection.send(worker.track(connection.recv()))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
