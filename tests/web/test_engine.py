"""A tracker that changes while it runs, its figures and its recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from blazetrack.errors import GraphError, InputError, SinkError
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.web.engine import Choice, Engine
from blazetrack.web.limits import Limits
from tests.toy import ToyWorld


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class World:
    """An engine on toy networks.

    Attributes:
        ended: of each recording that ended, the number of frames and the names of the files.
    """

    def __init__(self, toy: ToyWorld, folder: Path, choice: Choice) -> None:
        self.toy, self.folder, self.clock = toy, folder, Clock()
        self.ended: list[tuple[int, list[str]]] = []
        self.count = 0
        self.engine = Engine(toy.make, choice, self.take, self.clock)

    def take(self, frames: int, paths: list[Path]) -> None:
        assert not self.engine.recording
        self.ended.append((frames, [path.name for path in paths]))

    def track(self, *discs: tuple[float, float]) -> Any:
        tracked = self.engine.track(self.toy.frame(self.count, *(discs or [(100, 100)])))
        self.count += 1
        self.clock.now_s += 0.1
        return tracked


@pytest.fixture
def world(toy: ToyWorld, tmp_path: Path) -> Iterator[World]:
    made = World(toy, tmp_path, Choice())
    yield made
    made.engine.close()


ALL = ["x.mp4", "x.jsonl", "x.csv"]


def test_it_finds_people_and_says_when_it_searched(world: World) -> None:
    first, second = world.track(), world.track()
    assert world.toy.places(first.poses) == [pytest.approx((100, 100), abs=2)]
    assert (first.searching, second.searching) == (True, False)
    assert second.track_ms > 0


def test_it_says_what_runs(world: World) -> None:
    about = world.engine.about()
    assert (about["model"], about["graph"], about["people"]) == ("full", "pose", 1)
    assert (about["smoothing"], about["recording"], about["can_follow"]) == (True, False, False)
    assert len(about["skeleton"]["names"]) == 33
    json.dumps(about)


def test_figures_are_those_since_the_last_time(world: World) -> None:
    for _ in range(30):
        world.track()
    stats = world.engine.stats()
    assert (stats["fps"], stats["frames"], stats["detector_runs"]) == (10.0, 30, 1)
    assert {name for name, _ in stats["nodes"]} >= {"tracked_crops", "tracked_landmarks", "smooth"}
    assert all(spent == 0 for _, spent in world.engine.stats()["nodes"])


def test_figures_do_not_grow_without_end(world: World) -> None:
    for _ in range(1100):
        world.engine._meter.count()
    assert len(world.engine._meter._times) == 1000


def test_smoothing_is_switched_in_the_same_tracker(world: World) -> None:
    world.track()
    before = world.toy.models["landmarks"]
    world.engine.change(smoothing=False)
    assert world.engine.about()["smoothing"] is False
    assert world.toy.models["landmarks"] is before
    assert not world.track().searching


def test_people_change_the_tracker_and_the_old_one_is_closed(world: World) -> None:
    world.track()
    before = dict(world.toy.models)
    world.engine.change(people=3, graph=None)
    assert [model.closed for model in before.values()] == [1, 1]
    found = world.track((60, 60), (200, 100), (120, 190)).poses
    assert len(found) == 3
    assert world.engine.about()["graph"] == "pose_multi"


def test_smoothing_stays_off_in_the_next_tracker(world: World) -> None:
    world.engine.change(smoothing=False)
    world.engine.change(people=2)
    assert world.engine._tracker.smoothing is False


def test_what_cannot_be_leaves_all_as_it_was(world: World) -> None:
    world.engine.start_recording(world.folder / "x")
    world.track()
    with pytest.raises(GraphError):
        world.engine.change(graph="nowhere.yaml")
    assert world.engine.choice == Choice()
    assert world.engine.recording
    world.track()
    with pytest.raises(GraphError):
        world.engine.follow((1.0, 2.0))


def test_a_recording_has_each_frame_in_each_file(world: World) -> None:
    world.engine.start_recording(world.folder / "x")
    assert world.engine.about()["recording"]
    for _ in range(5):
        world.track()
    world.engine.stop_recording()
    assert world.ended == [(5, ALL)]
    rows = [json.loads(row) for row in (world.folder / "x.jsonl").read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(5))
    with av.open(str(world.folder / "x.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 5
    assert len((world.folder / "x.csv").read_text().splitlines()) == 6


def test_a_recording_without_a_frame_leaves_nothing(world: World) -> None:
    world.engine.start_recording(world.folder / "x")
    world.engine.stop_recording()
    world.engine.stop_recording()
    assert world.ended == [(0, [])]
    assert list(world.folder.iterdir()) == []


def test_there_is_one_recording_at_a_time(world: World) -> None:
    world.engine.start_recording(world.folder / "x")
    with pytest.raises(InputError, match="one runs already"):
        world.engine.start_recording(world.folder / "y")


def test_another_tracker_ends_the_recording_and_hands_it_out(world: World) -> None:
    world.engine.start_recording(world.folder / "x")
    world.track()
    world.engine.change(people=2)
    assert world.ended == [(1, ALL)]
    world.track()
    assert world.engine.recorded == 1


def test_the_end_finishes_the_recording(world: World) -> None:
    world.engine.start_recording(world.folder / "x")
    world.track()
    world.engine.close()
    world.engine.close()
    assert world.ended == [(1, ALL)]
    with av.open(str(world.folder / "x.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 1


@pytest.mark.parametrize(
    "limits", [Limits(recording_s=0.35), Limits(recording_bytes=20)], ids=["long", "large"]
)
def test_a_recording_ends_by_itself(world: World, limits: Limits) -> None:
    world.engine.end_long_recording(limits)
    world.engine.start_recording(world.folder / "x")
    for _ in range(4):
        world.engine.end_long_recording(limits)
        world.track()
    world.engine.end_long_recording(limits)
    assert len(world.ended) == 1
    assert world.ended[0][1] == ALL


def test_where_a_file_cannot_be_written_the_others_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise SinkError("x.jsonl: cannot be written (no space left on device)")

    world.engine.start_recording(world.folder / "x")
    world.track()
    with monkeypatch.context() as patch:
        patch.setattr(JsonlSink, "text", fail)
        with pytest.raises(SinkError, match="no space left"):
            world.track()
    assert world.ended == [(1, ALL)]
    assert len(world.track().poses) == 1


def test_nothing_is_recorded_where_there_is_no_folder(world: World) -> None:
    with pytest.raises(SinkError, match="does not exist"):
        world.engine.start_recording(world.folder / "nowhere" / "x")
    assert not world.engine.recording
