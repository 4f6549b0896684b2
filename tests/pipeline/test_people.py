"""Several people at once, and one of several, on toy networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blazetrack.errors import GraphError, InputError
from blazetrack.runner import View, run
from blazetrack.sources.base import Source, SourceInfo
from blazetrack.types import Poses


def crossing(i: int) -> list[tuple[float, float]]:
    """Two discs that pass each other and cover each other for a while."""
    return [(40 + 4 * i, 100), (280 - 4 * i, 108)]


def named(toy: Any, poses: Poses) -> dict[int, tuple[float, float]]:
    return dict(zip(poses.ids.tolist(), toy.places(poses), strict=True))


def test_pose_multi_of_one_person_equals_pose(toy: Any) -> None:
    clip = [toy.frame(i, *[(60 + 5 * i, 100)][: i not in (7, 8)]) for i in range(20)]
    with toy.tracker(graph="pose") as one, toy.tracker(graph="pose_multi") as other:
        for frame in clip:
            a, b = one(frame), other(frame)
            np.testing.assert_array_equal(a.landmarks_px, b.landmarks_px)
            assert a.ids.tolist() == b.ids.tolist()
        assert one.detector_runs == other.detector_runs


def test_crossing_people_keep_ids(toy: Any) -> None:
    with toy.tracker(people=2) as tracker:
        seen = [named(toy, tracker(toy.frame(i, *crossing(i)))) for i in range(60)]
    assert set(seen[0]) == set(seen[-1]) == {1, 2}
    left_first = min(seen[0], key=lambda person: seen[0][person][0])
    assert max(seen[-1], key=lambda person: seen[-1][person][0]) == left_first
    assert {person for one in seen for person in one} == {1, 2}


@pytest.mark.parametrize("choice", ["40,100", "1", 1, "largest", "center"])
def test_follow_survives_a_crossing(toy: Any, choice: int | str) -> None:
    with toy.tracker(follow=choice) as tracker:
        seen = [tracker(toy.frame(i, *crossing(i))) for i in range(60)]
    ids = {person for poses in seen for person in poses.ids.tolist()}
    assert len(ids) == 1
    assert all(len(poses) <= 1 for poses in seen)
    moved = toy.places(seen[-1])[0][0] - toy.places(seen[0])[0][0]
    assert abs(moved) > 150


def test_follow_changes_between_frames(toy: Any) -> None:
    two = [(60, 60), (250, 180)]
    with toy.tracker(people=2) as tracker:
        assert len(tracker(toy.frame(0, *two))) == 2
        for i, (x, y) in enumerate(two, start=1):
            tracker.follow((x, y))
            np.testing.assert_allclose(toy.places(tracker(toy.frame(i, *two))), [(x, y)], atol=0.7)
        tracker.follow(None)
        assert len(tracker(toy.frame(3, *two))) == 2


def test_follow_without_follow_node_is_an_error(toy: Any) -> None:
    with toy.tracker() as tracker:
        assert not tracker.can_follow
        with pytest.raises(GraphError, match="cannot follow one of several; use PoseTracker"):
            tracker.follow("largest")
    with pytest.raises(GraphError, match="no node has the option 'follow'"):
        toy.tracker(graph="mediapipe_legacy", follow="largest")
    with pytest.raises(InputError, match="did you mean 'largest'"):
        toy.tracker(follow="larget")


@pytest.mark.parametrize(("tiles", "squares"), [(1, 1), (2, 4)])  # of 320×240 pixels
def test_pose_image_second_pass_adds_no_duplicates(toy: Any, tiles: int, squares: int) -> None:
    discs = [(60, 60), (250, 180)]
    with toy.tracker(graph="pose_image", people=4) as tracker:
        once = tracker(toy.frame(0, *discs))
        assert toy.models["detector"].runs == 1
    with toy.tracker(graph="pose_image", people=4, tiles=tiles) as tracker:
        closer = tracker(toy.frame(0, *discs))
        assert toy.models["detector"].runs == 1 + (1 + squares)
    assert closer.ids.tolist() == once.ids.tolist() == [1, 2]
    np.testing.assert_array_equal(closer.landmarks_px, once.landmarks_px)


def test_pose_image_second_pass_finds_missed_people(toy: Any) -> None:
    options = {"detect.min_score": 1.0}
    with toy.tracker(graph="pose_image", people=4, tiles=2, options=options) as tracker:
        poses = tracker(toy.frame(0, (60, 60), (250, 180)))
    assert sorted(poses.ids.tolist()) == [1, 2]
    np.testing.assert_allclose(sorted(toy.places(poses)), [(60, 60), (250, 180)], atol=1)


@pytest.mark.parametrize(
    ("options", "graph"),
    [
        ({}, "pose"),
        ({"people": 1}, "pose"),
        ({"people": 2}, "pose_multi"),
        ({"follow": "largest"}, "pose_multi"),
        ({"follow": "largest", "people": 1}, "pose_multi"),
        ({"follow": "largest", "graph": "pose_image"}, "pose_image"),
    ],
    ids=str,
)
def test_tracker_default_graph_by_people_and_follow(
    toy: Any, options: dict[str, Any], graph: str
) -> None:
    with toy.tracker(**options) as tracker:
        assert tracker.graph.name == graph


def test_tracker_people_default_is_one_or_four_with_follow(toy: Any) -> None:
    three = [(60, 60), (60, 180), (200, 100)]
    with toy.tracker() as tracker:
        assert len(tracker(toy.frame(0, *three))) == 1
    with toy.tracker(follow="200,100") as tracker:
        np.testing.assert_allclose(toy.places(tracker(toy.frame(0, *three))), [(200, 100)], atol=1)


@pytest.mark.parametrize("graph", ["pose", "mediapipe_tasks"])
@pytest.mark.parametrize("option", [{"tiles": 2}, {"follow": "largest"}], ids=str)
def test_tracker_option_unknown_to_graph_is_an_error(
    toy: Any, graph: str, option: dict[str, Any]
) -> None:
    (name,) = option
    with pytest.raises(
        GraphError, match=f"^graph {graph}: no node has the option '{name}'; graphs with it: "
    ):
        toy.tracker(graph=graph, **option)


def test_detector_runs_are_rare_without_change(toy: Any) -> None:
    with toy.tracker(people=3, tiles=0) as tracker:
        for i in range(100):
            assert len(tracker(toy.frame(i, (60, 60), (250, 180)))) == 2
        assert tracker.detector_runs <= 9


def test_trackers_of_several_people_are_independent(toy: Any) -> None:
    clips = [[toy.frame(i, *crossing(i)) for i in range(40)] for _ in range(2)]
    clips[1] = clips[1][::-1]
    alone = []
    for clip in clips:
        with toy.tracker(people=2) as tracker:
            alone.append([tracker(frame) for frame in clip])
    with toy.tracker(people=2) as one, toy.tracker(people=2) as other:
        for i, (a, b) in enumerate(zip(*clips, strict=True)):
            for poses, want in ((one(a), alone[0][i]), (other(b), alone[1][i])):
                assert poses.ids.tolist() == want.ids.tolist()
                np.testing.assert_array_equal(poses.landmarks_px, want.landmarks_px)


def test_ended_ids_leave_no_state(toy: Any) -> None:
    with toy.tracker(people=2, options={"identify.memory_s": 0.2}) as tracker:
        for i in range(60):
            there = [(60, 60)] if i < 20 else [(250, 180)] if i > 40 else []
            poses = tracker(toy.frame(i, *there))
        nodes = {node.spec.name: node.call for node in tracker._main.scheduler.plan.nodes}
    assert poses.ids.tolist() == [2]
    assert set(nodes["identify"]._tracklets) == {2}
    assert set(nodes["smooth"]._people) == {2}


def test_sink_choice_follows_person(toy: Any) -> None:
    class Clip(Source):
        def _frames(self) -> Any:
            yield from (toy.frame(i, (60, 60), (250, 180)) for i in range(10))

    class Clicked(View):
        name, stop_requested, warnings = "clicked", False, ()

        def __init__(self) -> None:
            self.seen: list[int] = []

        def begin(self, tracker: Any, info: SourceInfo) -> None:
            self.tracker = tracker

        def show(self, frame: Any, poses: Poses, detector_ran: bool) -> None:
            self.seen.append(len(poses))
            if frame.index == 3 and self.tracker.can_follow:
                self.tracker.follow((250.0, 180.0))

    for people, after in ((2, 1), (1, 1)):
        view, source = Clicked(), Clip(SourceInfo("clip", "clip", 320, 240, 30.0, 10))
        with source, toy.tracker(people=people) as tracker:
            run(source, tracker, [view], schedule="serial")
        assert view.seen == [people] * 4 + [after] * 6


@pytest.mark.parametrize("before", range(1, 20))
def test_people_in_pictures_of_changing_shape_are_found(toy: Any, before: int) -> None:
    shapes = [(240, 320)] * before + [(180, 320), (320, 180), (200, 200), (240, 320)] * 6
    with toy.tracker(people=3) as tracker:
        for i, (toy.height, toy.width) in enumerate(shapes):
            assert len(tracker(toy.frame(i, (60, 60), (140, 130)))) <= 3
        assert len(tracker(toy.frame(len(shapes), (60, 60), (140, 130)))) == 2
