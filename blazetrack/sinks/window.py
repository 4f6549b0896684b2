"""A plain window with the drawn pictures; q, Esc or its close button ends the run.

A click follows the person there, where the tracker follows one of several.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping

import cv2

from blazetrack.errors import SinkError
from blazetrack.sinks.base import Picture, Sink
from blazetrack.types import Frame, Poses

__all__ = ["WindowSink", "check_display"]

_QUIT = (ord("q"), ord("Q"), 27)  # 27 is Esc
_INSTEAD = "use --out FILE, or --view none"


class WindowSink(Sink):
    """A window on this machine's screen; must be used from the main thread.

    Raises:
        SinkError: OpenCV was built without windows, or there is no screen.
    """

    needs_picture = True

    def __init__(self, title: str = "blazetrack (q quits)") -> None:
        super().__init__("window")
        check_display()
        self._title = title
        self._shown = False

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if self.stop_requested:
            return
        image = frame.image if picture is None else picture
        try:
            if not self._shown:
                cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
                cv2.resizeWindow(self._title, *_comfortable(frame.width, frame.height))
                cv2.setMouseCallback(self._title, self._on_mouse)
                self._shown = True
            cv2.imshow(self._title, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            key = cv2.waitKey(1) & 0xFF
            closed = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error as error:
            raise SinkError(f"window: cannot be shown ({error.err}); {_INSTEAD}") from None
        self.stop_requested = closed or key in _QUIT

    def _on_mouse(self, event: int, x: int, y: int, flags: int, _: object) -> None:
        if event == cv2.EVENT_LBUTTONDOWN:
            self.chosen_px = (float(x), float(y))

    def close(self) -> None:
        if self._shown:
            self._shown = False
            try:
                cv2.destroyWindow(self._title)
                cv2.waitKey(1)  # lets the window go on the systems that need an event for it
            except cv2.error:
                return  # the user has closed it already


def check_display(platform: str = sys.platform, env: Mapping[str, str] = os.environ) -> None:
    """Find out that there is no screen before OpenCV does: its Qt ends the process then.

    Raises:
        SinkError: no window can be opened here.
    """
    gui = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    if gui is not None and gui.group(1) == "NONE":
        raise SinkError(
            f"window: this OpenCV was built without windows (opencv-python-headless?); {_INSTEAD}"
        )
    if not platform.startswith("linux"):
        return
    display = env.get("DISPLAY", "")
    if not display and not env.get("WAYLAND_DISPLAY"):
        raise SinkError(f"window: no display (DISPLAY is not set); {_INSTEAD}")
    if not display and gui is not None and gui.group(1).startswith("QT"):
        raise SinkError(
            f"window: this OpenCV speaks X11 only and DISPLAY is not set (no XWayland?); {_INSTEAD}"
        )
    if display and not _answers(display):
        raise SinkError(f"window: no display answers at DISPLAY={display}; {_INSTEAD}")


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


def _comfortable(width: int, height: int) -> tuple[int, int]:
    """A first window size that fits most screens."""
    scale = min(1.0, 1280 / width, 800 / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
