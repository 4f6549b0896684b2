"""The shared source under requests of viewers and failures of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import pytest

from blazetrack.errors import BackendError, SinkError, SourceError
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.types import Frame
from blazetrack.web.access import Limits
from blazetrack.web.recordings import Recordings
from blazetrack.web.session import FAULT, Choice, Session
from blazetrack.web.source_feeder import SourceFeeder, next_delay
from tests.toy_models import Discs, ToyWorld
from tests.web.frame_parts import header_of


class Viewers:
    """Stands in for the hub and keeps what is sent."""

    def __init__(self) -> None:
        self.watchers = 1
        self.sent: list[dict[str, Any]] = []
        self.images: list[bytes] = []

    def __len__(self) -> int:
        return self.watchers

    def send(self, message: Mapping[str, Any]) -> None:
        json.dumps(message, allow_nan=False)
        self.sent.append(dict(message))

    def send_image(self, image: bytes) -> None:
        self.images.append(image)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == kind]


class Stage:
    """A feeder of toy sources and its viewers.

    Attributes:
        opened: names of the sources that were opened.
        source: makes the source of a name.
        choices: of the trackers that were made.
    """

    def __init__(
        self,
        toy: ToyWorld,
        folder: Path,
        limits: Limits | None = None,
        patience_s: float = 5.0,
        picture_s: float = 3.0,
    ) -> None:
        self.toy, self.folder, self.viewers = toy, folder, Viewers()
        self.opened: list[str] = []
        self.source: Callable[[str], Discs] = lambda name: toy.source()
        self.choices: list[Choice] = []
        self.session = Session(
            self.make, Choice(), "one", self.viewers.send, Recordings(folder, 5), limits or Limits()
        )
        self.feeder = SourceFeeder(
            self.session,
            {name: name for name in ("one", "two")},
            self.viewers,  # type: ignore[arg-type]
            self.open,
            retry_s=0.01,
            patience_s=patience_s,
            picture_s=picture_s,
        )

    def make(self, choice: Choice) -> Any:
        self.choices.append(choice)
        return self.toy.make(choice)

    def open(self, name: str) -> Discs:
        self.opened.append(name)
        return self.source(name)

    def wait(self, until: Callable[[], object]) -> None:
        for _ in range(1000):
            if until():
                return
            assert self.feeder.running
            time.sleep(0.01)
        pytest.fail(f"timeout; last messages: {self.viewers.sent[-5:]}")

    def wait_for_frames(self, frames: int = 3) -> None:
        before = len(self.viewers.images)
        self.wait(lambda: len(self.viewers.images) >= before + frames)

    def state(self) -> dict[str, Any]:
        """The state once all requests are applied."""
        before = len(self.viewers.of_type("state"))
        self.feeder.submit()
        self.wait(lambda: len(self.viewers.of_type("state")) > before)
        return self.viewers.of_type("state")[-1]


@pytest.fixture
def stage(toy: ToyWorld, tmp_path: Path) -> Iterator[Stage]:
    """Not started yet."""
    made = Stage(toy, tmp_path)
    yield made
    made.feeder.close()
    assert not made.feeder.running


def test_play_repeated_file_continues_frame_numbers(stage: Stage) -> None:
    stage.source = lambda name: stage.toy.source(frames=4, fps=1000)
    stage.feeder.start()
    stage.wait_for_frames(10)
    heads = [header_of(packed) for packed in stage.viewers.images[:10]]
    assert [head["number"] for head in heads] == list(range(10))
    times = [head["record"]["time_s"] for head in heads]
    assert all(later > sooner for sooner, later in pairwise(times))
    assert stage.opened == ["one"]


def test_play_file_keeps_its_frame_rate(stage: Stage) -> None:
    stage.source = lambda name: stage.toy.source(fps=0.001)
    stage.feeder.start()
    stage.wait_for_frames(2)  # the first gap could be a wrong time, and is not waited for
    stage.feeder.submit(people=2)
    assert stage.state()["people"] == 2  # also during the wait for the third frame
    assert len(stage.viewers.images) == 2


def test_play_single_picture_is_repeated(toy: ToyWorld, tmp_path: Path) -> None:
    stage = Stage(toy, tmp_path, picture_s=0.03)
    stage.source = lambda name: stage.toy.source("stills", frames=1)
    stage.feeder.start()
    stage.wait_for_frames(1)
    start = time.monotonic()
    stage.wait_for_frames(6)
    assert time.monotonic() - start >= 0.13
    assert stage.opened == ["one"]
    stage.feeder.close()


def test_play_without_viewers_tracks_nothing(stage: Stage) -> None:
    stage.viewers.watchers = 0
    stage.feeder.start()
    stage.state()
    assert stage.session.stats()["frames"] == 0
    stage.viewers.watchers = 1
    stage.wait_for_frames()


def test_submit_paused_stops_and_resumes(stage: Stage) -> None:
    stage.feeder.start()
    stage.wait_for_frames()
    stage.feeder.submit(paused=True)
    assert stage.state()["paused"]
    before = len(stage.viewers.images)
    stage.state()
    assert len(stage.viewers.images) <= before + 1
    stage.feeder.submit(paused=False)
    stage.wait_for_frames()


@pytest.mark.parametrize("kind", ["video", "live"])
def test_submit_source_opens_it_and_closes_the_first(stage: Stage, kind: Any) -> None:
    made: list[Discs] = []

    def make(name: str) -> Discs:
        made.append(stage.toy.source(kind, frames=100_000))
        return made[-1]

    stage.source = make
    stage.feeder.start()
    stage.wait_for_frames()
    stage.feeder.submit(source="two")
    stage.wait(lambda: stage.opened == ["one", "two"])
    stage.wait_for_frames()
    assert made[0].closed == 1
    assert stage.state()["source"] == "two"


def test_submit_many_changes_between_frames_the_last_counts(stage: Stage) -> None:
    for number in range(1000):
        stage.feeder.submit(people=1 + number % 20, source="two" if number % 2 else "one")
        stage.feeder.submit(follow=(1.0, 2.0))
        stage.feeder.submit(record=number % 2 == 0)
    stage.feeder.start()
    stage.wait(lambda: stage.viewers.images)
    assert stage.choices == [Choice(people=20)]
    state = stage.state()
    assert (state["people"], state["source"], state["recording"]) == (20, "two", False)


def test_submit_invalid_changes_are_reported_and_the_rest_applied(stage: Stage) -> None:
    stage.feeder.start()
    stage.feeder.submit(paused=False, graph="nowhere.yaml")
    stage.feeder.submit(follow=(1.0, 2.0))
    stage.feeder.submit(record=True)
    stage.wait_for_frames()
    texts = [message["text"] for message in stage.viewers.of_type("error")]
    assert "no such file" in texts[0]
    assert "cannot follow" in texts[1]
    assert stage.state()["recording"]


def test_submit_record_off_sends_the_files(stage: Stage) -> None:
    stage.feeder.start()
    stage.feeder.submit(record=True)
    stage.wait_for_frames()
    stage.feeder.submit(record=False)
    stage.wait(lambda: stage.viewers.of_type("recording"))
    (sent,) = stage.viewers.of_type("recording")
    assert sent["frames"] >= 2
    assert [Path(file["name"]).suffix for file in sent["files"]] == [".mp4", ".jsonl", ".csv"]
    assert not stage.state()["recording"]


def test_submit_record_twice_keeps_the_recording(stage: Stage) -> None:
    stage.feeder.start()
    for _ in range(2):
        stage.feeder.submit(record=True)
        assert stage.state()["recording"]
    assert not stage.viewers.of_type("error")
    assert not stage.viewers.of_type("recording")


def test_recording_without_viewers_ends_at_its_limit(toy: ToyWorld, tmp_path: Path) -> None:
    stage = Stage(toy, tmp_path, Limits(recording_s=0.2))
    stage.feeder.start()
    stage.feeder.submit(record=True)
    stage.viewers.watchers = 0
    stage.wait(lambda: stage.viewers.of_type("recording"))
    stage.wait(lambda: not stage.viewers.of_type("state")[-1]["recording"])
    stage.feeder.close()


def test_close_finishes_the_recording(stage: Stage) -> None:
    stage.feeder.start()
    stage.feeder.submit(record=True)
    stage.wait_for_frames()
    stage.feeder.close()
    (lines,) = stage.folder.glob("*.jsonl")
    assert [json.loads(row)["frame"] for row in lines.read_text().splitlines()]
    (sent,) = stage.viewers.of_type("recording")
    assert len(sent["files"]) == 3


def test_close_with_blocked_camera_finishes_the_recording(toy: ToyWorld, tmp_path: Path) -> None:
    stage = Stage(toy, tmp_path, patience_s=0.1)
    hanging, free = threading.Event(), threading.Event()

    class Hanging(Discs):
        def _frames(self) -> Generator[Frame, None, None]:
            yield self._world.frame(0, (100, 100))
            hanging.set()
            free.wait(20)
            yield self._world.frame(1, (100, 100))

    stage.source = lambda name: Hanging(stage.toy, "live", 2, 30)
    stage.feeder.submit(record=True)
    stage.feeder.start()
    assert hanging.wait(10)
    stage.feeder.close()
    assert len(stage.viewers.of_type("recording")) == 1
    (lines,) = stage.folder.glob("*.jsonl")
    assert len(lines.read_text().splitlines()) == 1
    free.set()
    while stage.feeder.running:
        time.sleep(0.01)


def test_recording_full_disk_ends_the_recording_only(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise SinkError("x.jsonl: cannot be written (no space left on device)")

    stage.feeder.start()
    stage.feeder.submit(record=True)
    stage.wait_for_frames()
    with monkeypatch.context() as patch:
        patch.setattr(JsonlSink, "text", fail)
        stage.wait(lambda: stage.viewers.of_type("error"))
    stage.wait_for_frames()
    assert "no space left" in stage.viewers.of_type("error")[0]["text"]
    assert not stage.state()["recording"]
    assert len(stage.viewers.of_type("recording")[0]["files"]) == 3
    assert stage.opened == ["one"]


def test_play_failing_source_is_reopened_and_can_be_replaced(stage: Stage) -> None:
    def make(name: str) -> Discs:
        if name == "one":
            raise SourceError("one: is not plugged in")
        return stage.toy.source()

    stage.source = make
    stage.feeder.start()
    stage.wait(lambda: len(stage.opened) >= 3)
    assert stage.viewers.of_type("error")[0]["text"] == "one: is not plugged in"
    stage.feeder.submit(source="two")
    stage.wait_for_frames()


def test_next_delay_doubles_up_to_ten_times_the_first() -> None:
    delays = [1.0]
    for _ in range(6):
        delays.append(next_delay(delays[-1], 1.0, played=False))
    assert delays == [1, 2, 4, 8, 10, 10, 10]
    assert next_delay(10.0, 1.0, played=True) == 1


@pytest.mark.parametrize("kind", ["live", "video"])
def test_play_source_without_frames_is_reported_and_reopened(stage: Stage, kind: Any) -> None:
    stage.source = lambda name: stage.toy.source(kind, frames=0)
    stage.feeder.start()
    stage.wait(lambda: len(stage.viewers.of_type("error")) >= 2)
    text = stage.viewers.of_type("error")[0]["text"]
    assert text == "discs: expected pictures, got not a single one"
    assert len(stage.opened) <= len(stage.viewers.of_type("error")) + 1


def test_play_internal_error_is_logged_and_playing_continues(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        del model.run
        raise cv2.error("unexpected")

    stage.session.send_state()  # opens the tracker
    model = stage.toy.models["detector"]
    model.run = fail  # type: ignore[assignment, method-assign]
    stage.feeder.start()
    stage.wait_for_frames()
    assert stage.viewers.of_type("error")[0]["text"] == FAULT
    assert "unexpected" in caplog.text


def test_play_failing_network_is_reported_until_it_is_replaced(stage: Stage) -> None:
    def fail(*_: object) -> None:
        raise BackendError("backend: no TFLite interpreter could be loaded")

    stage.session.send_state()  # opens the tracker
    for model in stage.toy.models.values():
        model.run = fail  # type: ignore[assignment, method-assign]
    stage.feeder.start()
    stage.wait(lambda: len(stage.viewers.of_type("error")) >= 2)
    stage.feeder.submit(people=2)
    stage.wait_for_frames()


def test_feeder_pictures_are_shown_one_at_a_time(toy: ToyWorld, tmp_path: Path) -> None:
    stage = Stage(toy, tmp_path, picture_s=0.2)
    stage.source = lambda name: toy.source("stills", frames=3, fps=30)
    stage.feeder.start()
    try:
        stage.wait(lambda: len(stage.viewers.images) >= 5)
    finally:
        stage.feeder.close()
    times = [header_of(image)["record"]["time_s"] for image in stage.viewers.images[:5]]
    assert times == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])
    assert stage.session.stats()["detector_runs"] >= 5
