"""A window with the live picture: keys control it, a click selects the followed person."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from math import radians
from pathlib import Path

import cv2

from blazetrack.errors import SinkError
from blazetrack.pipeline import PoseTracker
from blazetrack.render import draw_poses
from blazetrack.sinks.base import Picture, Sink
from blazetrack.sinks.recording import RecordingSink, free_stem
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.sources.base import SourceInfo, env_default
from blazetrack.types import Frame, Poses
from blazetrack.views.display import INSTEAD, check_display, fit_screen, read_key
from blazetrack.views.live import draw_live

__all__ = ["KEYS", "Window"]

# Keys (\x1b is Esc), their label and text in the help, and the method of `Window` for each.
_COMMANDS = (
    (" ", "space", "pause, go on", "_toggle_pause"),
    ("n.", "n  .", "one frame on", "_step_on"),
    ("m", "m", "mirror", "_toggle_view"),
    ("s", "s", "smoothing on, off", "_toggle_smoothing"),
    ("b", "b", "regions", "_toggle_view"),
    ("w", "w", "people in space", "_toggle_view"),
    ("ad", "a  d", "turn them", "_turn"),
    ("p", "p", "save the picture", "_save_picture"),
    ("r", "r", "start, end a recording", "_toggle_recording"),
    ("h", "h", "this list", "_toggle_view"),
    ("q\x1b", "q  Esc", "quit", "_quit"),
    ("", "click", "follow this person", ""),
)
KEYS = tuple((label, text) for _, label, text, _ in _COMMANDS)
_METHODS = {key: method for keys, _, _, method in _COMMANDS for key in keys}

_TURN_RAD = radians(5)
_POLL_MS = 30  # between two key polls of a paused window
_NOTE_S = 4.0  # how long a message stays in the status line


class Window(Sink):
    """A window on this machine's screen; main thread only.

    As a view of a run (`blazetrack.runner.View`) it draws each frame itself. Outside a run,
    `write` shows the pictures that it is given.

    Args:
        title: window title.
        skeleton: column names of a recording's table; in a run, the tracker's is used.
        folder: destination of saved pictures and recordings.
        clock: seconds, for the frame rate.
        now: date in file names.

    Attributes:
        stop_requested: the user closed the window.
        saved: files written so far.

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
        self.stop_requested = False
        self.saved: list[Path] = []
        self._title, self._folder, self._clock, self._now = title, folder, clock, now
        self._skeleton = skeleton
        self._tracker: PoseTracker | None = None  # None outside a run
        self._on = dict.fromkeys("mbwh", False)  # view options by their key
        self._turn_rad = radians(30)
        self._paused = self._step = False
        self._recording: RecordingSink | None = None
        self._last: tuple[Frame, Poses] | None = None
        self._given: Picture | None = None  # last picture of `write`
        self._detector_ran = False  # for the last frame
        self._size = (0, 0)  # of the shown picture; (0, 0) before the window is open
        self._rate = _FrameRate()
        self._waiting = ""
        self._note, self._note_until = "", 0.0

    def begin(self, tracker: PoseTracker, info: SourceInfo) -> None:
        """Mirror a camera, pause at each still."""
        self._tracker, self._skeleton = tracker, tracker.skeleton
        self._on["m"], self._paused = info.is_camera, info.kind == "stills"

    def show(self, frame: Frame, poses: Poses, detector_ran: bool) -> None:
        """Draw and show a frame of a run; `SinkError` where the screen refuses it."""
        self._detector_ran = detector_ran
        self._take(frame, poses, None)

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        self._take(frame, poses, frame.image if picture is None else picture)

    def _take(self, frame: Frame, poses: Poses, given: Picture | None) -> None:
        if self.stop_requested:
            return
        self._last, self._given = (frame, poses), given
        self._record()
        self._waiting = ""
        self._rate.count(self._clock())
        self._show()
        self._poll(1)

    def wait_while_paused(self) -> None:
        """Return at the next key that continues or ends the run."""
        self._step = False
        paused = self._paused
        while self._paused and not self._step and not self.stop_requested:
            self._poll(_POLL_MS)
        if paused:
            self._rate = _FrameRate()

    def idle(self, waiting: str) -> None:
        """Handle keys while the next frame is not ready."""
        if self._last is None or self.stop_requested:
            return
        if waiting != self._waiting:
            self._waiting = waiting
            self._show()
        self._poll(1)

    def close(self) -> None:
        recording, self._recording = self._recording, None
        shown, self._size = self._size != (0, 0), (0, 0)
        try:
            if recording is not None:
                self._finish(recording)
        finally:
            if shown:
                with suppress(cv2.error):  # closed by the user before
                    cv2.destroyWindow(self._title)
                    cv2.waitKey(1)  # some systems close the window on this event only

    def _show(self) -> None:
        """Draw the last frame with the current settings."""
        canvas = self._picture(self._notes(), KEYS if self._on["h"] else ())
        height, width = canvas.shape[:2]
        try:
            if self._size == (0, 0):
                flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
                with env_default("QT_LOGGING_RULES", "default.warning=false"):  # read at its start
                    cv2.namedWindow(self._title, flags)
                cv2.setMouseCallback(self._title, self._on_mouse)
            if self._size != (width, height):
                cv2.resizeWindow(self._title, *fit_screen(width, height))
                self._size = (width, height)
            cv2.imshow(self._title, cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))
        except cv2.error as error:
            raise _not_shown(error) from None

    def _picture(self, notes: Sequence[str] = (), keys: Sequence[tuple[str, str]] = ()) -> Picture:
        assert self._last is not None
        if self._given is not None:
            return self._given[:, ::-1] if self._on["m"] else self._given
        frame, poses = self._last
        return draw_live(
            frame.image,
            poses,
            self._skeleton,
            mirror=self._on["m"],
            boxes=self._on["b"],
            turn_rad=self._turn_rad if self._on["w"] else None,
            notes=notes,
            keys=keys,
        )

    def _notes(self) -> list[str]:
        """The status line; `draw_live` explains `!` and `~`."""
        assert self._last is not None
        people = len(self._last[1])
        state = [f"following {people}"] if people else []
        state += ["searching"] if self._detector_ran else []
        notes = [self._rate.text(), ", ".join(state) or "no person"]
        if self._recording is not None:
            seconds = int(self._recording.seconds)
            notes.append(f"!REC {seconds // 60}:{seconds % 60:02}")
        if self._paused:
            notes.append("~paused")
        if self._tracker is not None and self._tracker.can_smooth and not self._tracker.smoothing:
            notes.append("~smoothing off")
        if self._waiting:
            notes.append(f"~{self._waiting}")
        return [note for note in (*notes, self._note) if note]

    def _poll(self, delay_ms: int) -> None:
        """Process window events for `delay_ms` and apply the key pressed."""
        try:
            key = read_key(delay_ms)
            closed = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error as error:
            raise _not_shown(error) from None
        if closed:
            self._quit()
            return
        expired = bool(self._note) and self._clock() >= self._note_until
        if expired:
            self._note = ""
        if key in _METHODS:
            getattr(self, _METHODS[key])(key)
        if (expired or key in _METHODS) and not self.stop_requested:
            self._show()

    def _notify(self, note: str) -> None:
        self._note, self._note_until = note, self._clock() + _NOTE_S

    def _warn(self, problem: str) -> None:
        self._notify(f"!{problem}")
        self.warnings.append(problem)

    def _quit(self, key: str = "") -> None:
        self.stop_requested = True

    def _toggle_pause(self, key: str) -> None:
        self._paused = not self._paused

    def _step_on(self, key: str) -> None:
        self._paused = self._step = True

    def _toggle_view(self, key: str) -> None:
        self._on[key] = not self._on[key]

    def _turn(self, key: str) -> None:
        self._on["w"] = True
        self._turn_rad += _TURN_RAD if key == "d" else -_TURN_RAD

    def _toggle_smoothing(self, key: str) -> None:
        if self._tracker is None or not self._tracker.can_smooth:
            self._notify("~this graph does not smooth")
            return
        self._tracker.smoothing = not self._tracker.smoothing

    def _free_stem(self) -> Path:
        return free_stem(self._folder, self._now().strftime("%Y-%m-%d"))

    def _save_picture(self, key: str) -> None:
        path = self._free_stem().with_suffix(".png")
        _, data = cv2.imencode(".png", cv2.cvtColor(self._picture(), cv2.COLOR_RGB2BGR))
        try:
            with open(path, "xb") as file:
                file.write(data.tobytes())
        except OSError as error:
            self._warn(f"{path}: cannot be written ({error.strerror})")
            return
        self.saved.append(path)
        self._notify(f"saved {path.name}")

    def _toggle_recording(self, key: str) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            self._finish(recording)
            return
        try:
            self._recording = RecordingSink(self._free_stem(), skeleton=self._skeleton)
        except SinkError as error:
            self._warn(str(error))

    def _record(self) -> None:
        """Add the last frame to the recording; a failure ends the recording, not the run."""
        recording = self._recording
        if recording is None or self._last is None:
            return
        frame, poses = self._last
        picture = self._given
        if picture is None:
            picture = draw_poses(frame.image, poses, self._skeleton)
        try:
            recording.write(frame, poses, picture)
        except SinkError as error:
            self._recording = None
            self._warn(f"recording ended: {error}")
            self._finish(recording)

    def _finish(self, recording: RecordingSink) -> None:
        try:
            recording.close()
        except SinkError as error:
            self._warn(str(error))
        self.warnings += recording.warnings
        files = [path for path in recording.files if recording.frames and path.is_file()]
        self.saved += files
        if files and not self._note.startswith("!"):
            self._notify(f"saved {files[0].stem}: {' '.join(path.suffix for path in files)}")

    def _on_mouse(self, event: int, x: int, y: int, flags: int, _: object) -> None:
        if event != cv2.EVENT_LBUTTONDOWN or self._last is None or self._tracker is None:
            return
        if not self._tracker.can_follow:
            self._notify("~to choose one of several people: --people N")
            return
        frame, poses = self._last
        scale = frame.height / self._size[1]  # the picture fills the height, from the left edge
        x_px, y_px = (x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5
        if x_px < frame.width:
            point = (frame.width - 1 - x_px if self._on["m"] else x_px, y_px)
            row = poses.at(point)  # the id stays valid if the person is lost in the next frame
            self._tracker.follow(point if row is None else int(poses.ids[row]))


class _FrameRate:
    """Frames per second over the last 60 frames; the text changes twice per second."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=60)
        self._text = ""
        self._text_s = 0.0

    def count(self, now_s: float) -> None:
        """Add a frame."""
        self._times.append(now_s)
        span = now_s - self._times[0]
        if span > 0 and (not self._text or now_s - self._text_s >= 0.5):
            self._text = f"{(len(self._times) - 1) / span:.0f} FPS"
            self._text_s = now_s

    def text(self) -> str:
        """Such as `60 FPS`; empty before the second frame."""
        return self._text


def _not_shown(error: cv2.error) -> SinkError:
    return SinkError(f"window: cannot be shown ({error.err}); {INSTEAD}")
