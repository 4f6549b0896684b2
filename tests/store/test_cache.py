"""The folder of model files."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from blazetrack.errors import ModelError
from blazetrack.store import cache as cache_module
from blazetrack.store.cache import Cache, default_folder, identify

DATA = b"some weights"
SHA256 = hashlib.sha256(DATA).hexdigest()


def keep(cache: Cache, name: str, data: bytes) -> None:
    with cache.workspace() as work:
        (work / "file").write_bytes(data)
        cache.place(work / "file", name, SHA256)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    cache = Cache(tmp_path / "deep" / "folder")
    keep(cache, "mine", DATA)
    return cache


def test_place_holds_the_model_and_removes_the_workspace(cache: Cache) -> None:
    assert cache.holds("mine", SHA256)
    assert cache.path("mine").read_bytes() == DATA
    assert cache.names() == ["mine"]
    assert not list(cache.folder.glob(".unfinished-*"))


def test_holds_checked_file_is_not_hashed_again(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "sha256_of", lambda path: pytest.fail("hashed"))
    assert cache.holds("mine", SHA256)


def test_holds_changed_file_is_hashed(cache: Cache) -> None:
    path = cache.path("mine")
    path.write_bytes(DATA.swapcase())
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))
    assert not cache.holds("mine", SHA256)


def test_holds_without_a_note_checks_the_bytes(cache: Cache) -> None:
    os.utime(cache.path("mine"), ns=(0, 0))
    assert cache.holds("mine", SHA256)
    cache.path("mine").with_suffix(".tflite.checked").unlink()
    assert cache.holds("mine", SHA256)


def test_holds_with_another_checksum_is_false(cache: Cache) -> None:
    assert not cache.holds("mine", "0" * 64)


def test_holds_in_a_read_only_folder_is_true(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.path("mine").with_suffix(".tflite.checked").unlink()

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    assert cache.holds("mine", SHA256)


def test_place_damaged_bytes_is_refused(cache: Cache) -> None:
    with pytest.raises(ModelError, match="damaged"):
        keep(cache, "other", b"half")
    assert cache.names() == ["mine"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_place_on_a_full_or_read_only_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    cache = Cache(tmp_path / "home")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ModelError) as caught:
        keep(cache, "mine", DATA)
    assert os.strerror(code) in str(caught.value)
    assert "BLAZETRACK_HOME" in str(caught.value)
    assert not list(cache.folder.iterdir())


def test_cache_with_a_file_as_folder_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "home"
    blocked.write_text("in the way")
    cache = Cache(blocked)
    assert cache.names() == []
    assert not cache.holds("mine", SHA256)
    with pytest.raises(ModelError, match="cannot write to the model folder"), cache.workspace():
        pytest.fail("there is no workspace")


def test_workspace_after_ctrl_c_is_removed(tmp_path: Path) -> None:
    def interrupt(cache: Cache) -> None:
        with cache.workspace() as work:
            (work / "half").write_bytes(DATA)
            raise KeyboardInterrupt

    cache = Cache(tmp_path / "home")
    with pytest.raises(KeyboardInterrupt):
        interrupt(cache)
    assert not list(cache.folder.iterdir())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a TFLite model"),
        (b"\x1c\0\0\0TFL2 and more", "expected TFL3"),
        (b"PK\x03\x04 and more", "blazetrack models add"),
    ],
)
def test_identify_other_file_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message):
        identify(path)


def test_identify_missing_file_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model file"):
        identify(tmp_path / "none.tflite")
    with pytest.raises(ModelError, match="expected a file, got a folder"):
        identify(tmp_path)


def test_default_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLAZETRACK_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere")
    monkeypatch.delenv("BLAZETRACK_HOME")
    assert default_folder().is_absolute()
