"""Run a tracker over a source, write its results to sinks and views, and report."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from blazetrack.common.signals import Terminated, hold_interrupt
from blazetrack.errors import SinkError
from blazetrack.graph import NodeSummary, Pipelining, Trace
from blazetrack.pipeline import PoseTracker
from blazetrack.render import draw_poses
from blazetrack.sinks import Sink
from blazetrack.sinks.base import complete
from blazetrack.sources import Source, SourceInfo
from blazetrack.types import Frame, Poses

__all__ = ["Report", "Schedule", "View", "check_world", "run"]

Schedule = Literal["threaded", "serial"]

# Frames that wait between two threads, at most.
MAX_WAITING, MAX_WAITING_BYTES = 4, 8 << 20

_Tracked: TypeAlias = tuple[Frame, Poses, bool]  # the last: a detector ran for this frame


@runtime_checkable
class View(Protocol):
    """Shows a run live, and applies its user's requests to the tracker.

    All methods are called from the thread of `run`.

    Attributes:
        stop_requested: the user wants the run to end.
        warnings: one line per problem that did not end the run.
    """

    stop_requested: bool
    warnings: list[str]

    def begin(self, tracker: PoseTracker, info: SourceInfo) -> None:
        """Prepare for the first frame."""
        return  # optional

    def show(self, frame: Frame, poses: Poses, detector_ran: bool) -> None:
        """Show a frame; `SinkError` where that is not possible."""

    def wait_while_paused(self) -> None:
        """Block while the user pauses the run; called after each frame, off the run's clock."""

    def idle(self, waiting: str) -> None:
        """Handle the user's input; called repeatedly while the next frame is not ready.

        Args:
            waiting: what the source waits for, empty in normal operation.
        """
        return  # optional

    def close(self) -> None:
        """Finish; idempotent."""


