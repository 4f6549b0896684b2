"""The cameras of this machine: which there are, and why one gives no pictures.

Only Linux tells without opening them: device files and /sys. Elsewhere one has to try.
"""

from __future__ import annotations

import errno
import os
import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Camera", "list_cameras", "who_holds", "why_not"]

# From linux/videodev2.h: VIDIOC_QUERYCAP asks what a device can do, and starts nothing.
_QUERYCAP = 0x80685600
_CAPABILITY = struct.Struct("=16s32s32sIII3I")  # driver, card, bus, version, all, this node's
_CAPTURE = 0x00000001 | 0x00001000  # to memory, from one plane or several
_DEVICE_CAPS = 0x80000000


class Camera(NamedTuple):
    """A camera as `blazetrack run NUMBER` takes it."""

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
    """The cameras of this machine in the order of their numbers; None where it does not tell.

    A device that is known not to capture, such as a codec or a camera's second file for metadata,
    is left out.

    Args:
        platform: as `sys.platform`.
        system: where Linux keeps the names.
        devices: where the device files are.
        captures: whether a device gives pictures, None where it cannot be asked.
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


def why_not(address: int | str, platform: str = sys.platform) -> str:
    """What keeps a camera from giving pictures, as far as this machine tells, and what to do."""
    other = "try another number, or `synthetic`"
    if not platform.startswith("linux"):
        return f"is it plugged in, allowed, and free of other programs? ({other})"
    path = f"/dev/video{address}" if isinstance(address, int) else address
    problem = _try(path)
    if problem in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        here = ", ".join(map(str, list_cameras(platform) or [])) or "none"
        return f"there is no such device ({path}); is it plugged in? cameras here: {here}"
    if problem in (errno.EACCES, errno.EPERM):
        return (
            f"no permission to use {path}; add yourself to its group, most often `video`, and log "
            "in anew"
        )
    if _captures(path) is False:
        return f"{path} is no device that captures pictures; see `blazetrack info`, or {other}"
    holder = who_holds(path)
    if problem == errno.EBUSY or holder:
        return f"{path} is in use by {holder or 'another program'}; end that first"
    return f"{path} is there but silent; plug it in anew, or {other}"


def who_holds(path: str, processes: Path = Path("/proc")) -> str:
    """The program that has a device open, as `name (process 12)`; empty where none is seen."""
    own = str(os.getpid())
    target = os.path.realpath(path)
    for folder in processes.glob("[0-9]*/fd"):
        number = folder.parent.name
        try:
            links = [] if number == own else [os.readlink(entry) for entry in folder.iterdir()]
        except OSError:  # it has just ended, or is somebody else's
            continue
        if target in links:
            return f"{_read(folder.parent / 'comm') or 'a program'} (process {number})"
    return ""


def _try(path: str) -> int:
    """Open and close a device; the system's error number, 0 where it opens."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _captures(path: str) -> bool | None:
    """Ask the driver whether a device gives pictures; None where it may not be opened."""
    import fcntl  # not on Windows

    answer = bytearray(_CAPABILITY.size)
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.ioctl(device, _QUERYCAP, answer)
    except OSError:  # not a video device at all
        return False
    finally:
        os.close(device)
    *_, everything, node, _, _, _ = _CAPABILITY.unpack(answer)
    return bool((node if everything & _DEVICE_CAPS else everything) & _CAPTURE)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
