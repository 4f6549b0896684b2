"""Single files of an untrusted zip: a wheel or a `.task` bundle."""

from __future__ import annotations

import errno
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from blazetrack.errors import ModelError

__all__ = ["MAX_BYTES", "escapes", "extract", "opened"]

MAX_BYTES = 1 << 29  # the largest BlazePose is 30 MB; a bundle that unpacks to more is an attack
PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# All errors of the zip reader on malformed input.
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError)
ENCRYPTED = 0x1  # general purpose bit 0 of a zip member


@contextmanager
def opened(path: Path, error_type: type[ModelError] = ModelError) -> Iterator[zipfile.ZipFile]:
    """Open a zip; every fault of it, now or while reading, raises `error_type`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise error_type(f"no such file: {path}") from error
    except BROKEN as error:
        reason = str(error) or "it ends too early"
        raise error_type(f"{path.name} is broken or not a zip: {reason}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise error_type(f"{path.name} is a broken zip: it points outside itself") from error


def extract(archive: zipfile.ZipFile, member: str, target: Path) -> Path:
    """Write one member to `target`; the path in the archive is not used."""
    info = archive.getinfo(member)
    name = Path(archive.filename or "archive").name
    if info.file_size > MAX_BYTES:
        raise ModelError(
            f"{name}: {member} claims {info.file_size:,} bytes; at most {MAX_BYTES:,} are read"
        )
    if info.flag_bits & ENCRYPTED or info.compress_type not in PLAIN:
        raise ModelError(f"{name}: {member} is encrypted or packed in an unusual way")
    with archive.open(info) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    return target


def escapes(member: str) -> bool:
    """Whether a member's name points outside the target folder."""
    path = PurePosixPath(member.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in member
