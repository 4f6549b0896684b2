"""Detection, tracking, loss and redetection, on toy networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

KNOWN = ("mediapipe_legacy", "mediapipe_tasks", "pose", "pose_image", "pose_multi")


@pytest.mark.parametrize("graph", KNOWN)
def test_tracker_finds_person_at_position(toy: Any, graph: str) -> None:
    with toy.tracker(graph=graph) as tracker:
        poses = tracker(toy.frame(0, (100, 80)))
    assert len(poses) == 1
    np.testing.assert_allclose(toy.places(poses), [(100, 80)], atol=0.7)
    assert poses.ids.tolist() == [1]
    # In `pose_image` the second crop gives the same pose, which raises the odds by half.
    odds = 19 * (1.5 if graph == "pose_image" else 1)
    assert poses.scores[0] == pytest.approx(odds / (1 + odds))


@pytest.mark.parametrize("graph", KNOWN)
def test_empty_input_gives_empty_result(toy: Any, graph: str) -> None:
    with toy.tracker(graph=graph) as tracker:
        for i in range(3):
            poses = tracker(toy.frame(i))
            assert len(poses) == 0
            assert poses.landmarks_px.shape == (0, 33, 3)
        # The second detector node of `pose_image` searches the other orientations.
        assert tracker.detector_runs == (6 if graph == "pose_image" else 3)


@pytest.mark.parametrize("graph", ["pose", "pose_multi", "mediapipe_legacy", "mediapipe_tasks"])
def test_detector_runs_only_while_person_is_lost(toy: Any, graph: str) -> None:
    with toy.tracker(graph=graph) as tracker:
        runs, found = [], []
        for i in range(12):
            before = tracker.detector_runs
            there = [] if 4 <= i < 7 else [(100 + 3 * i, 80)]
            found.append(len(tracker(toy.frame(i, *there))))
            runs.append(tracker.detector_runs - before)
    assert found == [1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1]
    # Ours look in the very frame in which the crop is lost, the others one frame later.
    lost_in = 1 if graph in ("pose", "pose_multi") else 0
    assert runs == [1, 0, 0, 0, lost_in, 1, 1, 1, 0, 0, 0, 0]


def test_pose_image_detects_in_each_image(toy: Any) -> None:
    with toy.tracker(graph="pose_image") as tracker:
        for i in range(3):
            tracker(toy.frame(i, (100, 80)))
        assert tracker.detector_runs == 3


def test_person_jump_is_detected_in_same_frame(toy: Any) -> None:
    clip = [toy.frame(i, (60, 120) if i < 5 else (260, 120)) for i in range(8)]
    with toy.tracker() as tracker:
        found = [tracker(one) for one in clip]
        assert [len(poses) for poses in found] == [1] * 8
        assert tracker.detector_runs == 2
    np.testing.assert_allclose(toy.places(found[5]), [(260, 120)], atol=0.7)
    with toy.tracker(graph="mediapipe_legacy") as tracker:
        assert [len(tracker(one)) for one in clip] == [1, 1, 1, 1, 1, 0, 1, 1]


def test_ids_stay_with_people(toy: Any) -> None:
    with toy.tracker(people=2) as tracker:
        for i in range(10):
            poses = tracker(toy.frame(i, (60 + 4 * i, 60), (60, 180 - 4 * i)))
            where = dict(zip(poses.ids.tolist(), toy.places(poses), strict=True))
            assert set(where) == {1, 2}
            if i == 0:
                start = where
    assert where[1] != where[2]
    for person, (x, y) in where.items():
        moved = (x - start[person][0], y - start[person][1])
        assert max(map(abs, moved)) == pytest.approx(36, abs=8)  # smoothing lags a little
        assert min(map(abs, moved)) < 1


def test_tracker_people_limits_results(toy: Any) -> None:
    with toy.tracker() as tracker:
        assert len(tracker(toy.frame(0, (60, 60), (60, 180), (200, 100)))) == 1
    with toy.tracker(people=2, graph="pose_image") as tracker:
        assert len(tracker(toy.frame(0, (60, 60), (60, 180), (200, 100)))) == 2


def test_second_person_is_detected_when_it_appears(toy: Any) -> None:
    with toy.tracker(people=2, tiles=0) as tracker:
        found = [
            len(tracker(toy.frame(i, *[(60, 60), (200, 180)][: 1 + i // 3]))) for i in range(6)
        ]
        assert found[:3] == [1, 1, 1]
        assert found[-1] == 2
        assert tracker.detector_runs <= 4


def test_tracker_masks_are_optional(toy: Any) -> None:
    with toy.tracker(masks=True, graph="pose_image") as tracker:
        masks = tracker(toy.frame(0, (100, 80))).masks
        empty = tracker(toy.frame(1)).masks
    assert masks is not None
    assert (masks.shape, masks.dtype) == ((1, toy.height, toy.width), np.float32)
    y, x = np.nonzero(masks[0] > 0.5)
    np.testing.assert_allclose([x.mean(), y.mean()], [100, 80], atol=1)
    assert empty is not None
    assert empty.shape == (0, toy.height, toy.width)
    with toy.tracker(graph="pose_image") as tracker:
        assert tracker(toy.frame(0, (100, 80))).masks is None
