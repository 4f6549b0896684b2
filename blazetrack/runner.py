"""From a source through a tracker into sinks, and a report of what happened."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SinkError
from blazetrack.graph import NodeSummary, Overlap, Trace
from blazetrack.metrics import pck, torso_size
from blazetrack.pipeline import PoseTracker
from blazetrack.render import draw_live, draw_poses
from blazetrack.signals import Terminated, hold_interrupt
from blazetrack.sinks import Sink
from blazetrack.sinks.base import RunInfo, TrackState, complete
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.sources import Source
from blazetrack.types import Frame, Poses

__all__ = ["Report", "Schedule", "run"]

Schedule = Literal["threaded", "serial"]

_Tracked = tuple[Frame, Poses, TrackState]


@dataclass
class Report:
    """What a run did.

    Attributes:
        source: where the frames came from.
        frames: how many were tracked.
        frames_with_people: how many of them showed somebody.
        ids: every id that was given.
        models: role in the graph → name of the model.
        detector_runs: how often the detector ran.
        seconds: wall time from the first frame to the end, without the time that a sink held the
            run; serial runs leave the scoring out.
        fps: frames per second over that time.
        time_faults: frames that were not later than the one before.
        dropped: frames of a live source that came while the tracker was busy.
        skipped: pictures or packets that could not be read.
        pck: share of correct keypoints (0.2 of the torso) where the source knows the truth.
        interrupted: the user ended the run.
        signal: number of the signal that did it: 2 for Ctrl-C, 15 for `kill`.
        warnings: one line for each thing that was worked around.
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
    pck: float | None = None
    interrupted: bool = False
    signal: int | None = None
    warnings: list[str] = field(default_factory=list)
    nodes: list[NodeSummary] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return asdict(self)


def run(
    source: Source,
    tracker: PoseTracker,
    sinks: Sequence[Sink] = (),
    *,
    schedule: Schedule = "threaded",
    trace: Trace | None = None,
    on_frame: Callable[[Frame, Poses], None] | None = None,
) -> Report:
    """Track every frame of a source and hand it to the sinks.

    The sinks are closed at the end, also when a stage fails or the user presses Ctrl-C: then
    the report says `interrupted`, and every file is whole up to the same frame. Where a sink
    fails, the others are finished all the same.

    Args:
        source: frames; if it knows the truth (`truth(index)`), the report has a score.
        tracker: a fresh one; made with `hooks=[trace]` to have its nodes in the trace.
        sinks: where results go; one that asks to stop ends the run.
        schedule: `threaded` reads, tracks and writes at the same time; `serial` one after the
            other. The results are the same, but a live source that is too quick loses its oldest
            frames when threaded.
        trace: times reading, drawing and writing too.
        on_frame: is told of each frame when it is done, for a progress bar.

    Raises:
        SinkError: an output failed; the message says what is whole of each.
    """
    report = Report(source.info.name)
    report.models = {role: model.info.name for role, model in tracker.models.items()}
    clock = trace or Trace()
    score = _Score(source, tracker.skeleton)
    start: list[float] = []
    frames = _read(source, clock, start)
    failures: list[SinkError] = []
    work = partial(_track, tracker)
    ahead: Overlap[Frame, _Tracked] | None = None
    if schedule == "threaded":
        live = source.info.kind == "live"
        idle = partial(_idle, sinks, source)
        ahead = Overlap(frames, work, drop_oldest=live, idle=idle)
    try:
        with ExitStack() as stack:
            for sink in sinks:
                stack.callback(_close, sink, clock, failures)
                sink.begin(_run_info(source, tracker))
            tracked: Iterable[_Tracked]
            tracked = stack.enter_context(ahead) if ahead is not None else map(work, frames)
            for frame, poses, state in tracked:
                with hold_interrupt():
                    failures += _write(sinks, frame, poses, state, tracker, clock)
                    _count(report, poses)
                if failures:
                    break
                score.add(frame, poses)
                if on_frame is not None:
                    on_frame(frame, poses)
                _hold(sinks, start)
                if any(sink.stop_requested for sink in sinks):
                    break
                _obey(sinks, tracker)
    except KeyboardInterrupt as stop:
        report.interrupted = True
        report.signal = stop.number if isinstance(stop, Terminated) else int(signal.SIGINT)
    if failures:
        told = complete(sinks)
        raise SinkError(f"{failures[0]}{told and '; '}{told}") from failures[0]
    report.seconds = time.perf_counter() - start[0] if start else 0.0
    if schedule == "serial":  # threaded, it is hidden behind the other stages
        report.seconds -= score.seconds
    report.fps = report.frames / report.seconds if report.frames else 0.0
    report.detector_runs = tracker.detector_runs
    report.time_faults = tracker.time_faults
    report.dropped = ahead.dropped if ahead is not None else 0  # also after Ctrl-C
    report.skipped = source.skipped
    report.pck = score.value()
    report.warnings = [*source.warnings, *(line for sink in sinks for line in sink.warnings)]
    report.nodes = clock.summary()
    return report


