"""A folder that is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blazetrack.errors import InputError, SinkError
from blazetrack.sinks.base import check_folder

__all__ = ["new_folder", "shipped_folder"]

PACKAGE = Path(__file__).parents[1]


@contextmanager
def new_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder to write into, which takes the place of `folder` when all is written.

    Args:
        folder: does not exist, or is empty.

    Raises:
        SinkError: the folder is not empty, or cannot be written; nothing is left.
    """
    target = check_folder(folder)
    if target.is_dir() and any(target.iterdir()):
        raise SinkError(
            f"{target}: expected an empty folder, got one with files; remove it, or choose another"
        )
    target = target.absolute()
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".blazetrack") as work:
            content = Path(work, "content")
            content.mkdir()
            yield content
            if target.exists():
                target.rmdir()
            content.rename(target)
    except OSError as error:
        raise SinkError(f"{target}: cannot be written ({error.strerror})") from None


def shipped_folder(name: str, needed: str) -> Path:
    """A folder of `deploy/`; in a checkout it is beside the package.

    Args:
        name: of the folder.
        needed: a file that must be in it.

    Raises:
        InputError: it is not there.
    """
    folder = PACKAGE / f"deploy_{name}"
    folder = folder if folder.is_dir() else PACKAGE.parent / "deploy" / name
    if not (folder / needed).is_file():
        raise InputError(f"export: its files are not in {folder}; reinstall blazetrack")
    return folder
