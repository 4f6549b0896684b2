"""The engine `ray`: the same work on the cores of a Ray cluster.

Each input is a task that reads its file and writes its results by itself, on storage that all
machines have at the same place; only options and counts travel through Ray.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Generator, Sequence
from importlib.util import find_spec
from itertools import islice
from typing import Any

from blazetrack.batch.job import Item, Job, Outcome
from blazetrack.batch.track_item import Worker, sendable
from blazetrack.common.native_stderr import held_stderr
from blazetrack.errors import BlazetrackError, MissingExtra

__all__ = ["check_ray", "run_on_ray"]

MAX_RETRIES = 3  # of a task whose process or machine is gone
_LOCAL = "local"
_ANSWER_S = 5.0
_MAX_LINE = 300
_LOG = re.compile(rb"\[[^]]+\] [\w.]+:\d+: ")  # head of a line of Ray's native log
_open: dict[str, Any] = {}  # of a task's process: key of the job, and its worker


def check_ray() -> None:
    """Raise `MissingExtra` where Ray is not installed."""
    if find_spec("ray") is None:
        raise MissingExtra("Ray", "ray")


def run_on_ray(
    job: Job, items: Sequence[Item], workers: int | None, address: str | None
) -> Generator[Outcome, None, None]:
    """Track the inputs as tasks of a cluster; closing the generator cancels what runs.

    Args:
        job: the batch.
        items: the inputs, begun in this order.
        workers: number of tasks at a time; None is one per core of the cluster.
        address: `HOST:PORT`, `ray://HOST:10001`, `local` for a cluster that ends with the batch;
            None is `RAY_ADDRESS`, else the one that runs on this machine.

    Yields:
        An outcome per input, in the order of their ends; after a `stop` no more are begun.

    Raises:
        BlazetrackError: there is no such cluster, or a machine of it cannot do the job.
    """
    check_ray()
    ray = _connect(address, workers)
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        yield from _outcomes(ray, job, items, workers or max(cores, 1))
    finally:
        ray.shutdown()


def _outcomes(
    ray: Any, job: Job, items: Sequence[Item], workers: int
) -> Generator[Outcome, None, None]:
    task = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_track)
    waiting = iter(items)
    running: dict[Any, Item] = {}

    def begin(count: int) -> None:
        for item in islice(waiting, count):
            running[task.remote(job, item)] = item

    begin(workers)
    while running:
        ready, _ = ray.wait(list(running), num_returns=1)
        for reference in ready:
            item = running.pop(reference)
            outcome = _get(ray, reference, item)
            if outcome.status == "stop":
                waiting = iter(())
            begin(1)
            yield outcome


def _get(ray: Any, reference: Any, item: Item) -> Outcome:
    """The outcome of a task that has ended."""
    try:
        outcome: Outcome | BlazetrackError = ray.get(reference)
    except (
        ray.exceptions.WorkerCrashedError,
        ray.exceptions.NodeDiedError,
        ray.exceptions.OutOfMemoryError,
    ):
        line = f"{item.shown}: its process ended, {MAX_RETRIES + 1} times"
        return Outcome(item, "failed", line)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None) or error
        raise BlazetrackError(f"--engine ray: a task cannot run: {_line(cause)}") from None
    if isinstance(outcome, BlazetrackError):
        raise outcome
    return outcome


def _track(job: Job, item: Item) -> Outcome | BlazetrackError:
    """A task; the tracker stays open for the next one in the same process."""
    key = job.key
    if _open.get("key") != key:
        try:
            _open.update(key=key, worker=Worker(job))
        except Exception as error:  # noqa: BLE001 - the batch reports it in one line
            return sendable(error)
    worker: Worker = _open["worker"]
    return worker.track(item)


def _connect(address: str | None, workers: int | None) -> Any:
    """Ray, connected to the cluster.

    Raises:
        BlazetrackError: there is none, or it has another version of Ray or Python.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine unasked
    import ray

    place = address or os.environ.get("RAY_ADDRESS") or "auto"
    options: dict[str, Any] = {"logging_level": "error", "log_to_driver": False}
    if place == _LOCAL:
        options |= {"num_cpus": workers, "include_dashboard": False}
    problem = None
    with held_stderr(_LOG) as log:
        try:
            _check_reachable(place)
            ray.init(address=place, **options)
        except Exception as error:  # noqa: BLE001 - Ray raises many kinds
            problem = _line(error)
    if problem is not None:
        details = _LOG.sub(b"", log[-1].encode()).decode() if log else ""
        where = "on this machine" if place == "auto" else f"at {place}"
        raise BlazetrackError(
            f"--engine ray: found no usable cluster {where} ({problem}{details and '; '}{details});"
            " begin one with `ray start --head`, give --address HOST:PORT, or --address local"
        )
    return ray


def _check_reachable(place: str) -> None:
    """Raise `OSError` where nothing answers at `[ray://]HOST:PORT`; Ray itself takes minutes."""
    host, mark, port = place.rpartition("://")[2].rpartition(":")
    if mark and port.isdecimal():
        with socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S):
            pass


def _line(error: Exception) -> str:
    """An error of Ray in one line that is not too long."""
    line = " ".join(str(error).split()) or type(error).__name__
    return line if len(line) <= _MAX_LINE else f"{line[: _MAX_LINE - 1]}…"
