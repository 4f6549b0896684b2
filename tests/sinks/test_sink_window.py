"""The window, without opening one."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.sinks import open_sink, window
from blazetrack.sinks.window import WindowSink, check_display
from blazetrack.types import Frame, Poses

FRAME = Frame(np.full((6, 8, 3), (255, 0, 0), np.uint8))


class PaperWindow:
    """Stands for OpenCV's window functions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.key, self.visible, self.shown, self.open = -1, 1.0, [], False
        self.mouse: Callable[..., None] | None = None
        replacements: dict[str, Callable[..., Any]] = {
            "namedWindow": lambda *_: setattr(self, "open", True),
            "resizeWindow": lambda *_: None,
            "setMouseCallback": lambda title, call: setattr(self, "mouse", call),
            "imshow": lambda title, image: self.shown.append(image),
            "waitKey": lambda delay: self.key,
            "getWindowProperty": lambda *_: self.visible,
            "destroyWindow": lambda *_: setattr(self, "open", False),
        }
        for name, replacement in replacements.items():
            monkeypatch.setattr(cv2, name, replacement)
        monkeypatch.setattr(window, "check_display", lambda: None)


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> PaperWindow:
    return PaperWindow(monkeypatch)


def test_the_picture_is_shown_in_opencvs_order(paper: PaperWindow) -> None:
    with open_sink("window") as sink:
        assert sink.needs_picture
        sink.write(FRAME, Poses.empty(), FRAME.image)
        assert paper.open
        assert not sink.stop_requested
    assert paper.shown[0][0, 0].tolist() == [0, 0, 255]
    assert not paper.open


@pytest.mark.parametrize(("key", "visible"), [(ord("q"), 1.0), (27, 1.0), (-1, 0.0)])
def test_q_escape_and_the_close_button_end_the_run(
    paper: PaperWindow, key: int, visible: float
) -> None:
    paper.key, paper.visible = key, visible
    with WindowSink() as sink:
        sink.write(FRAME, Poses.empty())
        assert sink.stop_requested
        sink.write(FRAME, Poses.empty())
    assert len(paper.shown) == 1  # the window does not come back


def test_a_click_says_where_and_a_movement_does_not(paper: PaperWindow) -> None:
    with WindowSink() as sink:
        sink.write(FRAME, Poses.empty())
        assert paper.mouse is not None
        paper.mouse(cv2.EVENT_MOUSEMOVE, 5, 5, 0, None)
        assert sink.chosen_px is None
        paper.mouse(cv2.EVENT_LBUTTONDOWN, 3, 4, 0, None)
        assert sink.chosen_px == (3.0, 4.0)


def gui(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: f"  GUI:             {name}\n")


def test_no_display_is_one_line_before_opencv_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with pytest.raises(SinkError, match=r"no display \(DISPLAY is not set\); use --out FILE"):
        check_display("linux", {})


def test_a_dead_display_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with pytest.raises(SinkError, match="no display answers at DISPLAY=:987"):
        check_display("linux", {"DISPLAY": ":987"})


def test_wayland_alone_is_not_enough_for_qt(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with pytest.raises(SinkError, match="speaks X11 only"):
        check_display("linux", {"WAYLAND_DISPLAY": "wayland-0"})


def test_a_display_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "QT5")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check_display("linux", {"DISPLAY": f"127.0.0.1:{port - 6000}.0"})


def test_a_headless_opencv_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "NONE")
    with pytest.raises(SinkError, match="built without windows"):
        check_display("darwin", {})


def test_other_systems_always_have_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    gui(monkeypatch, "COCOA")
    check_display("darwin", {})
