"""Files that users name: expanded paths, regular files only, and the identity of a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from blazetrack.errors import BlazetrackError

__all__ = ["check_regular", "expand", "is_same_file", "read_text"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def expand(path: str | os.PathLike[str]) -> Path:
    """The path with `~` expanded; an unknown user's `~name` stays as it is."""
    return Path(os.path.expanduser(path))


def check_regular(path: str | os.PathLike[str], error: type[BlazetrackError]) -> None:
    """Refuse a pipe, a device or a folder: opening it may wait, or its reading never end.

    A path without a file passes; opening it gives the reason.

    Raises:
        BlazetrackError: of the class `error`.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return
    for is_kind, name in _KINDS:
        if is_kind(mode):
            raise error(f"{os.fspath(path)}: expected a file, got {name}; choose a regular file")


def read_text(
    path: str | os.PathLike[str], what: str, error: type[BlazetrackError], max_bytes: int = 1 << 20
) -> str:
    """The text of a small UTF-8 file.

    Args:
        path: a regular file.
        what: names its content in messages, such as `graph`.
        error: class of errors.
        max_bytes: larger files are refused unread.
    """
    name = os.fspath(path)
    check_regular(path, error)
    try:
        with open(path, "rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"{name}: cannot read this {what}: {reason}") from problem
    if len(data) > max_bytes:
        raise error(
            f"{name}: expected a {what} of at most {max_bytes:,} bytes, got a larger file; "
            "choose another file"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(f"{name}: expected a {what} in UTF-8 text, got other bytes") from problem


def is_same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Whether two paths lead to one file, also by links or, where that is so, by another case."""
    one, other = os.path.expanduser(one), os.path.expanduser(other)
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # at least one does not exist: compare the places
        pass
    try:
        (folder, name), (other_folder, other_name) = map(os.path.split, map(_place, (one, other)))
        if not os.path.samefile(folder, other_folder):
            return False
    except (OSError, ValueError):
        return False
    return name == other_name or (name.lower() == other_name.lower() and _ignores_case(folder))


def _place(path: str) -> str:
    return os.path.realpath(path)


def _ignores_case(folder: str) -> bool:
    """Whether the file system of a folder takes names in any case."""
    parent, name = os.path.split(folder)
    try:
        return name.swapcase() != name and os.path.samefile(
            folder, os.path.join(parent, name.swapcase())
        )
    except OSError:
        return False
