"""The screen of this machine: check for a display, key codes, window size."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping

import cv2

from blazetrack.errors import SinkError

__all__ = ["INSTEAD", "check_display", "fit_screen", "read_key", "window_system"]

INSTEAD = (
    "use --out FILE, --view none, or see it in a browser: blazetrack serve SOURCE (or --view web)"
)

# Arrow keys act as a and d. Codes of Qt and GTK, of Windows, of macOS.
_ARROWS = {65361: "a", 65363: "d", 0x250000: "a", 0x270000: "d", 63234: "a", 63235: "d"}


def window_system() -> str:
    """OpenCV's window system, such as `QT5` or `NONE`; empty if unknown."""
    gui = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    return gui[1] if gui else ""


def check_display(platform: str = sys.platform, env: Mapping[str, str] = os.environ) -> None:
    """Check for a display first: without one, OpenCV's Qt ends the process.

    Raises:
        SinkError: no window can be opened here.
    """
    if window_system() == "NONE":
        raise SinkError(
            f"window: this OpenCV was built without windows (opencv-python-headless?); {INSTEAD}"
        )
    if not platform.startswith("linux"):
        return
    display = env.get("DISPLAY", "")
    if not display and not env.get("WAYLAND_DISPLAY"):
        raise SinkError(f"window: no display (DISPLAY is not set); {INSTEAD}")
    if not display and window_system().startswith("QT"):
        raise SinkError(
            f"window: this OpenCV needs X11 and DISPLAY is not set (no XWayland?); {INSTEAD}"
        )
    if display and not _is_listening(display):
        raise SinkError(f"window: no X server at DISPLAY={display}; {INSTEAD}")


def _is_listening(display: str) -> bool:
    """Whether an X server listens there; True for an address of unknown form."""
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


def read_key(delay_ms: int) -> str:
    """Process window events for `delay_ms`; the pressed key in lower case, or empty."""
    code = cv2.waitKeyEx(delay_ms)
    letter = code & 0xFFFF  # higher bits are modifiers; waitKey would confuse arrows with letters
    return _ARROWS.get(code) or (chr(letter).lower() if 0 < letter < 128 else "")


def fit_screen(width: int, height: int) -> tuple[int, int]:
    """A window size that fits most screens."""
    scale = min(1.0, 1280 / width, 800 / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