@dataclass
class Report:
    """Result of a run.

    Attributes:
        source: name of the source.
        frames: number of tracked frames.
        frames_with_people: frames with at least one person.
        ids: all ids, in the order of their appearance.
        models: role in the graph → name of the model.
        detector_runs: number of detector runs.
        seconds: wall time from the first frame to the end, without pauses.
        fps: frames per second over that time.
        time_faults: frames whose timestamp does not increase.
        dropped: frames of a live source that arrived while the tracker was busy.
        skipped: pictures or packets that could not be read.
        signal: number of the signal that ended the run: 2 for Ctrl-C, 15 for `kill`; else None.
        warnings: one line per problem that did not end the run.
        nodes: time of each node and stage.
    """

    source: str
    frames: int = 0
    frames_with_people: int = 0
    ids: list[int] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)
    detector_runs: int = 0
    seconds: float = 0.0
    fps: float = 0.0
    time_faults: int = 0
    dropped: int = 0
    skipped: int = 0
    signal: int | None = None
    warnings: list[str] = field(default_factory=list)
    nodes: list[NodeSummary] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON; `interrupted` where a signal ended the run."""
        return asdict(self) | {"interrupted": self.signal is not None}


def run(
    source: Source,
    tracker: PoseTracker,
    sinks: Sequence[Sink | View] = (),
    *,
    schedule: Schedule = "threaded",
    trace: Trace | None = None,
    on_frame: Callable[[Frame, Poses], None] | None = None,
) -> Report:
    """Track every frame of a source; write it to the sinks, show it in the views.

    Sinks and views are closed at the end, also after an error or Ctrl-C: the report then has a
    `signal`, and all files end with the same frame. If a sink fails, the others are finished.

    Args:
        source: the frames.
        tracker: a fresh one; made with `hooks=[trace]` to have its nodes in the trace.
        sinks: outputs and views; a view may end the run.
        schedule: `threaded` reads, tracks and writes in parallel; `serial` in turn. Results are
            equal, but a threaded live source that is too fast loses its oldest frames.
        trace: also times reading, drawing and writing.
        on_frame: called after each frame, such as by a progress bar; off the clock of a serial run.

    Raises:
        SinkError: an output failed; the message lists the complete part of each file. Or one needs
            world landmarks, which the model does not give.
    """
    check_world(tracker, sinks)
    job = _Job(source, tracker, sinks, trace or Trace())
    report = Report(source.info.name)
    ahead: Pipelining[Frame, _Tracked] | None = None
    if schedule == "threaded":
        live, depth = source.info.kind == "live", _depth(source.info)
        ahead = Pipelining(job.read(), job.track, depth=depth, drop_oldest=live, idle=job.idle)
    try:
        with ExitStack() as stack:
            for sink in sinks:
                stack.callback(job.close, sink)
            for view in job.views:
                view.begin(tracker, source.info)
            tracked: Iterable[_Tracked] = (
                map(job.track, job.read()) if ahead is None else stack.enter_context(ahead)
            )
            for frame, poses, detector_ran in tracked:
                with hold_interrupt():
                    job.write(frame, poses, detector_ran)
                    _count(report, poses)
                if job.failures:
                    break
                if on_frame is not None:
                    with job.off_clock() if ahead is None else nullcontext():
                        on_frame(frame, poses)
                job.wait_while_paused()
                if job.stopped:
                    break
    except KeyboardInterrupt as stop:
        report.signal = stop.number if isinstance(stop, Terminated) else int(signal.SIGINT)
    job.finish(report, 0 if ahead is None else ahead.dropped)
    return report


class _Job:
    """The stages of one run, timed by a trace.

    Attributes:
        views: the live ones of the sinks.
        failures: errors of sinks and views.
    """

    def __init__(
        self, source: Source, tracker: PoseTracker, sinks: Sequence[Sink | View], trace: Trace
    ) -> None:
        self.views = [sink for sink in sinks if isinstance(sink, View)]
        self.failures: list[SinkError] = []
        self._files = [sink for sink in sinks if not isinstance(sink, View)]
        self._source, self._tracker, self._trace = source, tracker, trace
        self._start_s: float | None = None  # when the first frame was read, plus all pauses

    @property
    def stopped(self) -> bool:
        """Whether the user of a view ended the run."""
        return any(view.stop_requested for view in self.views)

    def read(self) -> Iterator[Frame]:
        """The frames of the source."""
        frames = iter(self._source)
        while True:
            with self._trace.span("read"):
                frame = next(frames, None)
            if frame is None:
                return
            if self._start_s is None:
                self._start_s = time.perf_counter()
            yield frame
            del frame  # not kept while the next one is read

    def track(self, frame: Frame) -> _Tracked:
        """Run the tracker on a frame."""
        before = self._tracker.detector_runs
        poses = self._tracker(frame)
        return frame, poses, self._tracker.detector_runs > before

    def write(self, frame: Frame, poses: Poses, detector_ran: bool) -> None:
        """Write a frame to all sinks and views, also after one of them failed."""
        picture = None
        if any(sink.needs_picture for sink in self._files):
            with self._trace.span("draw", frame.index):
                picture = draw_poses(frame.image, poses, self._tracker.skeleton)
        steps = [partial(sink.write, frame, poses, picture) for sink in self._files]
        steps += [partial(view.show, frame, poses, detector_ran) for view in self.views]
        if steps:
            with self._trace.span("write", frame.index):
                for step in steps:
                    self._try(step)

    def idle(self) -> bool:
        """Let the views handle input; False ends the run."""
        for view in self.views:
            view.idle(self._source.waiting)
        return not self.stopped

    def wait_while_paused(self) -> None:
        """Wait for the views, interruptible by Ctrl-C and off the clock."""
        with self.off_clock():
            for view in self.views:
                view.wait_while_paused()

    @contextmanager
    def off_clock(self) -> Iterator[None]:
        """Exclude the time of the block from the duration of the run."""
        before = time.perf_counter()
        try:
            yield
        finally:
            self._start_s = (self._start_s or 0.0) + time.perf_counter() - before

    def close(self, sink: Sink | View) -> None:
        """Close a sink or a view; an error is kept in `failures`."""
        with hold_interrupt(), self._trace.span("close"):
            self._try(sink.close)

    def finish(self, report: Report, dropped: int) -> None:
        """Complete the report, or raise the first failure."""
        if self.failures:
            files = complete(self._files)
            raise SinkError(f"{self.failures[0]}{files and '; '}{files}") from self.failures[0]
        tracker, source = self._tracker, self._source
        report.models = {role: model.info.name for role, model in tracker.models.items()}
        report.seconds = 0.0 if self._start_s is None else time.perf_counter() - self._start_s
        report.fps = report.frames / report.seconds if report.frames else 0.0
        report.detector_runs = tracker.detector_runs
        report.time_faults = tracker.time_faults
        report.dropped = dropped
        report.skipped = source.skipped
        outputs: list[Sink | View] = [*self._files, *self.views]
        report.warnings = [*source.warnings, *(line for one in outputs for line in one.warnings)]
        report.nodes = self._trace.summary()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except SinkError as error:
            self.failures.append(error)


def check_world(tracker: PoseTracker, sinks: Sequence[Sink | View]) -> None:
    """Raise `SinkError` where a sink needs world landmarks and the model gives none."""
    needing = [one for one in sinks if isinstance(one, Sink) and one.needs_world]
    if needing and not tracker.has_world:
        infos = (model.info for model in tracker.models.values())
        name = next((info.name for info in infos if info.kind != "detector"), tracker.graph.name)
        raise SinkError(
            f"{needing[0].name}: expected world landmarks in metres, but {name} gives none; write "
            "a .csv or .jsonl, or use another model: --model full"
        )


def _depth(info: SourceInfo) -> int:
    """Number of frames that wait between two threads: fewer large ones, to bound the memory."""
    if info.width is None or info.height is None:
        return 1  # pictures of any size
    return min(max(MAX_WAITING_BYTES // (3 * info.width * info.height), 1), MAX_WAITING)


def _count(report: Report, poses: Poses) -> None:
    report.frames += 1
    report.frames_with_people += bool(len(poses))
    report.ids.extend(i for i in poses.ids.tolist() if i not in report.ids)
