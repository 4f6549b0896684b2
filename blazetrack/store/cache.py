"""The folder of model files: checked when found, written whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from blazetrack.errors import ModelError
from blazetrack.store.tflite_file import MAGIC, SUFFIX

__all__ = ["Cache", "default_folder", "identify", "is_zip", "sha256_of"]

ZIP = b"PK"
PRUNE_VERSION = "1"  # to be raised when `prune_outputs` makes other files than before


def default_folder() -> Path:
    """`BLAZETRACK_HOME`, else the user's cache folder for blazetrack."""
    chosen = os.environ.get("BLAZETRACK_HOME")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("blazetrack", appauthor=False)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    import hashlib  # brings OpenSSL, 3 MB that a run with checked files has no need of

    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def identify(path: Path, label: str | None = None) -> str:
    """SHA-256 of a TFLite file; `ModelError` for anything else, with `label` for its name."""
    label = label or str(path)
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
    """Whether a file that someone named starts like a zip; `ModelError` if it cannot be read."""
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
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error


class Cache:
    """Model files under one folder, `<name>.tflite` each.

    Beside a file whose bytes were hashed lies `<name>.tflite.checked`. While size and
    modification time are those noted there, the file is not hashed again.

    Args:
        folder: made on the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where the model called `name` lies, or would lie."""
        return self.folder / (name + SUFFIX)

    def names(self) -> list[str]:
        """All models in the folder."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob("*" + SUFFIX))

    def holds(self, name: str, sha256: str) -> bool:
        """Whether the model is there and its bytes are the right ones."""
        path, note = self.path(name), self._note(name)
        try:
            status = path.stat()
            mark = f"{sha256} {status.st_size} {status.st_mtime_ns}"
            if note.exists() and note.read_text(encoding="ascii", errors="replace") == mark:
                return True
            if sha256_of(path) != sha256:
                return False
        except OSError:  # missing or unreadable: not held; writing it tells why
            return False
        with suppress(OSError):  # the note only saves time: a read-only folder works without it
            note.write_text(mark, encoding="ascii")
        return True

    @contextmanager
    def workspace(self, megabytes: int = 0) -> Iterator[Path]:
        """A folder beside the models for unfinished files; gone at the end, come what may.

        Args:
            megabytes: room that must be free, for work that would not say so clearly itself.
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
        """Move a finished file from the workspace to its name, in one step."""
        target = self.path(name)
        if not self.holds(name, sha256):  # else another process was quicker
            if sha256_of(ready) != sha256:
                raise ModelError(f"'{name}' was damaged while it was written to {self.folder}")
            with ready.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(ready, target)
            self.holds(name, sha256)
        return target

    def variant_path(self, name: str, sha256: str, outputs: Mapping[str, str]) -> Path:
        """Where the variant of a model that gives these outputs lies, or would lie.

        Args:
            name: of the model.
            sha256: of the original.
            outputs: meaning → tensor name; a card may come to say another tensor.
        """
        made = "\n".join([PRUNE_VERSION, *outputs.values()])
        tensors = zlib.crc32(made.encode())
        file = f"{name}.{sha256[:16]}.{'+'.join(outputs)}.{tensors:08x}{SUFFIX}"
        return self.folder / "slim" / file

    def place_variant(self, path: Path, content: bytes) -> Path:
        """Write a variant in one step; those of another original of its name go."""
        with self.workspace() as work:
            path.parent.mkdir(exist_ok=True)
            (work / "model").write_bytes(content)
            os.replace(work / "model", path)
            name, original = path.name.rsplit(".", 4)[:2]
            for old in path.parent.glob(f"{glob.escape(name)}.*.*.*{SUFFIX}"):
                its_name, its_original = old.name.rsplit(".", 4)[:2]
                if its_name == name and its_original != original:
                    old.unlink(missing_ok=True)
        return path

    def _note(self, name: str) -> Path:
        return self.folder / (name + SUFFIX + ".checked")
