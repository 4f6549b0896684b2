"""Reports for programs: one JSON file, checked for before the long work starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from blazetrack.errors import SinkError

__all__ = ["check_writable", "write_json"]


def check_writable(path: Path | None) -> None:
    """Refuse a file whose folder does not exist, before minutes are spent on its content."""
    if path is not None and not path.resolve().parent.is_dir():
        raise SinkError(f"--json {path}: expected a folder that exists, found none: make it first")


def write_json(path: Path | None, value: dict[str, Any]) -> None:
    """Write `value`, or nothing where no file was asked for."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise SinkError(f"--json {path}: cannot be written: {error.strerror}") from error
