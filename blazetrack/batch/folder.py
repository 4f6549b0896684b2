"""The output folder of a batch: one run at a time, and a journal of what is finished."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from blazetrack._version import __version__
from blazetrack.batch.job import Item, Outcome
from blazetrack.batch.track_item import PARTS, disk_error
from blazetrack.common.signals import hold_interrupt
from blazetrack.errors import SinkError

__all__ = ["BatchFolder"]

_OWN = Path(".batch")
_JOURNAL, _LOCK, _RESERVE = _OWN / "journal.jsonl", _OWN / "lock", _OWN / "reserve"
_WITHDRAWN = "withdrawn"  # status of a row whose results may be half replaced
_MIN_RESERVE, _MAX_RESERVE, _ROW_BYTES = 1 << 16, 64 << 20, 1024


class BatchFolder(AbstractContextManager["BatchFolder"]):
    """The output folder, locked; the journal holds one JSON object per finished input.

    The journal is appended to when the results of an input are in place, so that after a crash at
    any moment it names only results that are complete. The reserve is space for the last lines
    and the index on a full disk.

    Args:
        path: made if it is missing.

    Raises:
        SinkError: it cannot be written, or another run uses it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = {}  # by key of the input; the last one counts
        self._journal: int | None = None  # file descriptors
        try:
            (path / PARTS).mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise SinkError(f"--out {path}: cannot be written ({error.strerror})") from None
        try:
            _take_lock(self._lock, path)
            self._read()
            self.clear_parts()
        except BaseException:
            os.close(self._lock)
            raise

    def begin(self, count: int) -> None:
        """Open the journal for at most so many new rows.

        Raises:
            SinkError: the disk has no space for them.
        """
        reserve = min(max(count * _ROW_BYTES, _MIN_RESERVE), _MAX_RESERVE)
        try:
            self._compact()
            with open(self.path / _RESERVE, "wb") as file:
                block = bytes(1 << 16)
                for _ in range(0, reserve, len(block)):
                    file.write(block)
            self._journal = os.open(self.path / _JOURNAL, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def is_finished(self, item: Item, key: str) -> bool:
        """Whether an input has results by these options, still in place."""
        row = self.rows.get(item.key)
        return (
            row is not None
            and row["status"] == "done"
            and row["options"] == key
            and row["identity"] == item.identity
        )

    def add(self, outcome: Outcome, key: str) -> Outcome:
        """Move the results of an input to their places and record the outcome.

        Args:
            outcome: of an input.
            key: of the options that it was tracked by.

        Returns:
            The outcome; `failed` where the results have no place, as under a name that is too long.

        Raises:
            SinkError: the disk is full, even without the reserve; the results are removed.
        """
        try:
            with hold_interrupt():
                self._withdraw(outcome.item)
                outcome = self._publish(outcome)
                self._record(outcome, key)
        except OSError as error:
            self.rows.pop(outcome.item.key, None)
            for target in self._targets(outcome):
                target.unlink(missing_ok=True)
            raise _unwritable(self.path, error) from None
        return outcome

    def _withdraw(self, item: Item) -> None:
        """Record that the results of an earlier run are about to be replaced."""
        row = self.rows.get(item.key)
        if row is not None and row["status"] == "done":
            self._write({**row, "status": _WITHDRAWN})

    def _publish(self, outcome: Outcome) -> Outcome:
        part, name = self.path / PARTS / outcome.part, PurePath(outcome.item.name).name
        targets = self._targets(outcome)
        for file, target in zip(outcome.files, targets, strict=True):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(part / (name + file.ending), target)
            except OSError as error:
                if disk_error(error) is not None:
                    raise
                line = f"{target}: cannot be written ({error.strerror})"
                return Outcome(outcome.item, "failed", line, seconds=outcome.seconds)
        if outcome.status == "done":
            shutil.rmtree(part, ignore_errors=True)
            self._remove_others(outcome.item, targets)
        return outcome

    def _remove_others(self, item: Item, targets: list[Path]) -> None:
        """Remove results of other options that the new ones have not replaced."""
        row = self.rows.get(item.key)
        if row is None:
            return
        for file in row["files"]:
            old = self.path / (row["name"] + file["ending"])
            if old not in targets:
                old.unlink(missing_ok=True)

    def _targets(self, outcome: Outcome) -> list[Path]:
        return [self.path / (outcome.item.name + file.ending) for file in outcome.files]

    def _record(self, outcome: Outcome, key: str) -> None:
        row = asdict(outcome)
        del row["part"]
        item = row.pop("item")
        row |= {name: item[name] for name in ("key", "shown", "identity", "name")}
        row |= {"options": key, "version": __version__}
        self._write(row)
        self.rows[row["key"]] = row

    def _write(self, row: dict[str, Any]) -> None:
        """Append a row to the journal, if need be with the space of the reserve."""
        assert self._journal is not None
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        begin = os.fstat(self._journal).st_size
        for last in (False, True):
            try:
                self._append(line)
                break
            except OSError:
                os.ftruncate(self._journal, begin)
                if last:
                    raise
                self.free_reserve()

    def free_reserve(self) -> None:
        """Free the space that is kept for the end of a run on a full disk."""
        with suppress(OSError):
            (self.path / _RESERVE).unlink()

    def clear_parts(self) -> None:
        """Remove the unfinished results of processes that are gone."""
        with suppress(OSError):
            for entry in (self.path / PARTS).iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink()

    def __exit__(self, *error: object) -> None:
        if self._journal is not None:
            os.close(self._journal)
        self.free_reserve()
        self.clear_parts()
        os.close(self._lock)  # frees the lock

    def _append(self, line: bytes) -> None:
        assert self._journal is not None
        rest = memoryview(line)
        while len(rest):
            rest = rest[os.write(self._journal, rest) :]
        os.fsync(self._journal)

    def _read(self) -> None:
        """Read the journal, without rows whose results or failed inputs are gone."""
        try:
            data = (self.path / _JOURNAL).read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise SinkError(f"{self.path / _JOURNAL}: cannot be read ({error.strerror})") from None
        for row in _rows(data):
            self.rows[row["key"]] = row
        for key, row in list(self.rows.items()):
            if not self._holds(row):
                del self.rows[key]

    def _holds(self, row: dict[str, Any]) -> bool:
        if row["status"] != "done":
            return row["status"] != _WITHDRAWN and os.path.lexists(row["key"])
        try:
            return all(
                os.stat(self.path / (row["name"] + file["ending"])).st_size == file["size"]
                for file in row["files"]
            )
        except OSError:
            return False

    def _compact(self) -> None:
        """Write the journal anew, with one row per input."""
        part = self.path / PARTS / "journal.jsonl"
        with open(part, "wb") as file:
            for row in self.rows.values():
                file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path / _JOURNAL)


def _rows(data: bytes) -> Iterator[dict[str, Any]]:
    """The rows of a journal; a line that is incomplete after a crash is left out."""
    for line in data.split(b"\n"):
        try:
            row = json.loads(line)
            if isinstance(row, dict) and {"key", "shown", "status", "name", "files"} <= row.keys():
                yield row
        except ValueError:
            continue


def _unwritable(path: Path, error: OSError) -> SinkError:
    return SinkError(f"{path}: cannot be written ({error.strerror})")


def _take_lock(file: int, path: Path) -> None:
    """Lock the file as long as it is open, for this process only; it ends with the process.

    Raises:
        SinkError: another process has it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SinkError(
            f"--out {path}: another batch writes into this folder; wait for it, or choose another"
        ) from None
