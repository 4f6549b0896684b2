"""The shared source goes on, whatever viewers ask for and whatever it does itself."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.errors import BackendError, SinkError, SourceError
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.types import Frame, Poses
from blazetrack.web import broadcast as module
from blazetrack.web.broadcast import FAULT, WIDEST_PX, Broadcast, package
from blazetrack.web.catalog import Catalogue
from blazetrack.web.engine import Choice, Tracked
from blazetrack.web.limits import Limits
from blazetrack.web.recordings import Recordings
from tests.toy import Discs, ToyWorld


class Audience:
    """Stands in for the hub, and writes down what everybody is told."""

    def __init__(self) -> None:
        self.watchers = 1
        self.said: list[dict[str, Any]] = []
        self.shown: list[bytes] = []

    def __len__(self) -> int:
        return self.watchers

    def say(self, message: Mapping[str, Any]) -> None:
        json.dumps(message, allow_nan=False)
        self.said.append(dict(message))

    def show(self, picture: bytes) -> None:
        self.shown.append(picture)

    def heard(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.said if message["type"] == kind]


class Stage:
    """A broadcast of toy sources, and its audience."""

    def __init__(self, toy: ToyWorld, folder: Path, limits: Limits) -> None:
        self.toy, self.folder, self.audience = toy, folder, Audience()
        self.opened: list[str] = []
        self.source: Callable[[str], Discs] = lambda name: toy.source()
        catalogue = Catalogue({name: name for name in ("one", "two")}, ("full",), {})
        self.broadcast = Broadcast(
            toy.make, Choice(), "one", catalogue, self.audience, Recordings(folder, 5), limits,
            self.open,
        )  # fmt: skip

    def open(self, name: str) -> Discs:
        self.opened.append(name)
        return self.source(name)

    def wait(self, until: Callable[[], object]) -> None:
        for _ in range(1000):
            if until():
                return
            assert self.broadcast._thread.is_alive()
            time.sleep(0.01)
        pytest.fail(f"it did not come; heard {self.audience.said[-5:]}")

    def more(self, frames: int = 3) -> None:
        """Wait for more frames."""
        before = len(self.audience.shown)
        self.wait(lambda: len(self.audience.shown) >= before + frames)

    def states(self) -> dict[str, Any]:
        """How it is, once all that was asked for is done."""
        before = len(self.audience.heard("state"))
        self.broadcast.tell_state()
        self.wait(lambda: len(self.audience.heard("state")) > before)
        return self.audience.heard("state")[-1]


@pytest.fixture
def stage(toy: ToyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Not started yet; tries failed sources again soon."""
    monkeypatch.setattr(module, "RETRY_S", 0.02)
    monkeypatch.setattr(module, "LONGEST_RETRY_S", 0.05)
    made = Stage(toy, tmp_path, Limits())
    yield made
    made.broadcast.close()
    assert not made.broadcast._thread.is_alive()


def head_of(packed: bytes) -> dict[str, Any]:
    length = struct.unpack_from("<I", packed)[0]
    return dict(json.loads(packed[4 : 4 + length]))


