"""Tracking session of the live page: tracker, requested changes, statistics and recording."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from blazetrack.angles import angle_keypoints, joint_angles
from blazetrack.errors import BlazetrackError, SinkError
from blazetrack.graph import Trace
from blazetrack.pipeline import PoseTracker
from blazetrack.render import draw_poses
from blazetrack.sinks.recording import RecordingSink
from blazetrack.types import Frame, Poses
from blazetrack.web.access import Limits
from blazetrack.web.choice import Choice, MakeTracker, tracker_values
from blazetrack.web.protocol import TrackedFrame
from blazetrack.web.recordings import Recordings, file_size

__all__ = ["FAULT", "Session", "TrackerStats"]

FAULT = "internal error in blazetrack; see the terminal of the server"
STATS_EVERY_S = 0.5
FPS_WINDOW_S = 2.0
FPS_FRAMES = 1000  # upper bound of the frames in the window

LOG = logging.getLogger(__name__)


class TrackerStats:
    """Frame rate and times of a tracker; `clock` is monotonic time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=FPS_FRAMES)
        self._frames = self._new_frames = 0

    def attach(self, tracker: PoseTracker, trace: Trace) -> None:
        """Read another tracker and the trace that times it."""
        self._tracker, self._trace = tracker, trace
        self._totals: dict[str, float] = {}
        self._network_s = 0.0
        self._detector_runs = 0

    def count(self) -> tuple[float, bool]:
        """Count a frame; its time in the networks in milliseconds, and whether the detector ran."""
        self._frames += 1
        self._new_frames += 1
        self._times.append(self._clock())
        network_s, self._network_s = self._network_s, self._tracker.network_seconds
        runs, self._detector_runs = self._detector_runs, self._tracker.detector_runs
        return 1e3 * (self._network_s - network_s), self._detector_runs > runs

    def read(self) -> dict[str, Any]:
        """Statistics; the times of the nodes are milliseconds per frame since the last call."""
        frames, self._new_frames = max(1, self._new_frames), 0
        nodes = []
        for row in self._trace.summary():
            spent = row.total_ms - self._totals.get(row.name, 0.0)
            self._totals[row.name] = row.total_ms
            nodes.append([row.name, round(spent / frames, 3)])
        now = self._clock()
        while self._times and self._times[0] < now - FPS_WINDOW_S:
            self._times.popleft()
        return {
            "fps": round(len(self._times) / FPS_WINDOW_S, 1),
            "frames": self._frames,
            "detector_runs": self._tracker.detector_runs,
            "nodes": nodes,
        }


