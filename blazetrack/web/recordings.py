"""Recordings of the live page, and the names under which they may be fetched."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["Recordings"]


class Recordings:
    """Finished recordings by a name that nobody can guess; no path comes from a request.

    May be used from any thread.

    Args:
        folder: where the files lie.
        keep: how many; the files of older ones are deleted.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep
        self._known: OrderedDict[str, Mapping[str, Path]] = OrderedDict()
        self._lock = threading.Lock()

    def stem(self) -> Path:
        """Where the next recording goes; no file is there yet."""
        name = time.strftime("blazetrack-%Y%m%d-%H%M%S")
        return self._folder / f"{name}-{secrets.token_hex(2)}"

    def add(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """Take in the files of a recording; what a page needs to fetch them."""
        sizes = {path: size for path in paths if (size := _size(path)) is not None}
        if not sizes:
            return []
        number = secrets.token_urlsafe(12)
        with self._lock:
            self._known[number] = {_kind(path): path for path in sizes}
            while len(self._known) > self._keep:
                _, old = self._known.popitem(last=False)
                for path in old.values():
                    with suppress(OSError):  # gone already, or not ours to delete any more
                        path.unlink()
        return [
            {"name": path.name, "url": f"recordings/{number}/{_kind(path)}", "bytes": size}
            for path, size in sizes.items()
        ]

    def find(self, number: str, kind: str) -> Path | None:
        """The file of that name, if it is one that was handed out and is still there."""
        path = self._known.get(number, {}).get(kind)
        return path if path is not None and path.is_file() else None


def _kind(path: Path) -> str:
    return path.suffix.removeprefix(".")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:  # somebody has taken it away
        return None
