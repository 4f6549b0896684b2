"""Single files of an untrusted archive: a wheel, a `.task` bundle, the `.tgz` of an npm package."""

from __future__ import annotations

import errno
import gzip
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from blazetrack.errors import DownloadError, ModelError

__all__ = [
    "MAX_BYTES",
    "escapes",
    "extract",
    "extract_member",
    "extract_member_of_tar",
    "opened",
]

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


def extract_member(archive: Path, member: str, target: Path, size: int) -> Path | None:
    """Write one member of a zip, such as a wheel, to `target`; None if it has not that size.

    Raises:
        DownloadError: the zip is broken.
        KeyError: it has no such member.
    """
    with opened(archive, DownloadError) as opened_archive:
        info = opened_archive.getinfo(member)
        return extract(opened_archive, member, target) if info.file_size == size else None


def extract_member_of_tar(archive: Path, member: str, target: Path, size: int) -> Path | None:
    """As `extract_member`, of a `.tgz`."""
    try:
        with tarfile.open(archive, "r:gz") as opened_archive:
            info = opened_archive.getmember(member)
            source = opened_archive.extractfile(info)
            if source is None or info.size != size:
                return None
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            return target
    except (tarfile.TarError, gzip.BadGzipFile, *BROKEN) as error:
        reason = str(error) or "it ends too early"
        raise DownloadError(f"{archive.name} is broken or not a .tgz: {reason}") from error


def escapes(member: str) -> bool:
    """Whether a member's name points outside the target folder."""
    path = PurePosixPath(member.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in member
