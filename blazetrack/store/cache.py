"""The folder of model files: checked by SHA-256, written whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from blazetrack.common.files import check_regular, expand
from blazetrack.errors import ModelError
from blazetrack.store.tflite_file import MAGIC, SUFFIX

__all__ = ["Cache", "card_path", "default_folder", "identify", "is_zip", "plain_name",
           "sha256_of"]  # fmt: skip

ZIP = b"PK"
PRUNE_VERSION = "2"  # to be raised when `prune_outputs` makes other files than before
VERIFY_VERSION = "1"  # to be raised when `verify_file` refuses more than before
MAX_NAME = 80  # characters of a model's name in file names


def default_folder() -> Path:
    """`BLAZETRACK_HOME`, else the user's cache folder for blazetrack."""
    chosen = os.environ.get("BLAZETRACK_HOME")
    if chosen:
        return expand(chosen)
    from platformdirs import user_cache_path

    try:
        return user_cache_path("blazetrack", appauthor=False)
    except (RuntimeError, OSError):  # an unknown user without HOME
        return _temporary_folder()


def _temporary_folder() -> Path:
    """A folder of this user among the temporary files; a new one where another user made it."""
    import tempfile

    owner = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir(), f"blazetrack-{owner}")
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == owner and not status.st_mode & 0o022:
            return folder
    return Path(tempfile.mkdtemp(prefix="blazetrack-"))


def card_path(model: Path) -> Path:
    """The path of a model file's card: beside it, `.yaml` added to its name."""
    return model.with_name(model.name + ".yaml")


def plain_name(name: str) -> str:
    """A name as one part of a path: other characters than letters, digits and `._+-` are `_`."""
    kept = "".join(one if one.isalnum() or one in "._+-" else "_" for one in name)
    return kept.lstrip(".")[:MAX_NAME] or "model"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    import hashlib  # loads OpenSSL, 3 MB that a run with checked files does not need

    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def identify(path: Path, label: str | None = None) -> str:
    """SHA-256 of a TFLite file; `ModelError` for other files, with `label` as their name."""
    label = label or str(path)
    check_regular(path, ModelError)
    with _reading(path):
        head = _head(path)
        if head[4:] == MAGIC:
            return sha256_of(path)
    if head[:2] == ZIP:
        raise ModelError(
            f"{label} is a bundle, not a single model: run `blazetrack models add {label}`,"
            " then use the name it prints"
        )
    raise ModelError(f"{label} is not a TFLite model: expected TFL3 at byte 4, got {head[4:]!r}")


def is_zip(path: Path) -> bool:
    """Whether a file starts like a zip; `ModelError` if it cannot be read."""
    check_regular(path, ModelError)
    with _reading(path):
        return _head(path)[:2] == ZIP


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ModelError(f"no such model file: {path}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path} cannot be read: {reason}") from error


class Cache:
    """Model files under one folder, `<name>.tflite` each.

    A note `<name>.tflite.checked` beside a file holds the SHA-256, size and modification time of
    the last check. While size and time are the same, the file is not hashed again.

    Args:
        folder: created at the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The present or future file of the model called `name`; `ModelError` for a path."""
        if not name or "\0" in name or any(part in name for part in ("/", os.sep)):
            raise ModelError(f"{name!r} cannot be a model's name: expected no path")
        return self.folder / (name + SUFFIX)

    def names(self) -> list[str]:
        """Names of all models in the folder."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob("*" + SUFFIX))

    def holds(self, name: str, sha256: str) -> bool:
        """Whether the model is there with that SHA-256."""
        path, note = self.path(name), self._note(name)
        try:
            status = path.stat()
            mark = f"{sha256} {status.st_size} {status.st_mtime_ns}"
            if note.exists() and note.read_text(encoding="ascii", errors="replace") == mark:
                return True
            if sha256_of(path) != sha256:
                return False
        except (OSError, ValueError):  # missing or unreadable; writing it will give the reason
            return False
        with suppress(OSError):  # the note only saves time; a read-only folder has none
            note.write_text(mark, encoding="ascii")
        return True

    @contextmanager
    def workspace(self, megabytes: int = 0) -> Iterator[Path]:
        """A folder beside the models for unfinished files, removed at the end in any case.

        Args:
            megabytes: free space to check for in advance.
        """
        import shutil
        import tempfile

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free < megabytes * 1e6:
                raise OSError(errno.ENOSPC, f"{megabytes} MB have to be free for this")
            with tempfile.TemporaryDirectory(
                prefix=".unfinished-", dir=self.folder, ignore_cleanup_errors=True
            ) as work:
                yield Path(work)
        except OSError as error:
            raise ModelError(
                f"cannot write to the model folder {self.folder}: {error.strerror or error};"
                " make room there, or point BLAZETRACK_HOME at another folder"
            ) from error

    def place(self, ready: Path, name: str, sha256: str) -> Path:
        """Move a finished file from the workspace to its place, in one step."""
        target = self.path(name)
        if not self.holds(name, sha256):  # else another process was faster
            if sha256_of(ready) != sha256:
                raise ModelError(f"'{name}' was damaged while it was written to {self.folder}")
            with ready.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(ready, target)
            self.holds(name, sha256)
        return target

    def variant_path(self, name: str, sha256: str, outputs: Mapping[str, str]) -> Path:
        """The present or future file of a model's variant with these outputs.

        Args:
            name: of the model.
            sha256: of the original.
            outputs: meaning → tensor name; both are part of the file name, as a card may change.
        """
        made = "\n".join([PRUNE_VERSION, *outputs.values()])
        tensors = zlib.crc32(made.encode())
        parts = (plain_name(name), sha256[:16], plain_name("+".join(outputs)), f"{tensors:08x}")
        return self.folder / "slim" / (".".join(parts) + SUFFIX)

    def place_variant(self, path: Path, content: bytes) -> Path:
        """Write a variant in one step and remove those of another original of its name."""
        with self.workspace() as work:
            path.parent.mkdir(exist_ok=True)
            (work / "model").write_bytes(content)
            os.replace(work / "model", path)
            name, sha256 = path.name.rsplit(".", 4)[:2]
            for old in path.parent.glob(f"{glob.escape(name)}.*.*.*{SUFFIX}"):
                old_name, old_sha256 = old.name.rsplit(".", 4)[:2]
                if old_name == name and old_sha256 != sha256:
                    old.unlink(missing_ok=True)
        return path

    def is_verified(self, sha256: str) -> bool:
        """Whether `note_verified` was called for these bytes."""
        return self._verified(sha256).is_file()

    def note_verified(self, sha256: str) -> None:
        """Note that a file has passed `verify_file`; a missing or read-only folder has no notes."""
        with suppress(OSError):
            self._verified(sha256).parent.mkdir(exist_ok=True)
            self._verified(sha256).touch()

    def _verified(self, sha256: str) -> Path:
        return self.folder / "verified" / f"{plain_name(sha256)}.{VERIFY_VERSION}"

    def _note(self, name: str) -> Path:
        return self.folder / (name + SUFFIX + ".checked")
