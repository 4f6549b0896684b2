"""Checks of `blazetrack run` before anything is opened or written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blazetrack.errors import InputError, SinkError
from blazetrack.imports import is_import

if TYPE_CHECKING:
    from blazetrack.sources import Source

__all__ = ["check_files", "check_source_options", "one_of", "parse_size"]

# Option → what it applies to, and whether a source is of that kind.
_APPLIES: dict[str, tuple[str, Callable[[Source], bool]]] = {
    "--size": (
        "a camera or a drawn source",
        lambda source: source.info.is_camera or source.info.kind == "synthetic",
    ),
    "--fps": (
        "a camera, a drawn source or pictures",
        lambda source: source.info.is_camera or source.info.kind in ("synthetic", "stills"),
    ),
    "--retry": ("a camera or a stream", lambda source: source.info.kind == "live"),
}


def check_source_options(source: Source, text: str, options: Mapping[str, object]) -> None:
    """Refuse options that the source would ignore; a source of one's own may take any.

    Args:
        source: the opened source.
        text: what the user wrote for it.
        options: option → its value; None is not given.
    """
    for option, value in options.items():
        what, applies = _APPLIES[option]
        if value is not None and not applies(source) and not is_import(text):
            raise InputError(
                f"{option}: applies to {what} only, not to {source.info.name}; leave it out"
            )


def parse_size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InputError(f"--size: expected WIDTHxHEIGHT such as 1280x720, got '{text}'")
    return int(width), int(height)


def one_of(option: str, text: str, known: Sequence[str] | dict[str, Any]) -> str:
    if text not in known:
        raise InputError(f"{option}: expected one of {', '.join(known)}, got '{text}'")
    return text


def check_files(source: str, outs: Sequence[str], trace: Path | None) -> None:
    """Refuse to overwrite the source, and two outputs in one file."""
    files = [("the source", source), *(("--out", name) for name in outs)]
    if trace is not None:
        files.append(("--trace", str(trace)))
    for (other_option, other), (option, name) in combinations(files, 2):
        if _same_file(name, other):
            raise SinkError(
                f"{option} {name}: is the same file as {other_option} {other}; choose another"
            )


def _same_file(one: str, other: str) -> bool:
    one, other = os.path.expanduser(one), os.path.expanduser(other)
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them does not exist
        return os.path.realpath(one) == os.path.realpath(other)
