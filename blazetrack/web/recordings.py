"""Finished recordings of the live page and the URLs of their files."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["Recordings", "file_size"]


class Recordings:
    """The `keep` newest recordings under random keys, so that no path comes from a request.

    May be used from any thread. The files of older recordings are deleted.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep
        self._known: OrderedDict[str, Mapping[str, Path]] = OrderedDict()
        self._lock = threading.Lock()

    def stem(self) -> Path:
        """Path of the next recording, without suffix."""
        name = time.strftime("blazetrack-%Y%m%d-%H%M%S")
        return self._folder / f"{name}-{secrets.token_hex(2)}"

    def add(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """Register the files of a recording that exist; `name`, `url` and `bytes` of each."""
        sizes = {path: size for path in paths if (size := file_size(path)) is not None}
        if not sizes:
            return []
        key = secrets.token_urlsafe(12)
        with self._lock:
            self._known[key] = {path.suffix[1:]: path for path in sizes}
            while len(self._known) > self._keep:
                _, old = self._known.popitem(last=False)
                for path in old.values():
                    with suppress(OSError):  # deleted already, or no longer permitted
                        path.unlink()
        return [
            {"name": path.name, "url": f"recordings/{key}/{path.suffix[1:]}", "bytes": size}
            for path, size in sizes.items()
        ]

    def find(self, key: str, kind: str) -> Path | None:
        """The file behind a URL; None if it was never registered or is gone."""
        path = self._known.get(key, {}).get(kind)
        return path if path is not None and path.is_file() else None


def file_size(path: Path) -> int | None:
    """Size in bytes; None if the file is not written yet or is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return None
