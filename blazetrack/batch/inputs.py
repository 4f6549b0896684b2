"""The inputs of a batch: files, patterns, folders with all below them, and lists of these."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from blazetrack.batch.job import Item
from blazetrack.common.addresses import shown_source
from blazetrack.errors import InputError, SourceError
from blazetrack.sources.base import PICTURE_ENDINGS
from blazetrack.sources.patterns import expand_pattern, is_pattern

__all__ = ["FILM_ENDINGS", "RESERVED", "Inputs", "collect", "name_results"]

_CONTAINERS = "3gp avi flv gif m2ts m4v mjpeg mjpg mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
FILM_ENDINGS = frozenset(f".{name}" for name in _CONTAINERS.split())
_OWN = ".batch"  # folder in the output folder
RESERVED = ("index", _OWN)  # names of the output folder's own files, without their ending
_KNOWN = FILM_ENDINGS | PICTURE_ENDINGS


@dataclass
class Inputs:
    """What the texts of a user name.

    Attributes:
        items: the inputs, each once, in the order of the texts.
        faults: text → the reason why it names no input.
        duplicates: how often an input was named again.
        others: number of files in folders that are neither films nor pictures by their names.
    """

    items: list[Item] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    duplicates: int = 0
    others: int = 0


def collect(texts: Iterable[str], out: Path) -> Inputs:
    """Find the inputs.

    A folder gives all films and pictures in it and below, but for hidden ones and output folders of
    batches.
    A pattern gives its files and folders. `@list.txt` is a file with one text a line, `@-` is
    stdin. Other texts are sources of `open_source`.

    Args:
        texts: of the user.
        out: the output folder.

    Returns:
        Items whose names are those of their files; see `name_results`.

    Raises:
        InputError: a list cannot be read.
    """
    found = Inputs()
    seen: set[str] = set()
    for text in _listed(texts):
        try:
            for source, relative in _expand(text, found):
                item = _item(source, relative)
                if item.key in seen:
                    found.duplicates += 1
                    continue
                if relative and _is_below(item.key, out):
                    if source == text:
                        found.faults[text] = f"{text}: is in the output folder; choose another one"
                    continue
                seen.add(item.key)
                found.items.append(item)
        except SourceError as error:
            found.faults[text] = str(error)
    return found


def name_results(items: Iterable[Item], names: Mapping[str, str]) -> list[Item]:
    """The items with a name of their own each: the first one of a name has it, others get a hash.

    Args:
        items: the inputs.
        names: key → name of the results that the folder has already.
    """
    taken = {name.lower() for name in names.values()}
    named = []
    for item in items:
        name = names.get(item.key) or _free_name(item.name, item.key, taken)
        taken.add(name.lower())
        named.append(replace(item, name=name))
    return named


def _listed(texts: Iterable[str]) -> Iterator[str]:
    """The texts, with those of the lists in place of `@list.txt`."""
    for text in texts:
        if not text.startswith("@") or os.path.lexists(text):
            yield text
            continue
        try:
            data = sys.stdin.buffer.read() if text == "@-" else Path(text[1:]).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"{text}: cannot read this list of sources ({reason})") from None
        lines = os.fsdecode(data.removeprefix(b"\xef\xbb\xbf")).splitlines()
        yield from (line for line in map(str.strip, lines) if line and line[0] != "#")


def _expand(text: str, found: Inputs) -> Iterator[tuple[str, str]]:
    """Sources of a text, each with its path below the text's folder; that of no file is empty."""
    if "\0" in text:
        raise SourceError(f"{text!r}: expected the name of a source, got a NUL character")
    path = os.path.expanduser(text)
    if os.path.isdir(path):
        yield from _walk(path, "", found)
    elif is_pattern(text):
        root = _fixed_part(path)
        for match in map(str, expand_pattern(text)):
            relative = os.path.relpath(match, root or os.curdir)
            if os.path.isdir(match):
                yield from _walk(match, relative, found)
            else:
                yield match, relative
    elif text.isdecimal() and not os.path.lexists(path):
        raise SourceError(f"{text}: is a camera, which does not end; a batch takes files")
    elif os.path.lexists(path) or not _is_address(text):
        yield path, os.path.basename(path)
    else:
        yield text, ""


def _walk(folder: str, below: str, found: Inputs) -> Iterator[tuple[str, str]]:
    """The films and pictures of a folder and the ones in it, in order of their names."""
    count = 0

    def fail(error: OSError) -> None:
        name = error.filename or folder
        found.faults[str(name)] = f"{name}: cannot list this folder ({error.strerror})"

    for inner, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if _is_searched(os.path.join(inner, name)))
        for name in sorted(files):
            if name[0] == ".":
                continue
            if os.path.splitext(name)[1].lower() not in _KNOWN:
                found.others += 1
                continue
            count += 1
            path = os.path.join(inner, name)
            yield path, os.path.join(below, os.path.relpath(path, folder))
    if not count and folder not in found.faults:
        raise SourceError(f"{folder}: expected films or pictures in this folder, got none")


def _is_searched(folder: str) -> bool:
    """Whether a folder below a source is searched: not a hidden one, nor the output of a batch."""
    hidden = os.path.basename(folder)[0] == "."
    return not hidden and not os.path.isdir(os.path.join(folder, _OWN))


def _item(source: str, relative: str) -> Item:
    if relative:
        key, shown = os.path.realpath(source), source
        try:
            status = os.stat(source)
            size, identity = status.st_size, f"{status.st_size} {status.st_mtime_ns}"
        except (OSError, ValueError):
            size, identity = 0, "missing"  # opening it gives the reason
    else:
        key = f"text {hashlib.sha256(os.fsencode(source)).hexdigest()}"
        shown, size, identity = shown_source(source), 0, ""
    name = relative or re.sub(r"[/\\]", "_", _end_of_address(shown))
    return Item(source, shown, key, identity, name, size, bool(relative))


def _free_name(relative: str, key: str, taken: Collection[str]) -> str:
    """The name of the results: that of the file, if need be with a hash of its path."""
    parts = [re.sub(r"[\x00-\x1f\\:?*]", "_", part) for part in PurePath(relative).parts]
    name = "/".join(part for part in parts if part not in ("..", "/")) or "input"
    if name.lower() in taken or name.lower().partition("/")[0] in RESERVED:
        name += f"-{hashlib.sha256(os.fsencode(key)).hexdigest()[:8]}"
    return name


def _end_of_address(text: str) -> str:
    """The name of the file of an address; any other text as it is."""
    return text.partition("?")[0].rstrip("/").rpartition("/")[2] if "://" in text else text


def _fixed_part(pattern: str) -> str:
    """The folders of a pattern before the first one with a wildcard."""
    parts: list[str] = []
    for part in PurePath(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return os.path.join(*parts) if parts else ""


def _is_address(text: str) -> bool:
    """Whether a text is a source that is no file: an address, `synthetic…` or module:Name."""
    from blazetrack.common.imports import is_import
    from blazetrack.sources import SOURCES

    name = text.partition("?")[0].partition(":")[0]
    named = name.isidentifier() and name in SOURCES
    return named or is_import(text) or re.match(r"[a-z][a-z0-9+.-]+://", text, re.I) is not None


def _is_below(path: str, folder: Path) -> bool:
    real: Sequence[str] = PurePath(os.path.realpath(folder)).parts
    return PurePath(path).parts[: len(real)] == tuple(real)
