"""A run from source to sinks, with a tracker made of paper: no weights, no network."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import av
import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.errors import SinkError, SourceError
from blazetrack.graph import Trace
from blazetrack.model_info import ModelInfo
from blazetrack.runner import run
from blazetrack.signals import interrupt_on_signals
from blazetrack.sinks import Sink, open_sink
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import Source, SourceInfo
from blazetrack.types import Frame, Poses

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
    """Finds the given people, frame by frame; the last ones stay."""

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
    """Remembers what it was given; `act(index)` is called within each write."""

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


def go(source: Source, *sinks: Sink, tracker: Any = None, **options: Any) -> Any:
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


def test_the_report_counts_what_happened(people: People) -> None:
    found = [Poses.empty(), people((9, 9, 5), ids=[1]), people((9, 9, 5), (30, 9, 5), ids=[3, 1])]
    report = go(PaperSource(4), tracker=PaperTracker(*found))
    assert (report.source, report.frames, report.frames_with_people) == ("paper", 4, 3)
    assert report.ids == [1, 3]
    assert (report.detector_runs, report.time_faults, report.skipped) == (7, 2, 0)
    assert report.seconds > 0
    assert report.fps == pytest.approx(4 / report.seconds)
    assert (report.pck, report.interrupted, report.warnings) == (None, False, [])


def test_a_report_of_nothing_is_still_json() -> None:
    report = go(PaperSource(0))
    assert json.loads(json.dumps(report.as_dict(), allow_nan=False))["frames"] == 0


def test_every_sink_gets_every_frame_and_is_closed_once() -> None:
    plain, drawn = PaperSink(), PaperSink(picture=True)
    told: list[int] = []
    go(PaperSource(3), plain, drawn, on_frame=lambda frame, poses: told.append(frame.index))
    assert plain.frames == drawn.frames == told == [0, 1, 2]
    assert (plain.closed, drawn.closed) == (1, 1)
    assert all(picture.shape == (48, 64, 3) for picture in drawn.pictures)


def test_nothing_is_drawn_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazetrack.runner.draw_poses", lambda *args: pytest.fail("drawn"))
    sink = PaperSink()
    go(PaperSource(2), sink)
    assert sink.pictures == [None, None]


def test_warnings_of_sources_and_sinks_are_in_the_report() -> None:
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


def test_a_sink_may_end_the_run() -> None:
    def stop(index: int) -> None:
        sink.stop_requested = index == 1

    sink = PaperSink(stop)
    report = go(PaperSource(5), sink)
    assert (report.frames, sink.closed, report.interrupted) == (2, 1, False)


def test_a_sink_is_told_of_the_run_before_its_first_frame() -> None:
    class Curious(PaperSink):
        def begin(self, run: Any) -> None:
            self.run, self.at = run, list(self.frames)

    sink = Curious()
    source = PaperSource(2)
    source.info = replace(source.info, is_camera=True)
    go(source, sink)
    assert sink.at == []
    assert (sink.run.skeleton, sink.run.is_camera, sink.run.is_stills) == (
        BLAZEPOSE33,
        True,
        False,
    )
    assert (sink.run.can_follow, sink.run.can_smooth) == (True, True)
    canvas = sink.run.draw(np.zeros((480, 640, 3), np.uint8), Poses.empty(), mirror=True)
    assert canvas.shape == (480, 640, 3)


def test_a_sink_is_told_how_the_tracker_came_to_a_frame() -> None:
    class Searching(PaperTracker):
        def __call__(self, frame: Frame) -> Poses:
            self.detector_runs += frame.index == 1
            self.smoothing = frame.index != 2
            return super().__call__(frame)

    states: list[Any] = []
    sink = PaperSink(lambda index: states.append((sink.state.searched, sink.state.smoothing)))
    go(PaperSource(4), sink, tracker=Searching())
    assert states == [(False, True), (True, True), (False, False), (False, True)]


def test_what_the_user_asks_for_reaches_the_tracker() -> None:
    def ask(index: int) -> None:
        if index == 1:
            sink.chosen, sink.chosen_smoothing = (3.0, 4.0), False

    sink, tracker = PaperSink(ask), PaperTracker()
    go(PaperSource(4), sink, tracker=tracker)
    assert tracker.followed == [(3.0, 4.0)]
    assert tracker.smoothing is False
    assert (sink.chosen, sink.chosen_smoothing) == (None, None)


def test_what_a_graph_cannot_do_is_not_asked_of_it() -> None:
    class Plain(PaperTracker):
        can_follow = can_smooth = False

    def ask(index: int) -> None:
        sink.chosen, sink.chosen_smoothing = (3.0, 4.0), False

    sink, tracker = PaperSink(ask), Plain()
    go(PaperSource(2), sink, tracker=tracker)
    assert (tracker.followed, tracker.smoothing) == ([], True)


def test_a_sink_may_hold_the_run_and_that_is_not_its_time() -> None:
    class Holding(PaperSink):
        def hold(self) -> None:
            held.append(len(self.frames))
            time.sleep(0.1)

    held: list[int] = []
    start_s = time.perf_counter()
    report = go(PaperSource(3), Holding())
    assert held == [1, 2, 3]
    assert report.seconds <= time.perf_counter() - start_s - 0.3


def test_ctrl_c_is_heard_while_a_sink_holds_the_run() -> None:
    class Holding(PaperSink):
        def hold(self) -> None:
            press_ctrl_c()
            pytest.fail("went on")

    sink = Holding()
    report = go(PaperSource(3), sink)
    assert report.interrupted
    assert (sink.frames, sink.closed) == ([0], 1)


def test_a_sink_may_end_the_run_while_the_source_waits() -> None:
    if SCHEDULE == "serial":
        pytest.skip("in turn, nobody attends to the user while a frame is waited for")

    class Stuck(PaperSource):
        def _frames(self) -> Generator[Frame, None, None]:
            yield from super()._frames()
            self.waiting = "waiting for paper"
            ended.wait(10)

    class Impatient(PaperSink):
        def idle(self, waiting: str) -> None:
            if waiting:
                told.append(waiting)
                self.stop_requested = True
                ended.set()

    ended, told = threading.Event(), []
    sink = Impatient()
    report = go(Stuck(2), sink)
    assert (report.frames, sink.closed, report.interrupted) == (2, 1, False)
    assert told == ["waiting for paper"]


def test_reading_drawing_and_writing_are_timed_too() -> None:
    trace = Trace()
    report = go(PaperSource(2), PaperSink(picture=True), trace=trace)
    runs = {node.name: node.runs for node in report.nodes}
    assert runs == {"read": 3, "draw": 2, "write": 2, "close": 1}


def test_a_source_that_fails_closes_the_sinks() -> None:
    sink = PaperSink()
    with pytest.raises(SourceError, match="unplugged"):
        go(PaperSource(2, SourceError("paper: unplugged")), sink)
    assert (sink.frames, sink.closed) == ([0, 1], 1)


def test_a_sink_that_fails_leaves_the_others_whole(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("a.mp4", "a.jsonl", "a.csv")]
    failing = PaperSink(fail_at(3))
    with pytest.raises(SinkError, match="is full"):
        go(PaperSource(9), *map(open_sink, names), failing)
    assert failing.closed == 1
    assert [line["frame"] for line in json_lines(names[1])] == [0, 1, 2, 3]
    assert count_pictures(names[0]) == 4
    assert len(names[2].read_text().splitlines()) == 1 + 4


def test_a_sink_that_fails_first_keeps_no_frame_from_the_others() -> None:
    before, after = PaperSink(), PaperSink()
    with pytest.raises(SinkError, match="is full"):
        go(PaperSource(9), before, PaperSink(fail_at(3)), after)
    assert before.frames == after.frames == [0, 1, 2, 3]


def test_a_failure_says_what_is_complete(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    empty = PaperSink(fail_at(2))
    empty.keeps = True
    with pytest.raises(SinkError) as error:
        go(PaperSource(9), open_sink(lines), empty, PaperSink())
    says = f"paper: is full; complete: {lines} up to frame 2, nothing of paper"
    assert str(error.value) == says


def test_a_film_that_cannot_be_finished_is_an_error_after_ctrl_c_too() -> None:
    class Full(PaperSink):
        def close(self) -> None:
            raise SinkError("paper: cannot be finished")

    other = PaperSink()
    with pytest.raises(SinkError, match=r"^paper: cannot be finished$"):
        go(PaperSource(2, KeyboardInterrupt()), other, Full())
    assert other.closed == 1


def test_a_disk_that_fills_up_leaves_whole_lines_and_a_film_that_plays(tmp_path: Path) -> None:
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
def test_a_device_is_not_removed_when_it_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(SinkError, match=r"(?i)\(no space left on device\)"):
        go(PaperSource(2), open_sink(tmp_path / name))
    assert Path("/dev/full").is_char_device()
    assert (tmp_path / name).is_symlink()


def test_ctrl_c_while_reading_ends_the_run_in_order() -> None:
    sink = PaperSink()
    report = go(PaperSource(3, KeyboardInterrupt()), sink)
    assert report.interrupted
    assert report.signal == signal.SIGINT
    assert (report.frames, sink.frames, sink.closed) == (3, [0, 1, 2], 1)


def test_frames_that_a_live_source_lost_are_told_after_ctrl_c_too() -> None:
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
    assert report.interrupted
    assert (report.dropped > 0) == (SCHEDULE == "threaded")


def test_ctrl_c_while_writing_lets_every_sink_have_the_frame() -> None:
    first = PaperSink(lambda index: press_ctrl_c() if index == 1 else None)
    second = PaperSink()
    report = go(PaperSource(9), first, second)
    assert report.interrupted
    assert first.frames == second.frames == [0, 1]
    assert report.frames == 2


def test_ctrl_c_while_closing_lets_every_file_be_finished(tmp_path: Path) -> None:
    class Impatient(PaperSink):
        def close(self) -> None:
            press_ctrl_c()
            super().close()

    film = open_sink(tmp_path / "a.mp4")
    sinks = Impatient(), film, Impatient()
    report = go(PaperSource(3), *sinks)
    assert report.interrupted
    assert (sinks[0].closed, sinks[2].closed) == (1, 1)
    assert count_pictures(tmp_path / "a.mp4") == 3


def test_another_signal_ends_the_run_as_ctrl_c_does(tmp_path: Path) -> None:
    def act(index: int) -> None:
        if index == 3:
            signal.raise_signal(signal.SIGTERM)

    with interrupt_on_signals():
        report = go(PaperSource(9), PaperSink(act), open_sink(tmp_path / "a.mp4"))
    assert report.interrupted
    assert (report.signal, report.frames) == (signal.SIGTERM, 4)
    assert count_pictures(tmp_path / "a.mp4") == 4


def test_another_thread_may_run_too() -> None:
    reports: list[Any] = []
    thread = threading.Thread(target=lambda: reports.append(go(PaperSource(2), PaperSink())))
    thread.start()
    thread.join()
    assert reports[0].frames == 2


class DrawnSource(PaperSource):
    """Knows that two people are in each frame, the second only in part."""

    def __init__(self, count: int, truth: Poses) -> None:
        super().__init__(count)
        self._truth = truth

    def truth(self, index: int) -> Any:
        return SimpleNamespace(
            landmarks_px=self._truth.landmarks_px[..., :2], whole=np.array([True, False])
        )


def test_the_score_is_of_the_nearest_person_to_each_whole_one(people: People) -> None:
    truth = people((20, 20, 9), (50, 20, 9))
    spread = truth.landmarks_px + np.linspace(0, 10, 33)[:, None]  # a body that has a torso
    truth, far = (replace(truth, landmarks_px=spread + shift) for shift in (0.0, 500.0))
    source = DrawnSource(4, truth)
    assert go(source, tracker=PaperTracker(truth.take([1, 0]))).pck == 1.0
    assert go(source, tracker=PaperTracker(truth.take([0]), far)).pck == 0.25
    assert go(source, tracker=PaperTracker(Poses.empty())).pck == 0.0
    assert go(DrawnSource(0, truth)).pck is None


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def count_pictures(path: Path) -> int:
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))
