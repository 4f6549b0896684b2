"""Run a batch: find what is left to do, give it to an engine, record every outcome."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Literal, TypeAlias

from blazetrack.batch.folder import BatchFolder
from blazetrack.batch.index import write_index
from blazetrack.batch.inputs import Inputs, collect, name_results
from blazetrack.batch.job import Item, Job, Outcome, check_formats, options_key
from blazetrack.batch.processes import run_processes
from blazetrack.common.cores import usable_cores
from blazetrack.common.signals import Terminated
from blazetrack.errors import InputError, SinkError, SourceError
from blazetrack.runner import check_world

__all__ = ["Progress", "Summary", "run_batch"]

Engine: TypeAlias = Callable[[Job, Sequence[Item]], Generator[Outcome, None, None]]
_INDEX_S = 60.0  # how often the index is written anew, at most
_INDEX_SHARE = 0.02  # of the time, at most


@dataclass
class Summary:
    """The result of a batch.

    Attributes:
        inputs: number of different inputs.
        finished_before: of them, those with results of an earlier run by the same options.
        done: of them, those tracked now.
        failed: input → the reason, in one line; also of texts that name no input.
        left: number of inputs that were not reached.
        duplicates: how often an input was named again.
        others: files in folders that are neither films nor pictures by their names.
        frames: tracked now.
        seconds: wall time of the tracking.
        index: the written files of the index.
        stopped: why the batch ended before its end, empty otherwise.
        signal: number of the signal that ended it; else None.
    """

    inputs: int = 0
    finished_before: int = 0
    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left: int = 0
    duplicates: int = 0
    others: int = 0
    frames: int = 0
    seconds: float = 0.0
    index: list[str] = field(default_factory=list)
    stopped: str = ""
    signal: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Attributes:
        inputs: number of inputs to track in this run.
        ended: of them, those with an outcome.
        failed: of them, those that failed.
        frames: tracked so far.
        share: part of the work that is done, by the bytes of the inputs, 0..1.
        seconds: since the tracking began.
    """

    inputs: int
    ended: int = 0
    failed: int = 0
    frames: int = 0
    share: float = 0.0
    seconds: float = 0.0

    @property
    def left_s(self) -> float | None:
        """Estimate of the time to the end; None at the beginning."""
        return self.seconds * (1 / self.share - 1) if self.share else None


