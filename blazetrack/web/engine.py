"""A tracker that can be changed while it runs, with its figures and its recording.

For one thread at a time: the broadcast's own, or the one that works for all browser cameras.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from blazetrack.errors import BlazetrackError, InputError, SinkError
from blazetrack.graph import Trace
from blazetrack.pipeline import PoseTracker
from blazetrack.render import draw_poses
from blazetrack.sinks.recording import RecordingSink
from blazetrack.skeleton import Skeleton
from blazetrack.types import Frame, Poses
from blazetrack.web.limits import Limits
from blazetrack.web.stats import Meter, describe

__all__ = ["Choice", "Engine", "MakeTracker", "Recorded", "Tracked"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a page can choose of a tracker.

    Attributes:
        model: landmark model; None is the graph's own.
        graph: None is the one that fits the number of people.
        people: how many to follow at most.
        smoothing: filter landmarks over time.
    """

    model: str | None = None
    graph: str | None = None
    people: int = 1
    smoothing: bool = True


MakeTracker = Callable[[Choice, Trace], PoseTracker]
Recorded = Callable[[int, list[Path]], None]


class Tracked(NamedTuple):
    """A frame that is done.

    Attributes:
        frame: it.
        poses: the people in it.
        network_ms: how long the networks took.
        track_ms: how long all of it took.
        searching: the detector looked for people.
    """

    frame: Frame
    poses: Poses
    network_ms: float
    track_ms: float
    searching: bool


class Engine:
    """Tracks frames, counts, and records on demand.

    Args:
        make: a tracker for a choice; it is told of a trace to hook in.
        choice: to begin with.
        recorded: is told of each recording that has ended, for whatever reason: how many frames,
            and which files are there.
        clock: seconds, never going back.

    Raises:
        BlazetrackError: the tracker cannot be made.
    """

    def __init__(
        self,
        make: MakeTracker,
        choice: Choice,
        recorded: Recorded,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._recorded = recorded
        self._clock = clock
        self._meter = Meter(clock)
        self._recording: RecordingSink | None = None
        self._began_s = 0.0
        self.recorded = 0
        self.choice = choice
        self._trace = Trace(window=1)
        self._tracker = self._open(choice, self._trace)

    @property
    def skeleton(self) -> Skeleton:
        """The keypoint set of the results."""
        return self._tracker.skeleton

    @property
    def frames(self) -> int:
        """How many were tracked."""
        return self._meter.frames

    @property
    def recording(self) -> bool:
        """Whether frames are being written."""
        return self._recording is not None

    def about(self) -> dict[str, Any]:
        """What runs, for the page."""
        about = {"people": self.choice.people, "recording": self.recording}
        return describe(self._tracker) | about

    def change(self, **wanted: Any) -> None:
        """Change the choice; another tracker ends the recording, whose columns may be others.

        Raises:
            SinkError: the recording cannot be finished; the rest is done.
            BlazetrackError: there is no such tracker; all stays as it was.
        """
        choice = replace(self.choice, **wanted)
        if replace(choice, smoothing=self.choice.smoothing) == self.choice:
            self._tracker.smoothing = choice.smoothing
            self.choice = choice
            return
        trace = Trace(window=1)
        tracker = self._open(choice, trace)
        self._tracker.close()
        self._tracker, self._trace = tracker, trace
        self._meter.begin_trace()
        self.choice = choice
        self.stop_recording()

    def follow(self, at: tuple[float, float] | None) -> None:
        """Follow whoever is at a point in image pixels, or everybody again.

        Raises:
            GraphError: the graph follows everybody.
        """
        self._tracker.follow(at)

    def track(self, frame: Frame) -> Tracked:
        """Find the people of a frame, and record it where that is wanted.

        Raises:
            SinkError: the recording cannot be written; it has ended then.
        """
        networks, looked = self._tracker.network_seconds, self._tracker.detector_runs
        start = time.perf_counter()
        poses = self._tracker(frame)
        track_ms = 1e3 * (time.perf_counter() - start)
        self._meter.count()
        self._write(frame, poses)
        network_ms = 1e3 * (self._tracker.network_seconds - networks)
        searching = self._tracker.detector_runs > looked
        return Tracked(frame, poses, network_ms, track_ms, searching)

    def stats(self) -> dict[str, Any]:
        """Figures since they were last asked for: milliseconds a frame of each node among them."""
        return self._meter.stats(self._tracker, self._trace) | {"recorded": self.recorded}

    def start_recording(self, stem: Path) -> None:
        """Write each frame from now on to a film, JSON lines and a table: see `Recording`.

        Raises:
            InputError: one runs already.
            SinkError: nothing can be written there.
        """
        if self._recording is not None:
            raise InputError("recording: one runs already; end it first")
        self._recording = RecordingSink(stem, skeleton=self.skeleton)
        self.recorded, self._began_s = 0, self._clock()

    def stop_recording(self) -> None:
        """Finish the files; nothing where none are written.

        Raises:
            SinkError: one cannot be finished; the others are.
        """
        recording, self._recording = self._recording, None
        if recording is None:
            return
        try:
            recording.close()
        finally:
            self._recorded(recording.frames, [path for path in recording.files if path.is_file()])

    def end_long_recording(self, limits: Limits) -> None:
        """Finish the recording where it has become as long as one may be.

        Raises:
            SinkError: one of the files cannot be finished; the others are.
        """
        if self._recording is None:
            return
        size = sum(path.stat().st_size for path in self._recording.files if path.is_file())
        if self._clock() - self._began_s > limits.recording_s or size > limits.recording_bytes:
            self.stop_recording()

    def close(self) -> None:
        """Let go of the models and finish the recording; harmless when called twice."""
        try:
            self.stop_recording()
        finally:
            self._tracker.close()

    def _open(self, choice: Choice, trace: Trace) -> PoseTracker:
        tracker = self._make(choice, trace)
        try:
            if not choice.smoothing:
                tracker.smoothing = False
        except BlazetrackError:
            tracker.close()
            raise
        return tracker

    def _write(self, frame: Frame, poses: Poses) -> None:
        if self._recording is None:
            return
        picture = draw_poses(frame.image, poses, self.skeleton)
        try:
            self._recording.write(frame, poses, picture)
        except SinkError:
            with suppress(SinkError):  # the first failure is the one to tell
                self.stop_recording()
            raise
        self.recorded = self._recording.frames
