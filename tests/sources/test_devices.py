"""What this machine tells about its cameras, with device files made for the test."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from blazetrack.sources import devices
from blazetrack.sources.devices import Camera, list_cameras, who_holds, why_not

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., list[Camera] | None]:
    """A machine with two cameras, a file for metadata, a codec, and other devices."""
    (tmp_path / "dev").mkdir()
    names = {"video10": "codec", "video2": "Desk Cam", "video0": "Face Cam\n", "video1": "Face Cam"}
    for device, name in names.items():
        (tmp_path / "dev" / device).touch()
        (tmp_path / "sys" / device).mkdir(parents=True)
        (tmp_path / "sys" / device / "name").write_text(name)
    for other in ("video", "videox", "null"):
        (tmp_path / "dev" / other).touch()
    kinds = {"video0": True, "video1": False, "video2": None, "video10": False}

    def look(platform: str = "linux") -> list[Camera] | None:
        return list_cameras(
            platform,
            tmp_path / "sys",
            tmp_path / "dev",
            captures=lambda path: kinds[Path(path).name],
        )

    return look


def test_cameras_are_listed_by_number_with_their_names(
    machine: Callable[..., list[Camera] | None], tmp_path: Path
) -> None:
    found = machine()
    assert found is not None
    assert [(one.number, one.name) for one in found] == [(0, "Face Cam"), (2, "Desk Cam")]
    assert str(found[0]) == f"0: Face Cam ({tmp_path / 'dev' / 'video0'})"


def test_a_camera_without_a_name_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "video3").touch()
    found = list_cameras("linux", tmp_path / "none", tmp_path, captures=lambda path: True)
    assert found == [Camera(3, "camera", str(tmp_path / "video3"))]


def test_other_systems_do_not_tell(machine: Callable[..., list[Camera] | None]) -> None:
    assert machine("darwin") is None
    assert "is it plugged in, allowed" in why_not(0, "win32")


@linux
def test_what_is_no_camera_does_not_capture() -> None:
    assert devices._captures("/dev/null") is False
    assert devices._captures("/dev/none") is None


@linux
def test_a_missing_camera_is_told_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "list_cameras", lambda platform: [Camera(0, "Face", "/dev/v0")])
    assert why_not(97) == (
        "there is no such device (/dev/video97); is it plugged in? cameras here: 0: Face (/dev/v0)"
    )
    monkeypatch.setattr(devices, "list_cameras", lambda platform: [])
    assert why_not("/dev/none").endswith("cameras here: none")


@linux
@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EACCES, "no permission to use /dev/video0; add yourself to its group"),
        (errno.EBUSY, "/dev/video0 is in use by another program; end that first"),
        (errno.ENODEV, r"no such device \(/dev/video0\)"),
    ],
)
def test_what_the_system_says_is_told(
    monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    monkeypatch.setattr(devices, "_try", lambda path: number)
    monkeypatch.setattr(devices, "who_holds", lambda path: "")
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(why_not(0))


@linux
def test_a_file_that_is_no_camera_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is no device that captures pictures" in why_not(str(tmp_path / "file"))


@linux
def test_a_camera_that_is_there_but_silent_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(devices, "_captures", lambda path: True)
    assert "is there but silent" in why_not(str(tmp_path / "file"))


def test_the_program_that_holds_a_device_has_a_name(tmp_path: Path) -> None:
    device, other = tmp_path / "video0", tmp_path / "other"
    for number, name, target in (
        ("12", "chat", other),
        ("345", "films\n", device),
        (str(os.getpid()), "ours", device),
    ):
        (tmp_path / "proc" / number / "fd").mkdir(parents=True)
        (tmp_path / "proc" / number / "comm").write_text(name)
        (tmp_path / "proc" / number / "fd" / "3").symlink_to(target)
    device.touch()
    assert who_holds(str(device), tmp_path / "proc") == "films (process 345)"
    assert who_holds(str(tmp_path / "video1"), tmp_path / "proc") == ""
    assert who_holds(str(device), tmp_path / "none") == ""
