"""The window, without opening one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.runner import View
from blazetrack.sinks import open_sink
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import SourceInfo
from blazetrack.types import Frame, Poses
from blazetrack.views import window
from blazetrack.views.display import read_key
from blazetrack.views.window import KEYS, Window

FRAME = Frame(np.full((6, 8, 3), (255, 0, 0), np.uint8))
NAME = "blazetrack_2025-03-01_{}"


class PaperWindow:
    """Stands for OpenCV's window functions: `keys` are pressed one after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[str | int] = []
        self.visible, self.shown, self.open = 1.0, [], False
        self.sizes: list[tuple[int, int]] = []
        self.mouse: Callable[..., None] | None = None
        replacements: dict[str, Callable[..., Any]] = {
            "namedWindow": lambda *_: setattr(self, "open", True),
            "resizeWindow": lambda title, *size: self.sizes.append(size),
            "setMouseCallback": lambda title, call: setattr(self, "mouse", call),
            "imshow": lambda title, image: self.shown.append(image),
            "waitKey": lambda delay: -1,
            "waitKeyEx": self.press,
            "getWindowProperty": lambda *_: self.visible,
            "destroyWindow": lambda *_: setattr(self, "open", False),
        }
        for name, replacement in replacements.items():
            monkeypatch.setattr(cv2, name, replacement)
        monkeypatch.setattr(window, "check_display", lambda: None)

    def press(self, delay_ms: int) -> int:
        key = self.keys.pop(0) if self.keys else -1
        return ord(key) if isinstance(key, str) else key


