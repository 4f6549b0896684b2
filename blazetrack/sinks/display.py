"""The screen of this machine: whether a window can be had, and OpenCV's ways with it."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import cv2

from blazetrack.errors import SinkError

__all__ = ["INSTEAD", "check_display", "comfortable", "quiet_qt", "read_key"]

INSTEAD = (
    "use --out FILE, --view none, or see it in a browser: blazetrack serve SOURCE (or --view web)"
)

# Arrows as the keys beside them, by the codes of Qt and GTK, of Windows, of macOS.
_ARROWS = {65361: "a", 65363: "d", 0x250000: "a", 0x270000: "d", 63234: "a", 63235: "d"}


def check_display(platform: str = sys.platform, env: Mapping[str, str] = os.environ) -> None:
    """Find out that there is no screen before OpenCV does: its Qt ends the process then.

    Raises:
        SinkError: no window can be opened here.
    """
    gui = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    if gui is not None and gui.group(1) == "NONE":
        raise SinkError(
            f"window: this OpenCV was built without windows (opencv-python-headless?); {INSTEAD}"
        )
    if not platform.startswith("linux"):
        return
    display = env.get("DISPLAY", "")
    if not display and not env.get("WAYLAND_DISPLAY"):
        raise SinkError(f"window: no display (DISPLAY is not set); {INSTEAD}")
    if not display and gui is not None and gui.group(1).startswith("QT"):
        raise SinkError(
            f"window: this OpenCV speaks X11 only and DISPLAY is not set (no XWayland?); {INSTEAD}"
        )
    if display and not _answers(display):
        raise SinkError(f"window: no display answers at DISPLAY={display}; {INSTEAD}")


def _answers(display: str) -> bool:
    """Whether an X server listens there; True where the address is of an unknown form."""
    parts = re.fullmatch(r"(?:unix)?([^:/]*):(\d+)(?:\.\d+)?", display)
    if parts is None:
        return True
    host, number = parts.group(1), int(parts.group(2))
    if host:
        return _connects(socket.AF_INET, (host, 6000 + number))
    path = f"/tmp/.X11-unix/X{number}"
    return _connects(socket.AF_UNIX, path) or _connects(socket.AF_UNIX, "\0" + path)


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(2.0)
        try:
            line.connect(address)
        except OSError:
            return False
        return True


@contextmanager
def quiet_qt() -> Iterator[None]:
    """Keep Qt's complaint about fonts off stderr; it reads this variable when it first starts."""
    name = "QT_LOGGING_RULES"
    if name in os.environ:
        yield
        return
    os.environ[name] = "default.warning=false"
    try:
        yield
    finally:
        del os.environ[name]


def read_key(delay_ms: int) -> str:
    """Give OpenCV's windows so long, and get the key that was pressed: a small letter, or empty."""
    code = cv2.waitKeyEx(delay_ms)
    letter = code & 0xFFFF  # above are Shift and the like; waitKey takes an arrow for a letter
    return _ARROWS.get(code) or (chr(letter).lower() if 0 < letter < 128 else "")


def comfortable(width: int, height: int) -> tuple[int, int]:
    """A window size that fits most screens."""
    scale = min(1.0, 1280 / width, 800 / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
