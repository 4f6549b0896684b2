"""Runs from source to sinks and views with a fake tracker: no weights, no network."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.common.signals import interrupt_on_signals
from blazetrack.errors import SinkError, SourceError
from blazetrack.graph import Trace
from blazetrack.model_info import ModelInfo
from blazetrack.runner import View, run
from blazetrack.sinks import Sink, open_sink
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import Source, SourceInfo
from blazetrack.types import Frame, Poses
from tests.toy_models import ToyWorld

People = Callable[..., Poses]
SCHEDULE: Any = None  # set by the fixture


class PaperSource(Source):
    """Some frames of 64×48, and then whatever `end` raises."""

    def __init__(self, count: int, end: BaseException | None = None) -> None:
        super().__init__(SourceInfo("paper", "video", 64, 48, 30.0, count))
        self._count = count
        self._end = end

    def _frames(self) -> Generator[Frame, None, None]:
        for index in range(self._count):
            yield Frame(np.full((48, 64, 3), index % 256, np.uint8), index, index / 30)
        if self._end is not None:
            raise self._end


class PaperTracker:
    """Returns the given people frame by frame, then the last ones."""

    skeleton = BLAZEPOSE33
    models: ClassVar = {
        "landmarks": FakeModel(ModelInfo("paper", "landmarks", (1, 1), (0, 1), "zero"), dict)
    }
    detector_runs = 7
    time_faults = 2
    can_follow = can_smooth = True
    smoothing = True

    def __init__(self, *found: Poses) -> None:
        self._found = found or (Poses.empty(),)
        self.followed: list[Any] = []

    def __call__(self, frame: Frame) -> Poses:
        return self._found[min(frame.index, len(self._found) - 1)]

    def follow(self, choice: Any) -> None:
        self.followed.append(choice)


class PaperSink(Sink):
    """Records its calls; `act(index)` is called within each write."""

    def __init__(self, act: Callable[[int], object] = int, picture: bool = False) -> None:
        super().__init__("paper")
        self.needs_picture = picture
        self.frames: list[int] = []
        self.pictures: list[Any] = []
        self.closed = 0
        self._act = act

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        self._act(frame.index)
        self.frames.append(frame.index)
        self.pictures.append(picture)

    def close(self) -> None:
        self.closed += 1


class PaperView(View):
    """Records its calls; `act(index)` is called for each frame."""

    def __init__(self, act: Callable[[int], object] = int) -> None:
        self.name, self.stop_requested = "view", False
        self.warnings: list[str] = []
        self.begun: list[tuple[Any, SourceInfo, int]] = []
        self.detector_ran: list[bool] = []
        self.closed = 0
        self._act = act

    def begin(self, tracker: Any, info: SourceInfo) -> None:
        self.begun.append((tracker, info, len(self.detector_ran)))

    def show(self, frame: Frame, poses: Poses, detector_ran: bool) -> None:
        self._act(frame.index)
        self.detector_ran.append(detector_ran)

    def close(self) -> None:
        self.closed += 1


def go(source: Source, *sinks: Sink | View, tracker: Any = None, **options: Any) -> Any:
    return run(source, tracker or PaperTracker(), sinks, schedule=SCHEDULE, **options)


def fail_at(index: int) -> Callable[[int], None]:
    def act(now: int) -> None:
        if now == index:
            raise SinkError("paper: is full")

    return act


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True, params=["serial", "threaded"])
def schedule(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is tried under both schedules."""
    monkeypatch.setitem(globals(), "SCHEDULE", request.param)


