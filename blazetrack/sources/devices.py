"""Cameras of this machine: a list, and why one gives no pictures.

Linux lists them in /dev and /sys without opening them. `cv2-enumerate-cameras` 1.4 would list
those of other systems, but needs PyObjC on macOS (6 packages), and on Linux it lists each camera
twice, lists files that are no video devices, and misses multi-planar cameras.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["PI_PROGRAMS", "Camera", "camera_program", "device_user", "diagnose", "list_cameras"]

# linux/videodev2.h: VIDIOC_QUERYCAP reads the capabilities of a device, and starts nothing.
_QUERYCAP = 0x80685600
_CAPABILITY = struct.Struct("=16s32s32sIII3I")  # driver, card, bus, version, all, this node's
_CAPTURE = 0x00000001 | 0x00001000  # single-planar, multi-planar
_DEVICE_CAPS = 0x80000000
# Drivers of a Raspberry Pi's own camera, whose devices give no pictures that OpenCV reads
# (drivers/media/platform of the kernel of Raspberry Pi OS).
_PI_CAMERA = {"unicam", "bcm2835-isp", "bcm2835_isp", "rp1-cfe", "pispbe"}
# Programs that read it, see `picam.py`; the second is the name of before 2023.
PI_PROGRAMS = ("rpicam-vid", "libcamera-vid")
NO_CAMERA = "none; without one: the source `synthetic`, or `blazetrack serve` for that of a browser"


class Camera(NamedTuple):
    """A camera; `blazetrack run NUMBER` opens it."""

    number: int
    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.number}: {self.name} ({self.path})"


def list_cameras(
    platform: str = sys.platform,
    system: Path = Path("/sys/class/video4linux"),
    devices: Path = Path("/dev"),
    captures: Callable[[str], bool | None] | None = None,
) -> list[Camera] | None:
    """The cameras of this machine by number; None on systems other than Linux.

    Devices that do not capture, such as codecs and metadata nodes of cameras, are omitted, and the
    raw devices of a Raspberry Pi's own camera, which is the source `picam`.

    Args:
        platform: as `sys.platform`.
        system: folder of the names.
        devices: folder of the device files.
        captures: whether a device captures pictures, None if unknown.
    """
    if not platform.startswith("linux"):
        return None
    captures = captures or _captures
    found = []
    for path in devices.glob("video*"):
        number = re.fullmatch(r"video(\d+)", path.name)
        if number is not None and captures(str(path)) is not False:
            name = _read(system / path.name / "name") or "camera"
            found.append(Camera(int(number[1]), name, str(path)))
    return sorted(found)


def camera_program() -> str | None:
    """The path of the program that reads a Raspberry Pi's own camera; None where it is missing."""
    return next(filter(None, map(shutil.which, PI_PROGRAMS)), None)


def diagnose(
    address: int | str,
    platform: str = sys.platform,
    driver: Callable[[str], str] | None = None,
) -> str:
    """Why a camera gives no pictures, as far as it can be known, and what to do.

    Args:
        address: camera number or device path.
        platform: as `sys.platform`.
        driver: the driver of a device, empty if unknown.
    """
    other = "try another number, or `synthetic`"
    if not platform.startswith("linux"):
        return f"is it plugged in, allowed, and free of other programs? ({other})"
    path = f"/dev/video{address}" if isinstance(address, int) else address
    problem = _try_open(path)
    if problem in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        here = ", ".join(map(str, list_cameras(platform) or [])) or NO_CAMERA
        return f"there is no such device ({path}); is it plugged in? cameras here: {here}"
    if problem in (errno.EACCES, errno.EPERM):
        return f"no permission to use {path}; join its group (most often `video`), and log in anew"
    if (driver or _driver)(path) in _PI_CAMERA:
        return f"{path} belongs to the Raspberry Pi's own camera, which is the source `picam`"
    if _captures(path) is False:
        return f"{path} is no device that captures pictures; see `blazetrack info`, or {other}"
    user = device_user(path)
    if problem == errno.EBUSY or user:
        return f"{path} is in use by {user or 'another program'}; end that first"
    return f"{path} exists but gives no pictures; plug it in anew, or {other}"


def device_user(path: str, processes: Path = Path("/proc")) -> str:
    """The program that has a device open, as `name (process 12)`; empty if none is visible."""
    own = str(os.getpid())
    target = os.path.realpath(path)
    for folder in processes.glob("[0-9]*/fd"):
        number = folder.parent.name
        try:
            links = [] if number == own else [os.readlink(entry) for entry in folder.iterdir()]
        except OSError:  # it has just ended, or belongs to another user
            continue
        if target in links:
            return f"{_read(folder.parent / 'comm') or 'a program'} (process {number})"
    return ""


def _try_open(path: str) -> int:
    """Open and close a device; the error number of the system, 0 on success."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _captures(path: str) -> bool | None:
    """Whether OpenCV can read pictures of a device; None if it cannot be opened."""
    driver, capabilities = _query(path)
    if capabilities is None:
        return None
    return bool(capabilities & _CAPTURE) and driver not in _PI_CAMERA


def _driver(path: str) -> str:
    """The driver of a device; empty if it cannot be opened, or is no video device."""
    return _query(path)[0]


def _query(path: str) -> tuple[str, int | None]:
    """Driver and capabilities of a device; None if it cannot be opened, 0 if it has none."""
    import fcntl  # not on Windows

    reply = bytearray(_CAPABILITY.size)
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return "", None
    try:
        fcntl.ioctl(device, _QUERYCAP, reply)
    except OSError:  # no video device
        return "", 0
    finally:
        os.close(device)
    driver, _, _, _, everything, node, *_ = _CAPABILITY.unpack(reply)
    text = driver.split(b"\0")[0].decode(errors="replace")
    return text, node if everything & _DEVICE_CAPS else everything


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
