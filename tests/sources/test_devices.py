"""Camera list and diagnosis, with device files made for the test."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from blazetrack.sources import devices
from blazetrack.sources.devices import Camera, device_user, diagnose, list_cameras

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")


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


def test_list_cameras_by_number_with_names(
    machine: Callable[..., list[Camera] | None], tmp_path: Path
) -> None:
    found = machine()
    assert found is not None
    assert [(one.number, one.name) for one in found] == [(0, "Face Cam"), (2, "Desk Cam")]
    assert str(found[0]) == f"0: Face Cam ({tmp_path / 'dev' / 'video0'})"


def test_list_cameras_unnamed_is_listed(tmp_path: Path) -> None:
    (tmp_path / "video3").touch()
    found = list_cameras("linux", tmp_path / "none", tmp_path, captures=lambda path: True)
    assert found == [Camera(3, "camera", str(tmp_path / "video3"))]


def test_list_cameras_other_system_is_none(machine: Callable[..., list[Camera] | None]) -> None:
    assert machine("darwin") is None
    assert "is it plugged in, allowed" in diagnose(0, "win32")


@linux
def test_captures_other_file_is_false() -> None:
    assert devices._captures("/dev/null") is False
    assert devices._captures("/dev/none") is None


@linux
def test_diagnose_missing_camera_lists_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "list_cameras", lambda platform: [Camera(0, "Face", "/dev/v0")])
    assert diagnose(97) == (
        "there is no such device (/dev/video97); is it plugged in? cameras here: 0: Face (/dev/v0)"
    )
    monkeypatch.setattr(devices, "list_cameras", lambda platform: [])
    assert diagnose("/dev/none").endswith(f"cameras here: {devices.NO_CAMERA}")


@linux
@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EACCES, "no permission to use /dev/video0; join its group"),
        (errno.EBUSY, "/dev/video0 is in use by another program; end that first"),
        (errno.ENODEV, r"no such device \(/dev/video0\)"),
    ],
)
def test_diagnose_reports_system_error(
    monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    monkeypatch.setattr(devices, "_try_open", lambda path: number)
    monkeypatch.setattr(devices, "device_user", lambda path: "")
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(diagnose(0))


@linux
def test_diagnose_other_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is no device that captures pictures" in diagnose(str(tmp_path / "file"))


@linux
def test_diagnose_camera_without_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(devices, "_captures", lambda path: True)
    assert "exists but gives no pictures" in diagnose(str(tmp_path / "file"))


@linux
@pytest.mark.parametrize("driver", ["unicam", "rp1-cfe", "bcm2835-isp", "pispbe"])
def test_diagnose_camera_of_a_raspberry_pi_names_its_source(tmp_path: Path, driver: str) -> None:
    (tmp_path / "video0").touch()
    problem = diagnose(str(tmp_path / "video0"), driver=lambda path: driver)
    assert problem.endswith("belongs to the Raspberry Pi's own camera, which is the source `picam`")


@linux
def test_captures_camera_of_a_raspberry_pi_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    for driver, expected in (("rp1-cfe", False), ("uvcvideo", True)):
        monkeypatch.setattr(devices, "_query", lambda path, driver=driver: (driver, 1))
        assert devices._captures("/dev/video0") is expected


def test_device_user_names_program(tmp_path: Path) -> None:
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
    assert device_user(str(device), tmp_path / "proc") == "films (process 345)"
    assert device_user(str(tmp_path / "video1"), tmp_path / "proc") == ""
    assert device_user(str(device), tmp_path / "none") == ""
