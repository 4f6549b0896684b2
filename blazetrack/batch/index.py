"""The index of a batch: one row per input, as CSV and, with pyarrow, as Parquet."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from blazetrack.batch.track_item import PARTS
from blazetrack.errors import SinkError

__all__ = ["COLUMNS", "write_index"]

COLUMNS = {
    "source": str,
    "status": str,
    "result": str,
    "frames": int,
    "frames_with_people": int,
    "people": int,
    "unreadable": int,
    "bytes": int,
    "sha256": str,
    "files": str,
    "options": str,
    "version": str,
    "warnings": str,
    "error": str,
}
"""Column → type. `result`, `bytes` and `sha256` are of the first file; `files` are the endings of
all, behind the name of the input. An input without files has an empty `result` and zeros."""


def write_index(folder: Path, rows: Iterable[dict[str, Any]]) -> list[Path]:
    """Write `index.csv` and, where pyarrow is installed, `index.parquet`, each in one step.

    Args:
        folder: of the batch.
        rows: of its journal, in any order.

    Raises:
        SinkError: the disk is full.
    """
    table = sorted((_cells(row) for row in rows), key=lambda cells: (cells[0], cells[2]))
    writers: dict[str, Callable[[Path, list[list[Any]]], None]] = {"index.csv": _write_csv}
    if find_spec("pyarrow") is not None:
        writers["index.parquet"] = _write_parquet
    else:
        (folder / "index.parquet").unlink(missing_ok=True)  # of an earlier run: no longer true
    written = []
    for name, write in writers.items():
        part, target = folder / PARTS / name, folder / name
        try:
            write(part, table)
            with open(part, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(part, target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SinkError(f"{target}: cannot be written ({error.strerror})") from None
        written.append(target)
    return written


def _cells(row: dict[str, Any]) -> list[Any]:
    files = row["files"]
    first = files[0] if files else None
    cells = {
        **{name: row[name] for name in COLUMNS if name in row},
        "source": row["shown"],
        "result": row["name"] + first["ending"] if first else "",
        "bytes": first["size"] if first else 0,
        "sha256": first["sha256"] if first else "",
        "files": " ".join(file["ending"] for file in files),
        "warnings": "; ".join(row["warnings"]),
    }
    return [_text(cells[name]) for name in COLUMNS]


def _text(cell: Any) -> Any:
    """A name that is no valid text, with escapes."""
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell


def _write_csv(path: Path, table: list[list[Any]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table)


def _write_parquet(path: Path, table: list[list[Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = zip(*table, strict=True) if table else [()] * len(COLUMNS)
    arrays = {
        name: pyarrow.array(column, pyarrow.string() if kind is str else pyarrow.int64())
        for (name, kind), column in zip(COLUMNS.items(), columns, strict=True)
    }
    pyarrow.parquet.write_table(pyarrow.table(arrays), path)