def run_batch(
    sources: Iterable[str],
    out: Path | str,
    *,
    formats: Sequence[str] = (".jsonl",),
    options: Mapping[str, Any] | None = None,
    angles: Sequence[str] = (),
    engine: Literal["processes", "ray"] = "processes",
    workers: int | None = None,
    address: str | None = None,
    offline: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Track many files; write the results of each and an index into a folder.

    Inputs with results by the same options are skipped, as long as size and time of the file are
    the same. One that fails does not end the batch, and is tried again in the next run. In a
    program, call it below `if __name__ == "__main__":`, as the processes import the program.

    Args:
        sources: files, patterns, folders, `@list.txt`; see `blazetrack.batch.inputs.collect`.
        out: the folder; `index.csv` in it lists all inputs, `a/b.mp4` has its results in
            `a/b.mp4.jsonl`.
        formats: endings of the results.
        options: of `PoseTracker`, without `threads` and `store`.
        angles: further angles of tables, such as `lean=mid_hip,nose`.
        engine: `processes` of this machine, or a `ray` cluster.
        workers: number of processes; None is one per core, of Ray all cores of the cluster.
        address: of the Ray cluster; None is `RAY_ADDRESS`, else one on this machine.
        offline: never use the network.
        on_progress: called before the first outcome and after each one.

    Raises:
        InputError: wrong options, or a list of sources that cannot be read.
        SourceError: there is no input.
        SinkError: the folder cannot be written, or another batch uses it.
        BlazetrackError: the models cannot be opened; the engine cannot start.
    """
    run = _engine(engine, workers, address)
    job = Job(
        Path(out).expanduser().absolute(),
        check_formats(formats),
        options or {},
        tuple(angles),
        offline,
    )
    with job.open_tracker() as tracker:
        sinks = job.open_sinks(tracker, Path(gettempdir()) / "result")  # creates no file
        check_world(tracker, sinks)
        job = replace(job, key=options_key(job, tracker))
    inputs = collect(sources, job.out)
    if not inputs.items:
        raise SourceError(_no_input(inputs))
    with BatchFolder(job.out) as folder:
        names = {key: row["name"] for key, row in folder.rows.items()}
        inputs.items = name_results(inputs.items, names)
        return _Run(job, folder, inputs, on_progress or (lambda progress: None)).run(run)


def _engine(name: str, workers: int | None, address: str | None) -> Engine:
    if workers is not None and not 1 <= workers <= 1024:
        raise InputError(f"workers: expected 1 to 1024, got {workers}")
    if name == "processes":
        if address is not None:
            raise InputError("address: applies to the engine ray only; leave it out")
        return partial(run_processes, workers=workers or usable_cores())
    if name != "ray":
        raise InputError(f"engine: expected processes or ray, got '{name}'")
    from blazetrack.batch.ray_cluster import check_ray, run_on_ray

    check_ray()
    return partial(run_on_ray, workers=workers, address=address)


def _no_input(inputs: Inputs) -> str:
    reasons = list(inputs.faults.values()) or ["sources: expected at least one, got none"]
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}"


class _Run:
    """One run of a batch in its locked folder."""

    def __init__(
        self,
        job: Job,
        folder: BatchFolder,
        inputs: Inputs,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._job, self._folder, self._on_progress = job, folder, on_progress
        todo = [item for item in inputs.items if not folder.is_finished(item, job.key)]
        self._todo = sorted(todo, key=_weight, reverse=True)  # no large one is left for the end
        self._summary = Summary(
            len(inputs.items),
            len(inputs.items) - len(todo),
            failed=dict(inputs.faults),
            left=len(todo),
            duplicates=inputs.duplicates,
            others=inputs.others,
        )
        self._total = sum(map(_weight, self._todo))
        self._weight, self._failed = 0, 0
        self._begin_s = self._index_s = time.monotonic()
        self._index_cost_s = 0.0

    def run(self, engine: Engine) -> Summary:
        """Track all that is left; the index is written in any case."""
        summary, folder = self._summary, self._folder
        folder.begin(len(self._todo))
        self._write_index()
        self._begin_s = time.monotonic()
        self._report()
        try:
            with closing(engine(self._job, self._todo)) as outcomes:
                for outcome in outcomes if self._todo else ():
                    if outcome.status == "stop":
                        summary.stopped = summary.stopped or outcome.error
                        continue
                    self._add(outcome)
        except KeyboardInterrupt as stop:
            summary.signal = stop.number if isinstance(stop, Terminated) else int(signal.SIGINT)
        except SinkError as error:  # the journal
            summary.stopped = str(error)
        finally:
            summary.seconds = time.monotonic() - self._begin_s
            folder.clear_parts()
            folder.free_reserve()
            self._finish_index()
        return summary

    def _add(self, outcome: Outcome) -> None:
        summary = self._summary
        outcome = self._folder.add(outcome, self._job.key)
        summary.left -= 1
        summary.frames += outcome.frames
        self._weight += _weight(outcome.item)
        if outcome.status == "done":
            summary.done += 1
        else:
            summary.failed[outcome.item.shown] = outcome.error
            self._failed += 1
        self._report()
        now_s = time.monotonic()
        if now_s - self._index_s > max(_INDEX_S, self._index_cost_s / _INDEX_SHARE):
            self._write_index()

    def _finish_index(self) -> None:
        try:
            self._summary.index = [str(path) for path in self._write_index()]
        except SinkError as error:
            self._summary.stopped = self._summary.stopped or str(error)

    def _write_index(self) -> list[Path]:
        begin_s = time.monotonic()
        written = write_index(self._job.out, self._folder.rows.values())
        self._index_s = time.monotonic()
        self._index_cost_s = self._index_s - begin_s
        return written

    def _report(self) -> None:
        summary = self._summary
        progress = Progress(
            len(self._todo),
            summary.done + self._failed,
            self._failed,
            summary.frames,
            self._weight / self._total if self._total else 1.0,
            time.monotonic() - self._begin_s,
        )
        self._on_progress(progress)


def _weight(item: Item) -> int:
    """The work of an input, roughly: its bytes."""
    return max(item.size, 1)