class Session:
    """A tracker that can be changed while it runs, with its statistics and its recording.

    Used by one thread at a time. The tracker is opened at its first use.

    Args:
        make: opens a tracker and the trace that times it.
        choice: initial options.
        source: name of the source; a change of it and of `paused` is up to the feeder.
        send: sends a message to the viewers, from any thread.
        recordings: registry of finished recordings.
        limits: maximum length and size of a recording.
        clock: monotonic time in seconds.
    """

    def __init__(
        self,
        make: MakeTracker,
        choice: Choice,
        source: str,
        send: Callable[[Mapping[str, Any]], None],
        recordings: Recordings,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.choice = choice
        self.source = source
        self.send = send
        self.paused = False
        self.following = False  # one of several people
        self.still = False  # the newest frame is a picture on its own
        self.recorded = 0  # frames of the current or last recording
        self._make = make
        self._recordings = recordings
        self._limits = limits
        self._clock = clock
        self._stats = TrackerStats(clock)
        self._stats_sent_s = float("-inf")
        self._tracker: PoseTracker | None = None
        self._recording: RecordingSink | None = None
        self._recording_start_s = 0.0

    @property
    def tracker(self) -> PoseTracker:
        """The tracker; `BlazetrackError` if it cannot be opened."""
        return self._tracker or self._open(self.choice)

    @property
    def recording(self) -> bool:
        """Whether frames are recorded."""
        return self._recording is not None

    def apply(self, changes: Mapping[str, Any]) -> None:
        """Apply requested changes, send an error for each that fails, and send the state.

        Args:
            changes: any of `source`, `paused`, `record` (bool), `follow` (a point in image pixels,
                or None for all people), and the fields of `Choice`.
        """
        options = dict(changes)
        self.source = options.pop("source", self.source)
        self.paused = options.pop("paused", self.paused)
        record, follow = options.pop("record", None), options.pop("follow", False)
        steps: list[Callable[[], None]] = []
        if record is False:
            steps.append(self.stop_recording)
        if options:
            steps.append(partial(self.change, **options))
        if follow is not False:
            steps.append(partial(self.follow, follow))
        if record:
            steps.append(self.start_recording)
        for step in (*steps, self.send_state):
            try:
                step()
            except BlazetrackError as error:
                self.send_error(str(error))

    def change(self, **options: Any) -> None:
        """Change fields of the choice; another tracker ends the recording.

        Raises:
            SinkError: the recording cannot be finished; the change is made.
            BlazetrackError: there is no such tracker; nothing is changed.
        """
        choice = self.choice.changed(**options)
        if replace(choice, smoothing=self.choice.smoothing) == self.choice:
            if choice.smoothing is not None and choice != self.choice:
                self.tracker.smoothing_strength = choice.smoothing
            self.choice = choice
            return
        before = self._tracker
        self._open(choice)
        if before is not None:
            before.close()
        self.choice, self.following = choice, False
        self.stop_recording()  # the columns of the table may be others

    def follow(self, at: tuple[float, float] | None) -> None:
        """Follow the person at a point in image pixels; None follows all people.

        Raises:
            GraphError: the graph cannot return one of several people.
        """
        self.tracker.follow(at)
        self.following = at is not None

    def begin(self) -> None:
        """Begin another film, picture or camera: nothing is carried over, all people are tracked.

        Raises:
            BlazetrackError: the tracker cannot be opened.
        """
        if self.following:
            self.follow(None)
        self.tracker.reset()

    def track(self, frame: Frame) -> TrackedFrame:
        """Track a frame, and record it if a recording runs.

        Raises:
            SinkError: the recording cannot be written; it has ended.
            BlazetrackError: the tracker cannot be opened or run.
        """
        tracker = self.tracker
        start = time.perf_counter()
        poses = tracker(frame)
        return self.observe(frame, poses, 1e3 * (time.perf_counter() - start))

    def observe(self, frame: Frame, poses: Poses, track_ms: float | None = None) -> TrackedFrame:
        """Count a frame that the tracker has tracked, and record it if a recording runs.

        `track_ms` is the time of the tracker; None is the time in the networks.

        Raises:
            SinkError: the recording cannot be written; it has ended.
        """
        network_ms, searching = self._stats.count()
        if self._recording is not None:
            self._record(self._recording, frame, poses)
        if frame.still != self.still:
            self.still = frame.still
            self.send_state()
        angles = joint_angles(poses.world_landmarks_m, self.tracker.skeleton)
        track_ms = network_ms if track_ms is None else track_ms
        return TrackedFrame(frame, poses, network_ms, track_ms, searching, angles)

    def state(self) -> dict[str, Any]:
        """Message of type `state`; `BlazetrackError` if the tracker cannot be opened."""
        tracker = self.tracker
        skeleton, model = tracker.skeleton, tracker.models.get("landmarks")
        return {
            "type": "state",
            "source": self.source,
            "paused": self.paused,
            "model": model.info.name if model else "",
            "graph": self._graph_name(tracker),
            "can_follow": tracker.can_follow,
            "following": self.following,
            "skeleton": {"names": skeleton.names, "edges": skeleton.edges},
            "angles": list(angle_keypoints(skeleton)),
            "recording": self.recording,
            **tracker_values(tracker),
        }

    def send_state(self) -> None:
        """Send the state to the viewers."""
        self.send(self.state())

    def send_error(self, text: str) -> None:
        """Send an error to the viewers."""
        self.send({"type": "error", "text": text})

    def stats(self) -> dict[str, Any]:
        """Statistics, see `TrackerStats.read`."""
        return self._stats.read() | {"recorded": self.recorded}

    def send_stats(self, **more: Any) -> None:
        """Send statistics to the viewers, at most every `STATS_EVERY_S`."""
        now = self._clock()
        if now - self._stats_sent_s >= STATS_EVERY_S:
            self._stats_sent_s = now
            self.send({"type": "stats", **more, **self.stats()})

    def start_recording(self) -> None:
        """Record the following frames, see `RecordingSink`; no effect while a recording runs.

        Raises:
            SinkError: the files cannot be written.
        """
        if self._recording is None:
            skeleton = self.tracker.skeleton
            self._recording = RecordingSink(self._recordings.stem(), skeleton=skeleton)
            self.recorded, self._recording_start_s = 0, self._clock()

    def stop_recording(self) -> None:
        """Finish the recording, if there is one, and send links to its files.

        Raises:
            SinkError: a file cannot be finished; the others are.
        """
        recording, self._recording = self._recording, None
        if recording is None:
            return
        try:
            recording.close()
        finally:
            files = self._recordings.add(recording.files)
            self.send({"type": "recording", "frames": recording.frames, "files": files})
            self.send_state()

    def close(self) -> None:
        """Finish the recording and close the tracker; further calls have no effect."""
        try:
            self.stop_recording()
        except SinkError as error:
            LOG.error("%s", error)
            self.send_error(str(error))
        finally:
            if self._tracker is not None:
                self._tracker.close()

    def _open(self, choice: Choice) -> PoseTracker:
        tracker, trace = self._make(choice)
        if tracker.can_smooth and choice.smoothing is not None:
            tracker.smoothing_strength = choice.smoothing
        self._tracker = tracker
        self._stats.attach(tracker, trace)
        return tracker

    def _graph_name(self, tracker: PoseTracker) -> str:
        """The graph as the page lists it; pictures on their own have another one by default."""
        if self.choice.graph is not None:
            return self.choice.graph
        return tracker.still_graph_name if self.still else tracker.graph.name

    def _record(self, recording: RecordingSink, frame: Frame, poses: Poses) -> None:
        image = draw_poses(frame.image, poses, self.tracker.skeleton)
        try:
            recording.write(frame, poses, image)
        except SinkError:
            with suppress(SinkError):  # the first error is reported
                self.stop_recording()
            raise
        self.recorded = recording.frames
        seconds = self._clock() - self._recording_start_s
        size = sum(file_size(path) or 0 for path in recording.files)
        if seconds > self._limits.recording_s or size > self._limits.recording_bytes:
            self.stop_recording()
