"""Ids that stay with people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from blazetrack.tracking.identify import Identify
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
IMAGE = np.zeros((600, 600, 3), np.uint8)


def at(time_s: float) -> Frame:
    return Frame(IMAGE, 0, time_s)


def test_identify_new_people_get_ids_from_one(people: MakePeople) -> None:
    named = Identify()(at(0), None, people((10, 10, 5), (90, 10, 5)))
    assert named.ids.tolist() == [1, 2]


def test_identify_tracked_people_keep_ids_and_order(people: MakePeople) -> None:
    identity = Identify()
    identity(at(0), None, people((10, 10, 5)))
    named = identity(at(0.1), people((500, 10, 5), ids=[1]), people((90, 10, 5)))
    assert named.ids.tolist() == [1, 2]
    assert named.alignment_px[:, 0, 0].tolist() == [500, 90]


def test_identify_lost_person_returns_with_same_id(people: MakePeople) -> None:
    identity = Identify(memory_s=1.0)
    identity(at(0), None, people((100, 100, 20)))
    assert len(identity(at(0.5), None, None)) == 0
    assert identity(at(1.0), None, people((110, 100, 20))).ids.tolist() == [1]


def test_identify_after_memory_gives_new_id(people: MakePeople) -> None:
    identity = Identify(memory_s=1.0)
    identity(at(0), None, people((100, 100, 20)))
    assert identity(at(1.1), None, people((100, 100, 20))).ids.tolist() == [2]


def test_identify_far_position_gives_new_id(people: MakePeople) -> None:
    identity = Identify()
    identity(at(0), None, people((100, 100, 20)))
    assert identity(at(0.1), None, people((121, 100, 20))).ids.tolist() == [2]


def test_identify_nearest_lost_person_is_matched(people: MakePeople) -> None:
    identity = Identify()
    identity(at(0), None, people((100, 100, 50), (140, 100, 50)))
    named = identity(at(0.1), None, people((135, 100, 50), (110, 100, 50)))
    assert named.ids.tolist() == [2, 1]


def test_identify_ids_are_unique_in_a_frame(people: MakePeople) -> None:
    identity = Identify()
    identity(at(0), None, people((100, 100, 20)))
    both = identity(at(0.1), people((100, 100, 20), ids=[1]), people((105, 100, 20)))
    assert both.ids.tolist() == [1, 2]
    again = identity(at(0.2), None, people((100, 100, 20), (101, 100, 20), (102, 100, 20)))
    assert sorted(again.ids.tolist()) == [1, 2, 3]


def test_identify_without_memory_gives_new_ids(people: MakePeople) -> None:
    identity = Identify(memory_s=0.0)
    seen = [identity(at(t), None, people((9, 9, 5))).ids.tolist() for t in (0.0, 0.1, 0.2)]
    assert seen == [[1], [2], [3]]


def test_instances_are_independent(people: MakePeople) -> None:
    one, other = Identify(), Identify()
    one(at(0), None, people((10, 10, 5), (90, 10, 5)))
    assert other(at(0), None, people((10, 10, 5))).ids.tolist() == [1]


def test_identify_reset_restarts_ids(people: MakePeople) -> None:
    identity = Identify()
    identity(at(0), None, people((10, 10, 5), (90, 10, 5)))
    identity.reset()
    assert identity(at(0.1), None, people((90, 10, 5))).ids.tolist() == [1]


def test_backward_clock_drops_tracks(people: MakePeople) -> None:
    identity = Identify(memory_s=1.0)
    identity(at(10), None, people((100, 100, 20)))
    assert identity(at(2), None, people((100, 100, 20))).ids.tolist() == [2]


@pytest.mark.parametrize("keypoints", [33, 17])
def test_empty_result_keeps_keypoint_count(people: MakePeople, keypoints: int) -> None:
    empty = people(keypoints=keypoints)
    for tracked, new in ((None, empty), (empty, None), (empty, empty)):
        named = Identify()(at(0), tracked, new)
        assert named.landmarks_px.shape == (0, keypoints, 3)


def test_identify_masks_follow_people(people: MakePeople) -> None:
    def masked(poses: Poses, value: float) -> Poses:
        return replace(poses, masks=np.full((len(poses), 4, 4), value, np.float32))

    tracked, new = masked(people((1, 1, 5), ids=[1]), 0.25), masked(people((90, 1, 5)), 0.75)
    both = Identify()(at(0), tracked, new)
    assert both.masks is not None
    assert both.masks[:, 0, 0].tolist() == [0.25, 0.75]
    assert Identify()(at(0), tracked, people((90, 1, 5))).masks is None


def with_appearance(memory_s: float = 5.0) -> Identify:
    return Identify(memory_s, duplicate_oks=0.5, use_appearance=True)


def test_identify_duplicate_poses_are_one_person(people: MakePeople) -> None:
    identity = with_appearance()
    identity(at(0), None, people((100, 100, 50), (300, 100, 50)))
    slid = people((100, 100, 50), (104, 100, 50), ids=[1, 2])
    assert identity(at(0.1), slid, None).ids.tolist() == [1]
    back = identity(at(0.2), people((100, 100, 50), ids=[1]), people((300, 100, 50)))
    assert back.ids.tolist() == [1, 2]


def test_identify_drifted_region_loses_its_id(
    people: MakePeople,
) -> None:
    identity = with_appearance()
    identity(at(0), None, people((100, 100, 50), (300, 100, 50)))
    identity(at(0.1), people((100, 100, 50), ids=[1]), None)
    slid = identity(at(0.2), people((300, 100, 50), ids=[1]), None)
    assert slid.ids.tolist() == [2]


@pytest.mark.parametrize("slides", [False, True])
def test_crossing_people_keep_ids(people: MakePeople, slides: bool) -> None:
    identity, crossing = with_appearance(), []
    for i in range(60):
        left, right = 100 + 6.0 * i, 460 - 6.0 * i
        crossing.append((left, right))
        hidden = abs(left - right) < 40
        if i == 0:
            named = identity(at(0), None, people((left, 100, 60), (right, 100, 60)))
        elif hidden and slides:  # both regions show the one in front
            named = identity(at(i / 30), people((left, 100, 60), (left, 100, 60), ids=[2, 1]), None)
        elif len(named) < 2:  # the other one is found anew
            named = identity(
                at(i / 30), people((left, 100, 60), ids=named.ids), people((right, 100, 60))
            )
        else:
            order = [(left, 100, 60), (right, 100, 60)]
            if named.ids[0] == 2:
                order.reverse()
            named = identity(at(i / 30), people(*order, ids=named.ids), None)
    where = dict(zip(named.ids.tolist(), named.alignment_px[:, 0, 0].tolist(), strict=True))
    assert where == {1: crossing[-1][0], 2: crossing[-1][1]}


def test_identify_lost_person_is_matched_at_predicted_position(people: MakePeople) -> None:
    for expected, place in ((1, 480), (2, 120)):
        identity = with_appearance()
        identity(at(0), None, people((100, 100, 50)))
        for i in range(1, 31):
            identity(at(i / 30), people((100 + 10 * i, 100, 50), ids=[1]), None)
        assert identity(at(1.3), None, people((place, 100, 50))).ids.tolist() == [expected]


def test_identify_with_appearance_instances_are_independent(people: MakePeople) -> None:
    one, other = with_appearance(), with_appearance()
    one(at(0), None, people((10, 10, 5), (90, 10, 5)))
    assert other(at(0), None, people((10, 10, 5))).ids.tolist() == [1]


def test_identify_max_people_drops_newest(people: MakePeople) -> None:
    identity = Identify(5.0, duplicate_oks=0.5, use_appearance=True, max_people=2)
    identity(at(0), None, people((100, 100, 50), (300, 100, 50)))
    identity(at(0.1), people((100, 100, 50), ids=[1]), None)
    identity(at(0.2), people((100, 100, 50), ids=[1]), people((500, 100, 50)))
    back = people((500, 100, 50), (100, 100, 50), (300, 100, 50), ids=[3, 1, 2])
    assert identity(at(0.3), back, None).ids.tolist() == [1, 2]


@pytest.mark.parametrize(("min_score", "accepted"), [(0.5, [0.95, 0.5]), (0.4, [0.95, 0.5, 0.49])])
def test_identify_min_score_is_of_new_people(
    people: MakePeople, min_score: float, accepted: list[float]
) -> None:
    identity = Identify(use_appearance=True, min_score=min_score)
    three = people((50, 50, 20), (90, 50, 20), (130, 50, 20))
    three = replace(three, scores=np.array([0.95, 0.5, 0.49]))
    first = identity(at(0), None, three)
    assert first.scores.tolist() == accepted
    low = replace(first, scores=np.full(len(first), 0.1))
    assert len(identity(at(0.1), low, None)) == len(accepted)