class PaperPen:
    """Replaces `draw_live`: records its arguments, and makes a wide picture."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, image: Any, poses: Poses, skeleton: Any, **options: Any) -> Any:
        self.calls.append(options)
        wide = 2 if options["turn_rad"] is None else 3
        return np.repeat(np.repeat(image, 2, axis=0), wide, axis=1)

    @property
    def last(self) -> dict[str, Any]:
        return self.calls[-1]


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> PaperWindow:
    return PaperWindow(monkeypatch)


class PaperTracker:
    """What a window reads of a tracker, and changes."""

    def __init__(self, able: bool = True) -> None:
        self.skeleton = BLAZEPOSE33
        self.can_follow = self.can_smooth = self.smoothing = able
        self.followed: list[Any] = []

    def follow(self, choice: Any) -> None:
        self.followed.append(choice)


@pytest.fixture
def pen(monkeypatch: pytest.MonkeyPatch) -> PaperPen:
    pen = PaperPen()
    monkeypatch.setattr(window, "draw_live", pen)
    return pen


@pytest.fixture
def tracker() -> Any:
    return PaperTracker()


@pytest.fixture
def sink(paper: PaperWindow, pen: PaperPen, tracker: Any, tmp_path: Path) -> Window:
    """A window that is part of a run, on the first of March."""
    made = Window(folder=tmp_path, clock=lambda: 0.0, now=lambda: datetime(2025, 3, 1))
    made.begin(tracker, SourceInfo("clip", "video"))
    return made


def show(
    sink: Window,
    paper: PaperWindow,
    keys: str = "",
    frame: Frame = FRAME,
    poses: Poses | None = None,
    detector_ran: bool = False,
) -> None:
    """Show a frame, and press keys before the next one."""
    sink.show(frame, Poses.empty() if poses is None else poses, detector_ran)
    for key in keys:
        paper.keys.append(key)
        sink.idle("")


def test_window_write_shows_bgr_picture(paper: PaperWindow) -> None:
    with open_sink("window") as sink:
        assert sink.needs_picture
        assert isinstance(sink, View)  # part of a run, it draws for itself
        sink.write(FRAME, Poses.empty(), FRAME.image)
        assert paper.open
        assert not sink.stop_requested
    assert paper.shown[0][0, 0].tolist() == [0, 0, 255]
    assert not paper.open


def test_window_show_draws_people(sink: Window, paper: PaperWindow, pen: PaperPen) -> None:
    show(sink, paper)
    assert paper.shown[0].shape == (12, 16, 3)
    assert pen.last["mirror"] is False
    assert pen.last["turn_rad"] is None


@pytest.mark.parametrize("key", ["q", "Q", 27])
def test_window_q_and_escape_request_stop(paper: PaperWindow, key: str | int) -> None:
    paper.keys = [key]
    with Window() as sink:
        sink.write(FRAME, Poses.empty())
        assert sink.stop_requested
        sink.write(FRAME, Poses.empty())
    assert len(paper.shown) == 1  # the window does not come back


def test_window_close_button_requests_stop(paper: PaperWindow) -> None:
    paper.visible = 0.0
    with Window() as sink:
        sink.write(FRAME, Poses.empty())
        assert sink.stop_requested


def test_window_camera_is_mirrored(
    sink: Window, paper: PaperWindow, pen: PaperPen, tracker: Any
) -> None:
    sink.begin(tracker, SourceInfo("camera 0", "live", is_camera=True))
    show(sink, paper)
    assert pen.last["mirror"] is True


@pytest.mark.parametrize(
    ("key", "name", "off", "on"),
    [("m", "mirror", False, True), ("b", "boxes", False, True), ("h", "keys", (), KEYS)],
)
def test_window_key_toggles_option(
    sink: Window, paper: PaperWindow, pen: PaperPen, key: str, name: str, off: Any, on: Any
) -> None:
    show(sink, paper)
    assert pen.last[name] == off
    show(sink, paper, key)
    assert pen.last[name] == on
    show(sink, paper, key)
    assert pen.last[name] == off


def test_window_world_view_turns_and_widens(
    sink: Window, paper: PaperWindow, pen: PaperPen
) -> None:
    show(sink, paper, "w")
    first = pen.last["turn_rad"]
    show(sink, paper, "ddd")
    assert pen.last["turn_rad"] == pytest.approx(first + np.radians(15))
    show(sink, paper, "a")
    assert pen.last["turn_rad"] == pytest.approx(first + np.radians(10))
    assert paper.sizes == [(16, 12), (24, 12)]


@pytest.mark.parametrize(("code", "key"), [(65361, "a"), (65363, "d"), (0x100000 | 113, "q")])
def test_read_key_arrows_are_mapped(paper: PaperWindow, code: int, key: str) -> None:
    paper.keys = [code]
    assert read_key(1) == key


def test_window_status_line(
    sink: Window, paper: PaperWindow, pen: PaperPen, tracker: Any, people: Any
) -> None:
    ticks = iter(np.arange(100) / 20)
    sink._clock = lambda: float(next(ticks))
    show(sink, paper, detector_ran=True)
    assert pen.last["notes"] == ["searching"]
    show(sink, paper, poses=people((4, 3, 2), (5, 3, 2)), detector_ran=True)
    assert pen.last["notes"] == ["20 FPS", "following 2, searching"]
    tracker.smoothing = False
    show(sink, paper, poses=people((4, 3, 2)))
    assert pen.last["notes"] == ["20 FPS", "following 1", "~smoothing off"]
    sink.idle("waiting for camera 0")
    assert pen.last["notes"][-1] == "~waiting for camera 0"
    show(sink, paper)
    assert "no person" in pen.last["notes"]


def test_window_pause_lasts_until_key(sink: Window, paper: PaperWindow, pen: PaperPen) -> None:
    show(sink, paper)
    sink.wait_while_paused()  # does not hold
    paper.keys = [" ", -1, -1, "m", " "]
    sink.idle("")
    sink.wait_while_paused()
    assert paper.keys == []
    assert pen.last["mirror"] is True  # keys work in a pause


def test_window_step_is_one_frame(sink: Window, paper: PaperWindow) -> None:
    show(sink, paper, " ")
    paper.keys = ["n", ".", "q"]
    sink.wait_while_paused()
    assert paper.keys == [".", "q"]
    paper.keys.insert(0, -1)
    show(sink, paper)
    sink.wait_while_paused()
    assert paper.keys == ["q"]
    paper.keys.insert(0, -1)
    show(sink, paper)
    sink.wait_while_paused()
    assert sink.stop_requested


def test_window_stills_wait_for_key(
    sink: Window, paper: PaperWindow, pen: PaperPen, tracker: Any
) -> None:
    sink.begin(tracker, SourceInfo("folder", "stills"))
    show(sink, paper)
    paper.keys = [-1, -1, " "]
    sink.wait_while_paused()
    assert paper.keys == []


def test_window_smoothing_key_switches_tracker(
    sink: Window, paper: PaperWindow, pen: PaperPen, tracker: Any
) -> None:
    show(sink, paper, "s")
    assert tracker.smoothing is False
    assert "~smoothing off" in pen.last["notes"]
    show(sink, paper, "s")
    assert tracker.smoothing is True
    assert "~smoothing off" not in pen.last["notes"]


def test_window_smoothing_key_graph_cannot_smooth_shows_hint(
    sink: Window, paper: PaperWindow, pen: PaperPen
) -> None:
    tracker: Any = PaperTracker(able=False)
    sink.begin(tracker, SourceInfo("clip", "video"))
    show(sink, paper, "s")
    assert pen.last["notes"][-1] == "~this graph does not smooth"


def test_window_saved_picture_has_no_notes_and_new_name(
    sink: Window, paper: PaperWindow, pen: PaperPen, tmp_path: Path
) -> None:
    (tmp_path / (NAME.format("001") + ".mp4")).write_text("another video")
    show(sink, paper, "pp")
    names = [NAME.format(number) + ".png" for number in ("002", "003")]
    assert [path.name for path in sink.saved] == names
    assert pen.calls[-2]["notes"] == ()
    assert pen.last["notes"][-1] == f"saved {names[1]}"
    picture = cv2.imread(str(tmp_path / names[0]))
    assert picture is not None
    assert picture[0, 0].tolist() == [0, 0, 255]


def test_window_saving_fails_run_continues(
    sink: Window, paper: PaperWindow, pen: PaperPen, tmp_path: Path
) -> None:
    sink._folder = tmp_path / "none"
    show(sink, paper, "p")
    assert not sink.stop_requested
    assert sink.saved == []
    assert "cannot be written" in sink.warnings[0]
    assert pen.last["notes"][-1].startswith("!")


def test_window_recording_has_frames_between_keys(
    sink: Window, paper: PaperWindow, pen: PaperPen, tmp_path: Path
) -> None:
    frames = [Frame(np.zeros((16, 16, 3), np.uint8), n, n / 10) for n in range(40)]
    show(sink, paper, "r", frames[0])
    for frame in frames[1:25]:
        show(sink, paper, "", frame)
    assert "!REC 0:02" in pen.last["notes"]
    show(sink, paper, "r", frames[25])
    show(sink, paper, "", frames[26])
    stem = NAME.format("001")
    assert {path.name for path in sink.saved} == {stem + end for end in (".mp4", ".jsonl", ".csv")}
    assert len((tmp_path / (stem + ".jsonl")).read_text().splitlines()) == 25
    assert pen.last["notes"][-1] == f"saved {stem}: .mp4 .jsonl .csv"


def test_window_close_finishes_recording(sink: Window, paper: PaperWindow, tmp_path: Path) -> None:
    show(sink, paper, "r")
    show(sink, paper)
    sink.close()
    sink.close()
    assert [path.suffix for path in sink.saved] == [".mp4", ".jsonl", ".csv"]


def test_window_recording_fails_run_continues(
    sink: Window, paper: PaperWindow, pen: PaperPen, tmp_path: Path
) -> None:
    show(sink, paper, "r")
    for ending in (".mp4", ".jsonl", ".csv"):
        (tmp_path / (NAME.format("001") + ending)).mkdir()
    show(sink, paper)
    assert not sink.stop_requested
    assert sink.saved == []
    assert "recording ended: " in sink.warnings[0]
    assert not any(note.startswith("!REC") for note in pen.last["notes"])
    show(sink, paper)


def test_window_recording_without_frame_leaves_no_file(
    sink: Window, paper: PaperWindow, tmp_path: Path
) -> None:
    show(sink, paper, "rr")
    assert sink.saved == []
    assert list(tmp_path.iterdir()) == []


def click(paper: PaperWindow, x: int, y: int, event: int = cv2.EVENT_LBUTTONDOWN) -> None:
    assert paper.mouse is not None
    paper.mouse(event, x, y, 0, None)


def test_window_click_on_person_follows_the_shown_id(
    sink: Window, paper: PaperWindow, tracker: Any, people: Any
) -> None:
    """Not the person at that point in the next frame: the tracker may lose them for a moment."""
    show(sink, paper, poses=replace(people((2, 3, 2), (7, 3, 1)), ids=np.array([5, 8])))
    for x in (6, 14):
        click(paper, x, 6)
    assert tracker.followed == [5, 8]
    click(paper, 10, 0)
    assert tracker.followed[2] == (4.75, -0.25)


def test_window_click_is_converted_to_frame_pixels(
    sink: Window, paper: PaperWindow, tracker: Any
) -> None:
    show(sink, paper, "w")
    click(paper, 4, 2, cv2.EVENT_MOUSEMOVE)
    assert tracker.followed == []
    click(paper, 4, 2)  # the picture is twice as large
    assert tracker.followed == [(1.75, 0.75)]
    click(paper, 20, 2)  # the world landmarks beside it
    assert len(tracker.followed) == 1
    show(sink, paper, "m")
    click(paper, 4, 2)
    assert tracker.followed[1] == (7 - 1.75, 0.75)


def test_window_click_graph_cannot_follow_shows_hint(
    sink: Window, paper: PaperWindow, pen: PaperPen
) -> None:
    tracker: Any = PaperTracker(able=False)
    sink.begin(tracker, SourceInfo("clip", "video"))
    show(sink, paper)
    click(paper, 4, 2)
    assert tracker.followed == []
    show(sink, paper)
    assert "--people N" in pen.last["notes"][-1]
