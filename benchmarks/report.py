"""JSON reports, and errors as exit code 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blazetrack.errors import BlazetrackError, SinkError

__all__ = ["check_writable", "exit_2_on_error", "write_json"]


@contextmanager
def exit_2_on_error() -> Iterator[None]:
    """Print a `BlazetrackError` on stderr and exit with code 2."""
    try:
        yield
    except BlazetrackError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def check_writable(path: Path | None) -> None:
    """Raise before minutes are spent on the content, if the file's folder does not exist."""
    if path is not None and not path.resolve().parent.is_dir():
        raise SinkError(f"--json {path}: expected a folder that exists, found none: make it first")


def write_json(path: Path | None, value: dict[str, Any]) -> None:
    """Write `value`; nothing where `path` is None."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise SinkError(f"--json {path}: cannot be written: {error.strerror}") from error
