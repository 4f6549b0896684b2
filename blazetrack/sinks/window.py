"""A window with the live picture: keys steer it, a click chooses whom to follow."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from math import radians
from pathlib import Path

import cv2

from blazetrack.errors import SinkError
from blazetrack.sinks.base import Picture, RunInfo, Sink, TrackState
from blazetrack.sinks.display import INSTEAD, check_display, comfortable, quiet_qt, read_key
from blazetrack.sinks.recording import Recording, free_stem
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["KEYS", "WindowSink"]

# What the help shows; `WindowSink._actions` says what each does.
KEYS = (
    ("space", "pause, go on"),
    ("n  .", "one frame on"),
    ("m", "mirror"),
    ("s", "smoothing on, off"),
    ("b", "regions"),
    ("w", "people in space"),
    ("a  d", "turn them"),
    ("p", "save the picture"),
    ("r", "start, end a recording"),
    ("h", "this list"),
    ("q  Esc", "quit"),
    ("click", "follow this person"),
)

_TURN_RAD = radians(5)
_LOOK_MS = 30  # how often a paused window looks for keys
_NOTE_S = 4.0  # how long it says what it has just done


class WindowSink(Sink):
    """A window on this machine's screen; must be used from the main thread.

    Part of a run, it draws each frame itself, in the way its keys ask for. Used by hand, it shows
    the pictures that it is given.

    Args:
        title: stands over the window.
        skeleton: names the columns of a recording's table, until `begin` tells better.
        folder: where saved pictures and recordings go.
        clock: seconds, for the frames per second.
        now: the date in the names of files.

    Attributes:
        saved: every file that was made.

    Raises:
        SinkError: OpenCV was built without windows, or there is no screen.
    """

    needs_picture = True

    def __init__(
        self,
        title: str = "blazetrack - h: keys, q: quit",
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        folder: str | os.PathLike[str] = "",
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        super().__init__("window")
        check_display()
        self.saved: list[Path] = []
        self._title, self._folder, self._clock, self._now = title, folder, clock, now
        self._run = RunInfo(_as_it_came, skeleton, can_follow=True)
        self._draws = False  # the picture it is given is drawn already
        self._mirror = self._boxes = self._world = self._help = False
        self._turn_rad = radians(30)
        self._paused = self._step = False
        self._asked_smoothing: bool | None = None  # until a frame comes that was tracked so
        self._recording: Recording | None = None
        self._last: tuple[Frame, Poses, Picture] | None = None
        self._size = (0, 0)  # of what is shown; (0, 0) before the window is there
        self._pace = _Pace()
        self._waiting = ""
        self._note, self._note_until = "", 0.0
        self._actions: dict[str, Callable[[], None]] = {
            " ": self._toggle_pause,
            "n": self._step_on,
            ".": self._step_on,
            "m": lambda: setattr(self, "_mirror", not self._mirror),
            "s": self._toggle_smoothing,
            "b": lambda: setattr(self, "_boxes", not self._boxes),
            "w": lambda: setattr(self, "_world", not self._world),
            "a": lambda: self._turn(-_TURN_RAD),
            "d": lambda: self._turn(_TURN_RAD),
            "p": self._save_picture,
            "r": self._toggle_recording,
            "h": lambda: setattr(self, "_help", not self._help),
            "q": self._quit,
            "\x1b": self._quit,  # Esc
        }

    def begin(self, run: RunInfo) -> None:
        self._run, self._draws = run, True
        self.needs_picture = False
        self._mirror, self._paused = run.is_camera, run.is_stills

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if self.stop_requested:
            return
        image = frame.image if picture is None else picture
        self._record(frame, poses, image)
        self._last = frame, poses, frame.image if self._draws else image
        if self.state.smoothing == self._asked_smoothing:
            self._asked_smoothing = None
        self._waiting = ""
        self._pace.count(self._clock())
        self._show()
        self._attend(1)

    def hold(self) -> None:
        self._step = False
        held = self._paused
        while self._paused and not self._step and not self.stop_requested:
            self._attend(_LOOK_MS)
        if held:
            self._pace = _Pace()

    def idle(self, waiting: str) -> None:
        if self._last is None or self.stop_requested:
            return
        if waiting != self._waiting:
            self._waiting = waiting
            self._show()
        self._attend(1)

    def close(self) -> None:
        recording, self._recording = self._recording, None
        shown, self._size = self._size != (0, 0), (0, 0)
        try:
            if recording is not None:
                self._finish(recording)
        finally:
            if shown:
                try:
                    cv2.destroyWindow(self._title)
                    cv2.waitKey(1)  # lets the window go on systems that need an event for it
                except cv2.error:
                    pass  # the user has closed it already

    def _show(self) -> None:
        """Draw the last frame as it is wanted now, and put it on the screen."""
        canvas = self._picture(self._notes(), KEYS if self._help else ())
        height, width = canvas.shape[:2]
        try:
            if self._size == (0, 0):
                flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
                with quiet_qt():
                    cv2.namedWindow(self._title, flags)
                cv2.setMouseCallback(self._title, self._on_mouse)
            if self._size != (width, height):
                cv2.resizeWindow(self._title, *comfortable(width, height))
                self._size = (width, height)
            cv2.imshow(self._title, cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))
        except cv2.error as error:
            raise SinkError(f"window: cannot be shown ({error.err}); {INSTEAD}") from None

    def _picture(self, notes: Sequence[str] = (), keys: Sequence[tuple[str, str]] = ()) -> Picture:
        assert self._last is not None
        _, poses, image = self._last
        return self._run.draw(
            image,
            poses,
            mirror=self._mirror,
            boxes=self._boxes,
            turn_rad=self._turn_rad if self._world else None,
            notes=notes,
            keys=keys,
        )

    def _notes(self) -> list[str]:
        """The status line; see `draw_live` for `!` and `~`."""
        assert self._last is not None
        notes = [self._pace.text(), _doing(len(self._last[1]), self.state)]
        if self._recording is not None:
            seconds = int(self._recording.seconds)
            notes.append(f"!REC {seconds // 60}:{seconds % 60:02}")
        if self._paused:
            notes.append("~paused")
        if self._run.can_smooth and not self._smoothing:
            notes.append("~smoothing off")
        if self._waiting:
            notes.append(f"~{self._waiting}")
        if self._note:
            notes.append(self._note)
        return [note for note in notes if note]

    def _attend(self, delay_ms: int) -> None:
        """Give the window its time, and do what the user asks for."""
        try:
            key = read_key(delay_ms)
            closed = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error as error:
            raise SinkError(f"window: cannot be shown ({error.err}); {INSTEAD}") from None
        if closed:
            self._quit()
            return
        old = bool(self._note) and self._clock() >= self._note_until
        if old:
            self._note = ""
        if key in self._actions:
            self._actions[key]()
        if (old or key in self._actions) and not self.stop_requested:
            self._show()

    def _say(self, note: str) -> None:
        self._note, self._note_until = note, self._clock() + _NOTE_S

    def _complain(self, problem: str) -> None:
        self._say(f"!{problem}")
        self.warnings.append(problem)

    def _quit(self) -> None:
        self.stop_requested = True

    def _toggle_pause(self) -> None:
        self._paused = not self._paused

    def _step_on(self) -> None:
        self._paused = self._step = True

    def _turn(self, angle_rad: float) -> None:
        self._world = True
        self._turn_rad += angle_rad

    @property
    def _smoothing(self) -> bool:
        return self.state.smoothing if self._asked_smoothing is None else self._asked_smoothing

    def _toggle_smoothing(self) -> None:
        if not self._run.can_smooth:
            self._say("~this graph does not smooth")
            return
        self.chosen_smoothing = self._asked_smoothing = not self._smoothing

    def _free_stem(self) -> Path:
        return free_stem(self._folder, self._now().strftime("%Y-%m-%d"))

    def _save_picture(self) -> None:
        path = self._free_stem().with_suffix(".png")
        _, data = cv2.imencode(".png", cv2.cvtColor(self._picture(), cv2.COLOR_RGB2BGR))
        try:
            with open(path, "xb") as file:
                file.write(data.tobytes())
        except OSError as error:
            self._complain(f"{path}: cannot be written ({error.strerror})")
            return
        self.saved.append(path)
        self._say(f"saved {path.name}")

    def _toggle_recording(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            self._finish(recording)
            return
        try:
            self._recording = Recording(self._free_stem(), skeleton=self._run.skeleton)
        except SinkError as error:
            self._complain(str(error))
            return
        self.needs_picture = True

    def _record(self, frame: Frame, poses: Poses, picture: Picture) -> None:
        """Add a frame to the recording; the run goes on where it fails."""
        recording = self._recording
        if recording is None:
            return
        try:
            recording.write(frame, poses, picture)
        except SinkError as error:
            self._recording = None
            self._complain(f"recording ended: {error}")
            self._finish(recording)

    def _finish(self, recording: Recording) -> None:
        self.needs_picture = not self._draws
        try:
            recording.close()
        except SinkError as error:
            self._complain(str(error))
        self.warnings += recording.warnings
        files = [path for path in recording.files if recording.frames and path.is_file()]
        self.saved += files
        if files and not self._note.startswith("!"):
            self._say(f"saved {files[0].stem}: {' '.join(path.suffix for path in files)}")

    def _on_mouse(self, event: int, x: int, y: int, flags: int, _: object) -> None:
        if event != cv2.EVENT_LBUTTONDOWN or self._last is None:
            return
        if not self._run.can_follow:
            self._say("~to choose one of several people: --people N")
            return
        frame, poses, _ = self._last
        scale = frame.height / self._size[1]  # the picture fills the height from the left edge on
        x_px, y_px = (x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5
        if x_px < frame.width:
            point = (frame.width - 1 - x_px if self._mirror else x_px, y_px)
            row = poses.at(point)  # who is seen there may be out of sight in the next frame
            self.chosen = point if row is None else int(poses.ids[row])


class _Pace:
    """Frames per second over the last ones, steady enough to be read."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=60)
        self._text = ""
        self._text_s = 0.0

    def count(self, now_s: float) -> None:
        """A frame has come."""
        self._times.append(now_s)
        span = now_s - self._times[0]
        if span > 0 and (not self._text or now_s - self._text_s >= 0.5):
            self._text = f"{(len(self._times) - 1) / span:.0f} FPS"
            self._text_s = now_s

    def text(self) -> str:
        """Such as `60 FPS`; empty before the second frame."""
        return self._text


def _doing(people: int, state: TrackState) -> str:
    if not people:
        return "searching" if state.searched else "nobody"
    return f"following {people}" + (", searching" if state.searched else "")


def _as_it_came(
    image: Picture,
    poses: Poses,
    *,
    mirror: bool = False,
    boxes: bool = False,
    turn_rad: float | None = None,
    notes: Sequence[str] = (),
    keys: Sequence[tuple[str, str]] = (),
) -> Picture:
    return image[:, ::-1] if mirror else image
