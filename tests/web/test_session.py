"""A tracker that is changed while it runs, its statistics and its recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from blazetrack.errors import GraphError, SinkError
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.web.access import Limits
from blazetrack.web.choice import Choice
from blazetrack.web.recordings import Recordings
from blazetrack.web.session import Session, TrackerStats
from tests.toy_models import ToyWorld
from tests.web.clock import Clock

SUFFIXES = [".mp4", ".jsonl", ".csv"]


class World:
    """A session on toy networks.

    Attributes:
        sent: messages to the viewers.
    """

    def __init__(self, toy: ToyWorld, folder: Path, limits: Limits | None = None) -> None:
        self.toy, self.folder, self.clock = toy, folder, Clock()
        self.sent: list[dict[str, Any]] = []
        self.count = 0
        self.session = Session(
            toy.make,
            Choice(),
            "discs",
            lambda message: self.sent.append(json.loads(json.dumps(message))),
            Recordings(folder, 5),
            limits or Limits(),
            self.clock,
        )

    def track(self, *discs: tuple[float, float]) -> Any:
        tracked = self.session.track(self.toy.frame(self.count, *(discs or [(100, 100)])))
        self.count += 1
        self.clock.now_s += 0.1
        return tracked

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == kind]

    def recorded(self) -> list[tuple[int, list[str]]]:
        """Of each finished recording the number of frames and the suffixes of the files."""
        return [
            (message["frames"], [Path(file["name"]).suffix for file in message["files"]])
            for message in self.of_type("recording")
        ]

    def file(self, suffix: str) -> Path:
        (path,) = self.folder.glob(f"*{suffix}")
        return path


@pytest.fixture
def world(toy: ToyWorld, tmp_path: Path) -> Iterator[World]:
    made = World(toy, tmp_path)
    yield made
    made.session.close()


def test_track_finds_people_and_reports_detector_runs(world: World) -> None:
    first, second = world.track(), world.track()
    assert world.toy.places(first.poses) == [pytest.approx((100, 100), abs=2)]
    assert (first.searching, second.searching) == (True, False)
    assert second.track_ms > 0


def test_observe_counts_a_frame_tracked_elsewhere(world: World) -> None:
    frame = world.toy.frame(0, (100, 100))
    tracked = world.session.observe(frame, world.session.tracker(frame))
    assert tracked.searching
    assert tracked.track_ms == tracked.network_ms
    assert world.session.stats()["frames"] == 1


def test_state_describes_the_tracker(world: World) -> None:
    state = world.session.state()
    assert (state["type"], state["source"], state["paused"]) == ("state", "discs", False)
    assert (state["model"], state["graph"], state["people"]) == ("full", "pose", 1)
    assert (state["smoothing"], state["recording"], state["can_follow"]) == (0.5, False, False)
    assert (state["masks"], state["min_detection"], state["min_tracking"]) == (False, 0.2, 0.5)
    assert state["angles"][:2] == ["left_knee", "right_knee"]
    assert len(state["skeleton"]["names"]) == 33


def test_stats_cover_the_time_since_the_last_call(world: World) -> None:
    for _ in range(30):
        world.track()
    stats = world.session.stats()
    assert (stats["fps"], stats["frames"], stats["detector_runs"]) == (10.0, 30, 1)
    assert {name for name, _ in stats["nodes"]} >= {"tracked_landmarks", "smooth"}
    assert all(spent == 0 for _, spent in world.session.stats()["nodes"])


def test_send_stats_is_throttled(world: World) -> None:
    for _ in range(13):
        world.track()
        world.session.send_stats(viewers=3)
    assert [message["viewers"] for message in world.of_type("stats")] == [3, 3, 3]


def test_stats_frame_rate_memory_is_bounded(toy: ToyWorld) -> None:
    stats = TrackerStats(Clock())
    stats.attach(*toy.make(Choice()))
    for _ in range(1100):
        stats.count()
    assert stats.read()["fps"] == 500


def test_change_smoothing_keeps_the_tracker(world: World) -> None:
    world.track()
    before = world.toy.models["landmarks"]
    for strength in (0.0, 0.75):
        world.session.change(smoothing=strength)
        assert world.session.state()["smoothing"] == strength
    assert world.toy.models["landmarks"] is before
    assert not world.track().searching


def test_change_people_opens_another_tracker_and_closes_the_first(world: World) -> None:
    world.track()
    before = dict(world.toy.models)
    world.session.change(people=3, graph=None)
    assert [model.closed for model in before.values()] == [1, 1]
    poses = world.track((60, 60), (200, 100), (120, 190)).poses
    assert len(poses) == 3
    assert world.session.state()["graph"] == "pose_multi"


def test_change_keeps_smoothing_off_in_the_next_tracker(world: World) -> None:
    world.session.change(smoothing=0.0)
    world.session.change(people=2)
    assert world.session.tracker.smoothing is False


def test_change_people_with_a_graph_of_one_person_chooses_the_default_graph(world: World) -> None:
    world.session.change(graph="pose")
    world.session.change(people=3)
    state = world.session.state()
    assert (state["graph"], state["people"]) == ("pose_multi", 3)


def test_change_to_a_graph_of_one_person_takes_people_back_to_one(world: World) -> None:
    world.session.change(people=3)
    world.session.change(graph="pose")
    state = world.session.state()
    assert (state["graph"], state["people"]) == ("pose", 1)


def test_change_thresholds_and_masks_runs_with_them(world: World) -> None:
    world.session.change(min_detection=0.3, min_tracking=0.7, masks=True)
    state = world.session.state()
    assert (state["min_detection"], state["min_tracking"], state["masks"]) == (0.3, 0.7, True)
    assert world.track().poses.masks is not None
    world.session.change(graph="mediapipe_tasks")
    assert world.session.state()["min_tracking"] == 0.5


def test_follow_is_part_of_the_state_until_another_clip_begins(world: World) -> None:
    world.session.apply({"people": 2})
    world.track((60, 60), (200, 100))
    world.session.apply({"follow": (60.0, 60.0)})
    assert world.of_type("state")[-1]["following"] is True
    world.session.begin()
    assert world.session.state()["following"] is False


def test_still_frame_state_has_the_graph_of_pictures(world: World) -> None:
    frame = world.toy.frame(0, (100, 100))
    world.session.track(replace(frame, still=True))
    assert world.of_type("state")[-1]["graph"] == "pose_image"


def test_change_that_fails_changes_nothing(world: World) -> None:
    world.session.start_recording()
    world.track()
    with pytest.raises(GraphError):
        world.session.change(graph="nowhere.yaml")
    assert world.session.choice == Choice()
    assert world.session.recording
    world.track()


def test_apply_sends_each_error_and_the_state_once(world: World) -> None:
    world.session.apply(
        {
            "source": "b",
            "paused": True,
            "graph": "nowhere.yaml",
            "follow": (1.0, 2.0),
            "record": True,
        }
    )
    texts = [message["text"] for message in world.of_type("error")]
    assert ["no such file" in texts[0], "cannot follow" in texts[1], len(texts)] == [True, True, 2]
    (state,) = world.of_type("state")
    assert (state["source"], state["paused"], state["recording"]) == ("b", True, True)


def test_recording_has_each_frame_in_each_file(world: World) -> None:
    world.session.start_recording()
    assert world.session.state()["recording"]
    for _ in range(5):
        world.track()
    world.session.stop_recording()
    assert world.recorded() == [(5, SUFFIXES)]
    assert world.sent[-1]["recording"] is False
    rows = [json.loads(row) for row in world.file(".jsonl").read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(5))
    with av.open(str(world.file(".mp4"))) as film:
        assert sum(1 for _ in film.decode(video=0)) == 5
    assert len(world.file(".csv").read_text().splitlines()) == 6


def test_recording_without_a_frame_leaves_no_file(world: World) -> None:
    world.session.start_recording()
    world.session.stop_recording()
    world.session.stop_recording()
    assert world.recorded() == [(0, [])]
    assert list(world.folder.iterdir()) == []


def test_start_recording_twice_keeps_the_first(world: World) -> None:
    world.session.start_recording()
    world.track()
    world.session.start_recording()
    world.track()
    world.session.stop_recording()
    assert world.recorded() == [(2, SUFFIXES)]


def test_change_of_the_tracker_ends_the_recording(world: World) -> None:
    world.session.start_recording()
    world.track()
    world.session.change(people=2)
    assert world.recorded() == [(1, SUFFIXES)]
    world.track()
    assert world.session.recorded == 1


def test_close_finishes_the_recording(world: World) -> None:
    world.session.start_recording()
    world.track()
    world.session.close()
    world.session.close()
    assert world.recorded() == [(1, SUFFIXES)]
    with av.open(str(world.file(".mp4"))) as film:
        assert sum(1 for _ in film.decode(video=0)) == 1


@pytest.mark.parametrize(
    "limits", [Limits(recording_s=0.35), Limits(recording_bytes=20)], ids=["long", "large"]
)
def test_recording_ends_at_its_limit(toy: ToyWorld, tmp_path: Path, limits: Limits) -> None:
    world = World(toy, tmp_path, limits)
    world.session.start_recording()
    for _ in range(6):
        world.track()
    assert [suffixes for _, suffixes in world.recorded()] == [SUFFIXES]
    assert not world.session.recording
    world.session.close()


def test_recording_with_a_full_disk_keeps_the_other_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise SinkError("x.jsonl: cannot be written (no space left on device)")

    world.session.start_recording()
    world.track()
    with monkeypatch.context() as patch:
        patch.setattr(JsonlSink, "text", fail)
        with pytest.raises(SinkError, match="no space left"):
            world.track()
    assert world.recorded() == [(1, SUFFIXES)]
    assert len(world.track().poses) == 1


def test_start_recording_without_folder_raises(toy: ToyWorld, tmp_path: Path) -> None:
    session = World(toy, tmp_path / "nowhere").session
    with pytest.raises(SinkError, match="does not exist"):
        session.start_recording()
    assert not session.recording
