"""Checks of `blazetrack run` before anything is opened or written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blazetrack.common.files import expand, is_same_file
from blazetrack.common.imports import is_import
from blazetrack.errors import InputError, SinkError, SourceError

if TYPE_CHECKING:
    from blazetrack.angles import Angle
    from blazetrack.sources import Source

__all__ = [
    "STDOUT",
    "check_angles",
    "check_files",
    "check_outs_fit",
    "check_reads",
    "check_source_options",
    "check_stdout",
    "one_of",
    "parse_size",
    "parse_time",
]

STDOUT = "-"
TABLES = (".csv", ".mot", ".parquet", ".rrd")
OUTLETS = ("osc://", "rerun")
"""Endings and beginnings of outputs with angles."""

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


def check_source_options(
    source: Source, texts: Sequence[str], options: Mapping[str, object]
) -> None:
    """Refuse options that the source would ignore; a source of one's own may take any.

    Args:
        source: the opened source.
        texts: what the user wrote for it.
        options: option → its value; None is not given.
    """
    for option, value in options.items():
        what, applies = _APPLIES[option]
        if value is not None and not applies(source) and not any(map(is_import, texts)):
            raise InputError(
                f"{option}: applies to {what} only, not to {source.info.name}; leave it out"
            )


def parse_size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not all(re.fullmatch(r"[1-9][0-9]{0,4}", side) for side in (width, height)):
        raise InputError(f"--size: expected WIDTHxHEIGHT such as 1280x720, got '{text}'")
    return int(width), int(height)


def one_of(option: str, text: str, known: Sequence[str] | dict[str, Any]) -> str:
    if text not in known:
        raise InputError(f"{option}: expected one of {', '.join(known)}, got '{text}'")
    return text


def parse_time(option: str, text: str | None) -> float | None:
    """Seconds of `83.5`, `1:23.5` or `0:01:23.5`."""
    if text is None:
        return None
    parts = text.split(":")
    numbers = [float(part) for part in parts if re.fullmatch(r"\d{1,9}(\.\d*)?|\.\d+", part)]
    if len(numbers) != len(parts) or len(parts) > 3:
        raise InputError(f"{option}: expected seconds, MM:SS or HH:MM:SS, got '{text}'")
    seconds = 0.0
    for number in numbers:
        seconds = 60 * seconds + number
    return seconds


def check_stdout(outs: Sequence[str], as_json: bool) -> None:
    """Refuse two things on stdout."""
    if STDOUT in outs and as_json:
        raise InputError("--out -: JSON Lines and --json both go to stdout; leave one out")


def check_angles(texts: Sequence[str] | None, outs: Sequence[str]) -> list[Angle]:
    """The angles of `--angle`; refuse them where no output has a place for them."""
    from blazetrack.angles import parse_angle

    takes = any(
        name.lower().endswith(TABLES) or name.startswith(OUTLETS) or is_import(name)
        for name in outs
    )
    if texts and not takes:
        raise InputError(
            f"--angle: needs an --out that ends in {' or '.join(TABLES)}, or {' or '.join(OUTLETS)}"
        )
    return [parse_angle(text) for text in texts or []]


def check_reads(reads: Iterable[Path], outs: Sequence[str], trace: Path | None) -> None:
    """Refuse to overwrite a graph, a model or a card of the run, whatever leads to it."""
    writes = [("--out", name) for name in outs if name != STDOUT]
    writes += [] if trace is None else [("--trace", str(trace))]
    for path, (option, name) in product(reads, writes):
        if is_same_file(path, name):
            raise SinkError(f"{option} {name}: is {path}, which the run reads; choose another")


def check_files(sources: Sequence[str], outs: Sequence[str], trace: Path | None) -> None:
    """Refuse to overwrite a source, and two outputs in one file."""
    files = [("--out", name) for name in outs if name != STDOUT]
    files += [] if trace is None else [("--trace", str(trace))]
    pairs = [*product([("the source", one) for one in _expanded(sources)], files)]
    for (other_option, other), (option, name) in [*pairs, *combinations(files, 2)]:
        if is_same_file(name, other):
            raise SinkError(
                f"{option} {name}: is the same file as {other_option} {other}; choose another"
            )
        if other_option == "the source" and _is_folder(name) and _is_in(other, name):
            raise SinkError(f"{option} {name}: is the folder of {other}; choose another one")
        inner = _entries(other) if os.path.exists(expand(name)) else ()
        if other_option == "the source" and any(is_same_file(name, one) for one in inner):
            raise SinkError(f"{option} {name}: is a file of the source {other}; choose another")


def check_outs_fit(source: Source, outs: Sequence[str]) -> None:
    """Refuse one picture for many frames, one film for several, a movement of pictures."""
    from blazetrack.sinks.clip import MOVEMENT_ENDINGS
    from blazetrack.sinks.picture import PICTURE_ENDINGS
    from blazetrack.sources.joined import JoinedSource

    films = [one for one in getattr(source, "parts", ()) if one.info.kind != "stills"]
    several = isinstance(source, JoinedSource) and bool(films)
    for name in outs:
        ending = os.path.splitext(name)[1].lower()
        if ending in PICTURE_ENDINGS and source.info.frames != 1:
            raise SinkError(
                f"--out {name}: holds one picture, but {source.info.name} has more; write a "
                f"folder: --out {os.path.splitext(name)[0]}/"
            )
        if ending in MOVEMENT_ENDINGS and (several or source.info.kind == "stills"):
            raise SinkError(
                f"--out {name}: holds the movement of one clip, got pictures or several clips; "
                f"write a table: --out {os.path.splitext(name)[0]}.csv"
            )
        if ending == ".mp4" and several:
            raise SinkError(
                f"--out {name}: holds one film, got several sources; write a folder: "
                f"--out {os.path.splitext(name)[0]}/"
            )


def _expanded(sources: Sequence[str]) -> list[str]:
    """The sources with their patterns expanded; those that fit no file are left to the opening."""
    from blazetrack.sources.patterns import expand_pattern

    found: list[str] = []
    for text in sources:
        with suppress(SourceError):
            found += map(str, expand_pattern(text))
    return found


def _entries(folder: str) -> list[Path]:
    """The files of a folder; none of a file."""
    try:
        return [path for path in expand(folder).iterdir() if path.is_file()]
    except (OSError, ValueError):
        return []


def _is_folder(name: str) -> bool:
    return name.endswith(("/", os.sep)) or os.path.isdir(os.path.expanduser(name))


def _is_in(name: str, folder: str) -> bool:
    """Whether a file is directly in a folder."""
    path = os.path.expanduser(name)
    return os.path.isfile(path) and is_same_file(os.path.dirname(path) or ".", folder)
