"""A folder that is written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from blazetrack.errors import InputError, SinkError, printable
from blazetrack.sinks.base import check_folder

__all__ = ["new_folder", "shipped_folder", "write_checksums"]

PACKAGE = Path(__file__).parents[1]
MAX_SHOWN = 3  # names in a message


@contextmanager
def new_folder(folder: str | os.PathLike[str], kind: str) -> Iterator[Path]:
    """A folder to write into, which takes the place of `folder` when all is written.

    Call `write_checksums` last: by its file a later export recognises this one, and replaces it.

    Args:
        folder: does not exist, is empty, or holds an unchanged export of the same kind.
        kind: of the export.

    Raises:
        SinkError: the folder has other files, or cannot be written; it is left as it was.
    """
    target = check_folder(folder)
    try:
        _check_replaceable(target, kind)
        real = target.resolve()
        with tempfile.TemporaryDirectory(dir=real.parent, prefix=".blazetrack") as work:
            content, earlier = Path(work, "content"), Path(work, "earlier")
            content.mkdir()
            yield content
            _check_replaceable(target, kind)
            if real.exists():
                real.rename(earlier)
            try:
                content.rename(real)
            except BaseException:
                if earlier.exists():
                    earlier.rename(real)
                raise
    except OSError as error:
        raise SinkError(f"{target}: cannot be written ({error.strerror})") from None


def write_checksums(content: Path, kind: str) -> None:
    """Write the SHA-256 of all files into `KIND.sha256`, which `sha256sum --check` reads."""
    lines = [f"{_sha256(content / name)}  {name}\n" for name in sorted(_names(content))]
    (content / f"{kind}.sha256").write_text("".join(lines), encoding="utf-8")


def _names(folder: Path) -> Iterator[str]:
    """The paths of all files in a folder, with `/` on every system."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    """The checksum of a plain file; empty for anything else."""
    plain = path.is_file() and not path.is_symlink()
    return hashlib.sha256(path.read_bytes()).hexdigest() if plain else ""


def _check_replaceable(target: Path, kind: str) -> None:
    """Refuse a folder with a file that is not listed in `KIND.sha256`, or has another checksum."""
    if not target.is_dir():
        return
    list_name, listed = f"{kind}.sha256", dict[str, str]()
    if (target / list_name).is_file():
        lines = (target / list_name).read_text(encoding="utf-8", errors="replace").splitlines()
        listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    foreign = (
        name
        for name in _names(target)
        if not (name == list_name and listed)
        and not (listed.get(name) and _sha256(target / name) == listed[name])
    )
    shown = [printable(name) for name in islice(foreign, MAX_SHOWN + 1)]
    if shown:
        names = ", ".join(shown[:MAX_SHOWN]) + (" …" if len(shown) > MAX_SHOWN else "")
        raise SinkError(
            f"{target}: expected an empty folder, got one with files that are not of an earlier"
            f" export or were changed: {names}; move them away, or choose another folder"
        )


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
