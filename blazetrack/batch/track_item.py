"""Track one input of a batch from its first to its last frame, in any process."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePath

from blazetrack.batch.job import Item, Job, Outcome, ResultFile, options_key
from blazetrack.errors import BlazetrackError, InputError, ModelError, SinkError, SourceError
from blazetrack.runner import Report
from blazetrack.runner import run as run_source
from blazetrack.sources import open_source
from blazetrack.store.cache import sha256_of

__all__ = ["PARTS", "Worker", "disk_error", "sendable"]

PARTS = Path(".batch") / "parts"  # of the output folder: unfinished results
# Errors of the output's disk, not of one input.
_DISK = {
    getattr(errno, name)
    for name in (
        "ENOSPC",
        "EDQUOT",
        "EROFS",
        "EIO",
        "ESTALE",
        "EACCES",
        "EPERM",
        "EMFILE",
        "ENFILE",
    )
    if hasattr(errno, name)
}


class Worker:
    """A tracker for one input after the other.

    Args:
        job: the batch.

    Raises:
        BlazetrackError: this machine cannot do the job: another version of blazetrack, other
            models, no such folder.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        try:
            os.chdir(job.folder)
            os.stat(job.out)
        except OSError as error:
            raise SinkError(
                f"{error.filename}: cannot be reached from {_machine()} ({error.strerror}); "
                "all machines of a batch need the same folders"
            ) from None
        from blazetrack._version import __version__

        if __version__ != job.version:
            raise InputError(
                f"{_machine()}: has blazetrack {__version__}, the batch was begun by {job.version};"
                " install the same version everywhere"
            )
        _use_one_core()
        self._tracker = job.open_tracker()
        if job.key and options_key(job, self._tracker) != job.key:
            self._tracker.close()
            raise ModelError(
                f"{_machine()}: has other models or graphs than the machine that began the batch; "
                "install the same ones everywhere"
            )

    def track(self, item: Item) -> Outcome:
        """Track an input; its complete results are in `outcome.part` of the output folder."""
        begin_s = time.perf_counter()
        folder = ""
        try:
            folder = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self._job.out / PARTS)
            base = Path(folder) / PurePath(item.name).name
            report, written = self._run(item, base)
            files = tuple(_finish(path, base.name) for path in written)
        except Exception as error:  # noqa: BLE001 - one input must not end the batch
            shutil.rmtree(folder, ignore_errors=True)
            if (problem := disk_error(error)) is not None:
                return Outcome(item, "stop", f"{self._job.out}: cannot be written ({problem})")
            if isinstance(error.__cause__, SinkError):
                error = error.__cause__  # without what is complete: nothing of it is kept
            line = _line(error)
            if folder:
                line = line.replace(f"{folder}{os.sep}", "")
            line = line if item.shown in line else f"{item.shown}: {line}"
            return Outcome(item, "failed", line, seconds=time.perf_counter() - begin_s)
        return Outcome(
            item,
            "done",
            "",
            os.path.basename(folder),
            files,
            report.frames,
            report.frames_with_people,
            len(report.ids),
            report.skipped,
            tuple(line.replace(f"{folder}{os.sep}", "") for line in report.warnings),
            time.perf_counter() - begin_s,
        )

    def close(self) -> None:
        """Close the models."""
        self._tracker.close()

    def _run(self, item: Item, base: Path) -> tuple[Report, list[Path]]:
        """Track an input into files whose path begins with `base`; their paths."""
        self._tracker.reset()
        source = Path(item.source) if item.is_file else item.source
        with open_source(source, retry_s=0, offline=self._job.offline) as opened:
            if opened.info.kind == "live":
                raise SourceError(f"{item.shown}: is live; a batch takes sources that end")
            sinks = self._job.open_sinks(self._tracker, base)
            report = run_source(opened, self._tracker, sinks, schedule="serial")
        if report.signal is not None:
            raise KeyboardInterrupt
        return report, [Path(name) for sink in sinks for name in sink.written]


def _finish(path: Path, base: str) -> ResultFile:
    """Bring a complete result safely to the disk."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
    return ResultFile(path.name.removeprefix(base), path.stat().st_size, sha256_of(path))


def sendable(error: Exception) -> BlazetrackError:
    """An error as one that another process can receive, whatever its class."""
    return BlazetrackError(_line(error))


def _line(error: Exception) -> str:
    ours = isinstance(error, BlazetrackError)
    message = str(error) if ours else f"unexpected {type(error).__name__}: {error}"
    return " ".join(message.split())


def _use_one_core() -> None:
    """Leave the other cores to the other processes."""
    import cv2

    cv2.setNumThreads(1)


def disk_error(error: BaseException) -> str | None:
    """The reason of an error of the output's disk; None for any other error."""
    if not isinstance(error, SinkError | OSError):
        return None
    for one in _chain(error):
        if isinstance(one, OSError) and one.errno in _DISK:
            return os.strerror(one.errno or 0)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that led to it."""
    found: BaseException | None = error
    for _ in range(20):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _machine() -> str:
    import platform

    return platform.node() or "this machine"
