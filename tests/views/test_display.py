"""Whether a window can be opened on this machine."""

from __future__ import annotations

import socket

import cv2
import pytest

from blazetrack.errors import SinkError
from blazetrack.views.display import check_display


def gui(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: f"  GUI:             {name}\n")


def test_check_display_without_display_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with pytest.raises(SinkError, match=r"no display \(DISPLAY is not set\); use --out FILE"):
        check_display("linux", {})


def test_check_display_unreachable_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with pytest.raises(SinkError, match="no X server at DISPLAY=:987"):
        check_display("linux", {"DISPLAY": ":987"})


def test_check_display_qt_needs_x11(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with pytest.raises(SinkError, match="needs X11"):
        check_display("linux", {"WAYLAND_DISPLAY": "wayland-0"})


def test_check_display_reachable_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check_display("linux", {"DISPLAY": f"127.0.0.1:{port - 6000}.0"})


def test_check_display_headless_opencv_suggests_web_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gui(monkeypatch, "NONE")
    offer = r"built without windows .* blazetrack serve SOURCE \(or --view web\)$"
    with pytest.raises(SinkError, match=offer):
        check_display("darwin", {})


def test_check_display_other_system_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "COCOA")
    check_display("darwin", {})