def _run_info(source: Source, tracker: PoseTracker) -> RunInfo:
    return RunInfo(
        draw=partial(draw_live, skeleton=tracker.skeleton),
        skeleton=tracker.skeleton,
        is_camera=source.info.is_camera,
        is_stills=source.info.kind == "stills",
        can_follow=tracker.can_follow,
        can_smooth=tracker.can_smooth,
    )


def _track(tracker: PoseTracker, frame: Frame) -> _Tracked:
    before = tracker.detector_runs
    poses = tracker(frame)
    return frame, poses, TrackState(tracker.detector_runs > before, tracker.smoothing)


def _idle(sinks: Sequence[Sink], source: Source) -> bool:
    """Let the sinks attend to their users; whether the run is to go on."""
    for sink in sinks:
        sink.idle(source.waiting)
    return not any(sink.stop_requested for sink in sinks)


def _hold(sinks: Sequence[Sink], start: list[float]) -> None:
    """Stay for as long as a sink wants, where Ctrl-C is heard; that time is not the run's."""
    before = time.perf_counter()
    try:
        for sink in sinks:
            sink.hold()
    finally:
        start[0] += time.perf_counter() - before


def _read(source: Source, clock: Trace, start: list[float]) -> Iterator[Frame]:
    """The frames of a source, timed; `start` gets the time at which the first one was there."""
    frames = iter(source)
    while True:
        with clock.span("read"):
            frame = next(frames, None)
        if frame is None:
            return
        if not start:
            start.append(time.perf_counter())
        yield frame


def _close(sink: Sink, trace: Trace, failures: list[SinkError]) -> None:
    with hold_interrupt(), trace.span("close"):
        try:
            sink.close()
        except SinkError as error:
            failures.append(error)


def _write(
    sinks: Sequence[Sink],
    frame: Frame,
    poses: Poses,
    state: TrackState,
    tracker: PoseTracker,
    trace: Trace,
) -> list[SinkError]:
    """Hand a frame to every sink, also where one before has failed; gives what failed."""
    failures: list[SinkError] = []
    picture: NDArray[np.uint8] | None = None
    if any(sink.needs_picture for sink in sinks):
        with trace.span("draw", frame.index):
            picture = draw_poses(frame.image, poses, tracker.skeleton)
    if sinks:
        with trace.span("write", frame.index):
            for sink in sinks:
                sink.state = state
                try:
                    sink.write(frame, poses, picture)
                except SinkError as error:
                    failures.append(error)
    return failures


def _obey(sinks: Sequence[Sink], tracker: PoseTracker) -> None:
    """Do what users asked for through a sink: whom to follow, whether to smooth."""
    for sink in sinks:
        choice, sink.chosen = sink.chosen, None
        if choice is not None and tracker.can_follow:
            tracker.follow(choice)
        smoothing, sink.chosen_smoothing = sink.chosen_smoothing, None
        if smoothing is not None and tracker.can_smooth:
            tracker.smoothing = smoothing


def _count(report: Report, poses: Poses) -> None:
    report.frames += 1
    report.frames_with_people += bool(len(poses))
    report.ids.extend(i for i in poses.ids.tolist() if i not in report.ids)


class _Score:
    """PCK@0.2 of a run against the truth of a drawn source, over the people who are whole."""

    def __init__(self, source: Source, skeleton: Skeleton) -> None:
        self._truth = getattr(source, "truth", None) if skeleton == BLAZEPOSE33 else None
        self._torso = skeleton.torso or (0, 0, 0, 0)
        self._correct = 0
        self._total = 0
        self.seconds = 0.0

    def add(self, frame: Frame, poses: Poses) -> None:
        """Compare each whole person with the nearest one that was found; nobody is all wrong."""
        if self._truth is None:
            return
        start = time.perf_counter()
        truth = self._truth(frame.index)
        for expected in truth.landmarks_px[truth.whole]:
            self._total += len(expected)
            if len(poses):
                found = poses.landmarks_px[..., :2]
                offset = np.linalg.norm(found.mean(axis=1) - expected.mean(axis=0), axis=1)
                nearest = found[offset.argmin()][None]
                size = torso_size(expected[None], self._torso)
                self._correct += int(pck(nearest, expected[None], size).sum())
        self.seconds += time.perf_counter() - start

    def value(self) -> float | None:
        """The share of correct keypoints; None where there was nothing to compare."""
        return self._correct / self._total if self._total else None