@pytest.fixture(autouse=True)
def ctrl_c() -> Any:
    """Ctrl-C raises here, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_run_report_counts_frames_and_ids(people: People) -> None:
    found = [Poses.empty(), people((9, 9, 5), ids=[1]), people((9, 9, 5), (30, 9, 5), ids=[3, 1])]
    report = go(PaperSource(4), tracker=PaperTracker(*found))
    assert (report.source, report.frames, report.frames_with_people) == ("paper", 4, 3)
    assert report.ids == [1, 3]
    assert (report.detector_runs, report.time_faults, report.skipped) == (7, 2, 0)
    assert report.seconds > 0
    assert report.fps == pytest.approx(4 / report.seconds)
    assert (report.signal, report.warnings) == (None, [])


def test_report_without_frames_is_json() -> None:
    report = go(PaperSource(0, end=KeyboardInterrupt()))
    assert json.loads(json.dumps(report.as_dict(), allow_nan=False))["frames"] == 0


def test_run_of_source_without_frames_is_an_error() -> None:
    sink = PaperSink()
    with pytest.raises(SourceError, match="paper: expected pictures, got not a single one"):
        go(PaperSource(0), sink)
    assert (sink.frames, sink.closed) == ([], 1)


def test_run_sinks_get_every_frame_and_one_close() -> None:
    plain, drawn = PaperSink(), PaperSink(picture=True)
    seen: list[int] = []
    go(PaperSource(3), plain, drawn, on_frame=lambda frame, poses: seen.append(frame.index))
    assert plain.frames == drawn.frames == seen == [0, 1, 2]
    assert (plain.closed, drawn.closed) == (1, 1)
    assert all(picture.shape == (48, 64, 3) for picture in drawn.pictures)


def test_run_without_picture_sinks_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazetrack.runner.draw_poses", lambda *args: pytest.fail("drawn"))
    sink = PaperSink()
    go(PaperSource(2), sink)
    assert sink.pictures == [None, None]


def test_run_warnings_are_in_report() -> None:
    sink = PaperSink()
    sink.warnings.append("the sink's")

    class Warned(PaperSource):
        def _frames(self) -> Generator[Frame, None, None]:
            self.warnings.append("the source's")
            self.skipped += 1
            yield from super()._frames()

    report = go(Warned(1), sink)
    assert report.warnings == ["the source's", "the sink's"]
    assert report.skipped == 1


def test_run_view_requests_stop_ends_run() -> None:
    def stop(index: int) -> None:
        view.stop_requested = index == 1

    view = PaperView(stop)
    report = go(PaperSource(5), view)
    assert (report.frames, view.closed, report.signal) == (2, 1, None)


def test_run_view_begins_with_tracker_and_source_before_first_frame() -> None:
    view, tracker = PaperView(), PaperTracker()
    source = PaperSource(2)
    source.info = replace(source.info, is_camera=True)
    go(source, view, tracker=tracker)
    assert view.begun == [(tracker, source.info, 0)]


def test_run_view_receives_whether_detector_ran() -> None:
    class Searching(PaperTracker):
        def __call__(self, frame: Frame) -> Poses:
            self.detector_runs += frame.index == 1
            return super().__call__(frame)

    view = PaperView()
    go(PaperSource(4), view, tracker=Searching())
    assert view.detector_ran == [False, True, False, False]


def test_run_view_changes_tracker_takes_effect() -> None:
    tracker = PaperTracker()
    go(PaperSource(2), PaperView(lambda index: tracker.follow(index)), tracker=tracker)
    assert tracker.followed == [0, 1]


def test_run_view_pause_is_off_the_clock() -> None:
    class Paused(PaperView):
        def wait_while_paused(self) -> None:
            held.append(len(self.detector_ran))
            time.sleep(0.1)

    held: list[int] = []
    start_s = time.perf_counter()
    report = go(PaperSource(3), Paused())
    assert held == [1, 2, 3]
    assert report.seconds <= time.perf_counter() - start_s - 0.3


def test_run_ctrl_c_in_pause_ends_run() -> None:
    class Paused(PaperView):
        def wait_while_paused(self) -> None:
            press_ctrl_c()
            pytest.fail("went on")

    view = Paused()
    report = go(PaperSource(3), view)
    assert report.signal == signal.SIGINT
    assert (view.detector_ran, view.closed) == ([False], 1)


def test_run_view_requests_stop_while_source_waits_ends_run() -> None:
    if SCHEDULE == "serial":
        pytest.skip("serial: no input is handled while a frame is waited for")

    class Stuck(PaperSource):
        def _frames(self) -> Generator[Frame, None, None]:
            yield from super()._frames()
            self.waiting = "waiting for paper"
            ended.wait(10)

    class Impatient(PaperView):
        def idle(self, waiting: str) -> None:
            if waiting:
                reasons.append(waiting)
                self.stop_requested = True
                ended.set()

    ended, reasons = threading.Event(), []
    view = Impatient()
    report = go(Stuck(2), view)
    assert (report.frames, view.closed, report.signal) == (2, 1, None)
    assert reasons == ["waiting for paper"]


def test_run_view_fails_finishes_files(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    with pytest.raises(SinkError, match=r"is full; complete: .*a.jsonl up to frame 1$"):
        go(PaperSource(9), PaperView(fail_at(1)), open_sink(lines))
    assert [line["frame"] for line in json_lines(lines)] == [0, 1]


def test_run_trace_times_read_draw_write_close() -> None:
    trace = Trace()
    report = go(PaperSource(2), PaperSink(picture=True), trace=trace)
    runs = {node.name: node.runs for node in report.nodes}
    assert runs == {"read": 3, "draw": 2, "write": 2, "close": 1}


def test_run_source_fails_closes_sinks() -> None:
    sink = PaperSink()
    with pytest.raises(SourceError, match="unplugged"):
        go(PaperSource(2, SourceError("paper: unplugged")), sink)
    assert (sink.frames, sink.closed) == ([0, 1], 1)


def test_run_sink_fails_other_files_are_complete(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("a.mp4", "a.jsonl", "a.csv")]
    failing = PaperSink(fail_at(3))
    with pytest.raises(SinkError, match="is full"):
        go(PaperSource(9), *map(open_sink, names), failing)
    assert failing.closed == 1
    assert [line["frame"] for line in json_lines(names[1])] == [0, 1, 2, 3]
    assert count_pictures(names[0]) == 4
    assert len(names[2].read_text().splitlines()) == 1 + 4


def test_run_sink_fails_others_get_same_frame() -> None:
    before, after = PaperSink(), PaperSink()
    with pytest.raises(SinkError, match="is full"):
        go(PaperSource(9), before, PaperSink(fail_at(3)), after)
    assert before.frames == after.frames == [0, 1, 2, 3]


def test_run_failure_message_lists_complete_files(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    empty = PaperSink(fail_at(2))
    empty.keeps = True
    with pytest.raises(SinkError) as error:
        go(PaperSource(9), open_sink(lines), empty, PaperSink())
    line = f"paper: is full; complete: {lines} up to frame 2, nothing of paper"
    assert str(error.value) == line


def test_run_close_fails_after_ctrl_c_raises() -> None:
    class Full(PaperSink):
        def close(self) -> None:
            raise SinkError("paper: cannot be finished")

    other = PaperSink()
    with pytest.raises(SinkError, match=r"^paper: cannot be finished$"):
        go(PaperSource(2, KeyboardInterrupt()), other, Full())
    assert other.closed == 1


def test_run_full_disk_leaves_valid_files(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    lines, table, film = (tmp_path / name for name in ("a.jsonl", "a.csv", "a.mp4"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        for name in (lines, table, film):
            with pytest.raises(SinkError, match=rf"{name.name}: cannot be \w+ \(.+\)"):
                go(PaperSource(1000), open_sink(name))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    indices = [line["frame"] for line in json_lines(lines)]
    assert indices == list(range(len(indices)))
    assert len(indices) > 100
    assert lines.read_text().endswith("\n")
    rows = table.read_text().splitlines()
    assert len(rows) > 10
    assert {row.count(",") for row in rows} == {rows[0].count(",")}
    assert count_pictures(film) > 60


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.mp4"])
def test_run_output_device_fails_is_not_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(SinkError, match=r"(?i)\(no space left on device\)"):
        go(PaperSource(2), open_sink(tmp_path / name))
    assert Path("/dev/full").is_char_device()
    assert (tmp_path / name).is_symlink()


def test_run_ctrl_c_while_reading_ends_in_order() -> None:
    sink = PaperSink()
    report = go(PaperSource(3, KeyboardInterrupt()), sink)
    assert report.signal == signal.SIGINT
    assert report.as_dict()["interrupted"] is True
    assert (report.frames, sink.frames, sink.closed) == (3, [0, 1, 2], 1)


def test_run_ctrl_c_reports_dropped_frames() -> None:
    all_came = threading.Event()

    class Camera(PaperSource):
        def _frames(self) -> Generator[Frame, None, None]:
            yield from super()._frames()
            all_came.set()

    class Slow(PaperTracker):
        def __call__(self, frame: Frame) -> Poses:
            if SCHEDULE == "threaded":
                all_came.wait(5)
            return super().__call__(frame)

    camera = Camera(50)
    camera.info = replace(camera.info, kind="live")
    report = go(camera, PaperSink(lambda index: press_ctrl_c()), tracker=Slow())
    assert report.signal == signal.SIGINT
    assert (report.dropped > 0) == (SCHEDULE == "threaded")


def test_run_ctrl_c_while_writing_completes_frame() -> None:
    first = PaperSink(lambda index: press_ctrl_c() if index == 1 else None)
    second = PaperSink()
    report = go(PaperSource(9), first, second)
    assert report.signal == signal.SIGINT
    assert first.frames == second.frames == [0, 1]
    assert report.frames == 2


def test_run_ctrl_c_while_closing_finishes_files(tmp_path: Path) -> None:
    class Impatient(PaperSink):
        def close(self) -> None:
            press_ctrl_c()
            super().close()

    film = open_sink(tmp_path / "a.mp4")
    sinks = Impatient(), film, Impatient()
    report = go(PaperSource(3), *sinks)
    assert report.signal == signal.SIGINT
    assert (sinks[0].closed, sinks[2].closed) == (1, 1)
    assert count_pictures(tmp_path / "a.mp4") == 3


def test_run_sigterm_ends_in_order(tmp_path: Path) -> None:
    def act(index: int) -> None:
        if index == 3:
            signal.raise_signal(signal.SIGTERM)

    with interrupt_on_signals():
        report = go(PaperSource(9), PaperSink(act), open_sink(tmp_path / "a.mp4"))
    assert (report.signal, report.frames) == (signal.SIGTERM, 4)
    assert count_pictures(tmp_path / "a.mp4") == 4


def test_run_in_other_thread_works() -> None:
    reports: list[Any] = []
    thread = threading.Thread(target=lambda: reports.append(go(PaperSource(2), PaperSink())))
    thread.start()
    thread.join()
    assert reports[0].frames == 2


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def count_pictures(path: Path) -> int:
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def test_run_format_in_metres_of_a_model_without_them_is_refused(
    toy: ToyWorld, tmp_path: Path
) -> None:
    tracker = toy.tracker("full")
    model = toy.models["landmarks"]
    model.info = replace(model.info, outputs={"landmarks": "a", "score": "b"})
    with pytest.raises(SinkError, match=r"a\.trc: expected world landmarks .* but full gives none"):
        run(toy.source(frames=3), tracker, [open_sink(tmp_path / "a.trc")])