def picture_of(packed: bytes) -> np.ndarray:
    length = struct.unpack_from("<I", packed)[0]
    return cv2.imdecode(np.frombuffer(packed[4 + length :], np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    ("width", "height"), [(320, 240), (4000, 3000), (4000, 1), (1, 4000), (16, 1920), (1, 1)]
)
def test_pictures_of_any_shape_are_packed(width: int, height: int) -> None:
    frame = Frame(np.zeros((height, width, 3), np.uint8), 3, 0.1)
    packed = package(Tracked(frame, Poses.empty(33), 1.0, 2.0, True), 7)
    head, picture = head_of(packed), picture_of(packed)
    assert (head["number"], head["searching"]) == (7, True)
    assert (head["record"]["width"], head["record"]["height"]) == (width, height)
    assert max(picture.shape) <= WIDEST_PX
    assert picture.shape[0] == max(1, round(height * min(1, WIDEST_PX / max(width, height))))


def test_frames_are_numbered_on_over_the_end_of_a_file(stage: Stage) -> None:
    stage.source = lambda name: stage.toy.source(frames=4, fps=1000)
    stage.broadcast.start()
    stage.more(10)
    heads = [head_of(packed) for packed in stage.audience.shown[:10]]
    assert [head["number"] for head in heads] == list(range(10))
    times = [head["record"]["time_s"] for head in heads]
    assert all(later > sooner for sooner, later in pairwise(times))
    assert stage.opened == ["one"]


def test_files_go_at_their_own_pace(stage: Stage) -> None:
    stage.source = lambda name: stage.toy.source(fps=0.001)
    stage.broadcast.start()
    stage.wait(lambda: stage.audience.shown)
    stage.broadcast.change(people=2)
    assert stage.states()["people"] == 2  # also while the next frame is far away
    assert len(stage.audience.shown) == 1


def test_a_single_picture_is_not_tracked_over_and_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    stage.source = lambda name: stage.toy.source("stills", frames=1)
    original = stage.broadcast._wait
    monkeypatch.setattr(
        stage.broadcast,
        "_wait",
        lambda until: (waits.append(until - time.monotonic()), original(until)),
    )
    stage.broadcast.start()
    stage.more(3)
    assert len(waits) >= 2


def test_nothing_is_tracked_while_nobody_watches(stage: Stage) -> None:
    stage.audience.watchers = 0
    stage.broadcast.start()
    stage.states()
    assert stage.broadcast._engine.frames == 0
    stage.audience.watchers = 1
    stage.more()


def test_pause_holds_and_goes_on(stage: Stage) -> None:
    stage.broadcast.start()
    stage.more()
    stage.broadcast.change(paused=True)
    assert stage.states()["paused"]
    before = len(stage.audience.shown)
    stage.states()
    assert len(stage.audience.shown) <= before + 1
    stage.broadcast.change(paused=False)
    stage.more()


@pytest.mark.parametrize("kind", ["video", "live"])
def test_another_source_is_opened_and_the_first_one_closed(stage: Stage, kind: Any) -> None:
    made: list[Discs] = []

    def make(name: str) -> Discs:
        made.append(stage.toy.source(kind, frames=100_000))
        return made[-1]

    stage.source = make
    stage.broadcast.start()
    stage.more()
    stage.broadcast.change(source="two")
    stage.wait(lambda: stage.opened == ["one", "two"])
    stage.more()
    assert made[0].closed == 1
    assert stage.states()["source"] == "two"


def test_of_a_thousand_wishes_between_two_frames_the_last_counts(stage: Stage) -> None:
    made: list[Choice] = []
    make = stage.broadcast._engine._make
    stage.broadcast._engine._make = lambda choice, trace: (  # type: ignore[assignment]
        made.append(choice),
        make(choice, trace),
    )[1]
    for number in range(1000):
        stage.broadcast.change(people=1 + number % 20, source="two" if number % 2 else "one")
        stage.broadcast.follow((1.0, 2.0))
        stage.broadcast.record(number % 2 == 0)
    stage.broadcast.start()
    stage.wait(lambda: stage.audience.shown)
    assert made == [Choice(people=20)]
    state = stage.states()
    assert (state["people"], state["source"], state["recording"]) == (20, "two", False)


def test_what_cannot_be_is_told_and_the_rest_is_done(stage: Stage) -> None:
    stage.broadcast.start()
    stage.broadcast.change(paused=False, graph="nowhere.yaml")
    stage.broadcast.follow((1.0, 2.0))
    stage.broadcast.record(True)
    stage.more()
    texts = [message["text"] for message in stage.audience.heard("error")]
    assert "no such file" in texts[0]
    assert "cannot follow" in texts[1]
    assert stage.states()["recording"]


def test_a_recording_is_handed_out_when_it_ends(stage: Stage) -> None:
    stage.broadcast.start()
    stage.broadcast.record(True)
    stage.more()
    stage.broadcast.record(False)
    stage.wait(lambda: stage.audience.heard("recording"))
    (told,) = stage.audience.heard("recording")
    assert told["frames"] >= 2
    assert [Path(file["name"]).suffix for file in told["files"]] == [".mp4", ".jsonl", ".csv"]
    assert not stage.states()["recording"]


def test_who_wants_a_recording_that_runs_gets_that_one(stage: Stage) -> None:
    stage.broadcast.start()
    for _ in range(2):
        stage.broadcast.record(True)
        assert stage.states()["recording"]
    assert not stage.audience.heard("error")
    assert not stage.audience.heard("recording")


def test_a_recording_goes_on_without_viewers_up_to_its_limit(toy: ToyWorld, tmp_path: Path) -> None:
    stage = Stage(toy, tmp_path, Limits(recording_s=0.2))
    stage.broadcast.start()
    stage.broadcast.record(True)
    stage.audience.watchers = 0
    stage.wait(lambda: stage.audience.heard("recording"))
    stage.wait(lambda: not stage.audience.heard("state")[-1]["recording"])
    stage.broadcast.close()


def test_the_end_finishes_the_recording(stage: Stage) -> None:
    stage.broadcast.start()
    stage.broadcast.record(True)
    stage.more()
    stage.broadcast.close()
    (lines,) = stage.folder.glob("*.jsonl")
    assert [json.loads(row)["frame"] for row in lines.read_text().splitlines()]
    (told,) = stage.audience.heard("recording")
    assert len(told["files"]) == 3


def test_the_end_finishes_the_recording_of_a_camera_that_hangs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    hanging, free = threading.Event(), threading.Event()

    class Hanging(Discs):
        def _frames(self) -> Generator[Frame, None, None]:
            yield self._world.frame(0, (100, 100))
            hanging.set()
            free.wait(20)
            yield self._world.frame(1, (100, 100))

    stage.source = lambda name: Hanging(stage.toy, "live", 2, 30)
    stage.broadcast.record(True)
    stage.broadcast.start()
    assert hanging.wait(10)
    stage.broadcast.close()
    assert len(stage.audience.heard("recording")) == 1
    (lines,) = stage.folder.glob("*.jsonl")
    assert len(lines.read_text().splitlines()) == 1
    free.set()
    stage.broadcast._thread.join(10)


def test_a_full_disk_ends_the_recording_and_nothing_else(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise SinkError("x.jsonl: cannot be written (no space left on device)")

    stage.broadcast.start()
    stage.broadcast.record(True)
    stage.more()
    with monkeypatch.context() as patch:
        patch.setattr(JsonlSink, "text", fail)
        stage.wait(lambda: stage.audience.heard("error"))
    stage.more()
    assert "no space left" in stage.audience.heard("error")[0]["text"]
    assert not stage.states()["recording"]
    assert len(stage.audience.heard("recording")[0]["files"]) == 3
    assert stage.opened == ["one"]


def test_a_source_that_fails_is_tried_again_and_others_can_be_chosen(stage: Stage) -> None:
    def make(name: str) -> Discs:
        if name == "one":
            raise SourceError("one: is not plugged in")
        return stage.toy.source()

    stage.source = make
    stage.broadcast.start()
    stage.wait(lambda: len(stage.opened) >= 3)
    assert stage.audience.heard("error")[0]["text"] == "one: is not plugged in"
    stage.broadcast.change(source="two")
    stage.more()


def test_the_longer_a_source_fails_the_less_is_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 1.0)
    monkeypatch.setattr(module, "LONGEST_RETRY_S", 10.0)
    waits: list[float] = []

    def wait(until: float) -> None:
        waits.append(round(until - time.monotonic(), 1))
        if len(waits) == 6:
            stage.broadcast._ended.set()

    def fail(name: str) -> Discs:
        raise SourceError("one: is not plugged in")

    stage.source = fail
    monkeypatch.setattr(stage.broadcast, "_wait", wait)
    stage.broadcast.start()
    stage.broadcast._thread.join(10)
    assert waits == [2, 4, 8, 10, 10, 10]


@pytest.mark.parametrize("kind", ["live", "video"])
def test_a_source_that_ends_at_once_is_told_and_not_hammered(stage: Stage, kind: Any) -> None:
    stage.source = lambda name: stage.toy.source(kind, frames=0)
    stage.broadcast.start()
    stage.wait(lambda: len(stage.audience.heard("error")) >= 2)
    assert stage.audience.heard("error")[0]["text"] == "discs: has ended; it will be opened again"
    assert len(stage.opened) <= len(stage.audience.heard("error")) + 1


def test_a_fault_of_ours_is_told_and_logged_and_does_not_end_it(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    broken = threading.Event()
    track = stage.broadcast._engine.track

    def fail(frame: Frame) -> Tracked:
        if not broken.is_set():
            broken.set()
            raise cv2.error("something nobody thought of")
        return track(frame)

    stage.broadcast._engine.track = fail  # type: ignore[method-assign]
    stage.broadcast.start()
    stage.more()
    assert stage.audience.heard("error")[0]["text"] == FAULT
    assert "something nobody thought of" in caplog.text


def test_a_network_that_cannot_run_is_told_until_another_is_chosen(stage: Stage) -> None:
    def fail(*_: object) -> None:
        raise BackendError("backend: no TFLite interpreter could be loaded")

    for model in stage.toy.models.values():
        model.run = fail  # type: ignore[assignment, method-assign]
    stage.broadcast.start()
    stage.wait(lambda: len(stage.audience.heard("error")) >= 2)
    stage.broadcast.change(people=2)
    stage.more()
