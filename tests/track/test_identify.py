from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from blazetrack.track.identify import Identity, needs_detection
from blazetrack.types import Frame, Poses, Rois

MakePeople = Callable[..., Poses]
IMAGE = np.zeros((600, 600, 3), np.uint8)


def at(time_s: float) -> Frame:
    return Frame(IMAGE, 0, time_s)


def test_new_people_are_counted_from_one(people: MakePeople) -> None:
    named = Identity()(at(0), None, people((10, 10, 5), (90, 10, 5)))
    assert named.ids.tolist() == [1, 2]


def test_those_followed_keep_their_id_and_come_first(people: MakePeople) -> None:
    identity = Identity()
    identity(at(0), None, people((10, 10, 5)))
    named = identity(at(0.1), people((500, 10, 5), ids=[1]), people((90, 10, 5)))
    assert named.ids.tolist() == [1, 2]
    assert named.alignment_px[:, 0, 0].tolist() == [500, 90]


def test_somebody_lost_comes_back_under_the_same_id(people: MakePeople) -> None:
    identity = Identity(memory_s=1.0)
    identity(at(0), None, people((100, 100, 20)))
    assert len(identity(at(0.5), None, None)) == 0
    assert identity(at(1.0), None, people((110, 100, 20))).ids.tolist() == [1]


def test_beyond_the_memory_it_is_somebody_else(people: MakePeople) -> None:
    identity = Identity(memory_s=1.0)
    identity(at(0), None, people((100, 100, 20)))
    assert identity(at(1.1), None, people((100, 100, 20))).ids.tolist() == [2]


def test_somewhere_else_it_is_somebody_else(people: MakePeople) -> None:
    identity = Identity()
    identity(at(0), None, people((100, 100, 20)))
    assert identity(at(0.1), None, people((121, 100, 20))).ids.tolist() == [2]


def test_the_nearest_of_the_lost_is_recalled(people: MakePeople) -> None:
    identity = Identity()
    identity(at(0), None, people((100, 100, 50), (140, 100, 50)))
    named = identity(at(0.1), None, people((135, 100, 50), (110, 100, 50)))
    assert named.ids.tolist() == [2, 1]


def test_an_id_is_not_given_twice(people: MakePeople) -> None:
    identity = Identity()
    identity(at(0), None, people((100, 100, 20)))
    both = identity(at(0.1), people((100, 100, 20), ids=[1]), people((105, 100, 20)))
    assert both.ids.tolist() == [1, 2]
    again = identity(at(0.2), None, people((100, 100, 20), (101, 100, 20), (102, 100, 20)))
    assert sorted(again.ids.tolist()) == [1, 2, 3]


def test_without_memory_nobody_is_recalled(people: MakePeople) -> None:
    identity = Identity(memory_s=0.0)
    seen = [identity(at(t), None, people((9, 9, 5))).ids.tolist() for t in (0.0, 0.1, 0.2)]
    assert seen == [[1], [2], [3]]


def test_two_of_them_do_not_know_each_other(people: MakePeople) -> None:
    one, other = Identity(), Identity()
    one(at(0), None, people((10, 10, 5), (90, 10, 5)))
    assert other(at(0), None, people((10, 10, 5))).ids.tolist() == [1]


def test_after_a_reset_the_next_person_is_number_one(people: MakePeople) -> None:
    identity = Identity()
    identity(at(0), None, people((10, 10, 5), (90, 10, 5)))
    identity.reset()
    assert identity(at(0.1), None, people((90, 10, 5))).ids.tolist() == [1]


def test_a_clock_that_runs_backward_forgets_instead_of_failing(people: MakePeople) -> None:
    identity = Identity(memory_s=1.0)
    identity(at(10), None, people((100, 100, 20)))
    assert identity(at(2), None, people((100, 100, 20))).ids.tolist() == [2]


@pytest.mark.parametrize("keypoints", [33, 17])
def test_nobody_keeps_the_model_s_keypoints(people: MakePeople, keypoints: int) -> None:
    nobody = people(keypoints=keypoints)
    for kept, fresh in ((None, nobody), (nobody, None), (nobody, nobody)):
        named = Identity()(at(0), kept, fresh)
        assert named.landmarks_px.shape == (0, keypoints, 3)


def test_masks_go_with_their_people(people: MakePeople) -> None:
    def masked(poses: Poses, value: float) -> Poses:
        return replace(poses, masks=np.full((len(poses), 4, 4), value, np.float32))

    kept, fresh = masked(people((1, 1, 5), ids=[1]), 0.25), masked(people((90, 1, 5)), 0.75)
    both = Identity()(at(0), kept, fresh)
    assert both.masks is not None
    assert both.masks[:, 0, 0].tolist() == [0.25, 0.75]
    assert Identity()(at(0), kept, people((90, 1, 5))).masks is None


def test_detection_is_needed_while_somebody_is_missing(people: MakePeople) -> None:
    one = Rois(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1), np.ones(1, np.int64))
    assert needs_detection()
    assert needs_detection(Rois.empty())
    assert not needs_detection(one)
    assert needs_detection(one, max_people=2)


def test_people_found_count_instead_of_regions_followed(people: MakePeople) -> None:
    one = Rois(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1), np.ones(1, np.int64))
    assert needs_detection(one, people())
    assert not needs_detection(Rois.empty(), people((1, 1, 5)))


def guarded(memory_s: float = 5.0) -> Identity:
    return Identity(memory_s, alike=0.5, guard=True)


def test_two_regions_on_one_body_count_once(people: MakePeople) -> None:
    identity = guarded()
    identity(at(0), None, people((100, 100, 50), (300, 100, 50)))
    slid = people((100, 100, 50), (104, 100, 50), ids=[1, 2])
    assert identity(at(0.1), slid, None).ids.tolist() == [1]
    back = identity(at(0.2), people((100, 100, 50), ids=[1]), people((300, 100, 50)))
    assert back.ids.tolist() == [1, 2]


def test_a_region_that_slid_onto_somebody_else_does_not_take_the_id_along(
    people: MakePeople,
) -> None:
    identity = guarded()
    identity(at(0), None, people((100, 100, 50), (300, 100, 50)))
    identity(at(0.1), people((100, 100, 50), ids=[1]), None)
    slid = identity(at(0.2), people((300, 100, 50), ids=[1]), None)
    assert slid.ids.tolist() == [2]


@pytest.mark.parametrize("slides", [False, True])
def test_two_who_cross_keep_their_ids(people: MakePeople, slides: bool) -> None:
    identity, crossing = guarded(), []
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


def test_somebody_who_went_on_unseen_is_recalled_further_on(people: MakePeople) -> None:
    for expected, place in ((1, 480), (2, 120)):
        identity = guarded()
        identity(at(0), None, people((100, 100, 50)))
        for i in range(1, 31):
            identity(at(i / 30), people((100 + 10 * i, 100, 50), ids=[1]), None)
        assert identity(at(1.3), None, people((place, 100, 50))).ids.tolist() == [expected]


def test_two_guards_do_not_know_each_other(people: MakePeople) -> None:
    one, other = guarded(), guarded()
    one(at(0), None, people((10, 10, 5), (90, 10, 5)))
    assert other(at(0), None, people((10, 10, 5))).ids.tolist() == [1]


def test_no_more_people_are_named_than_wanted_and_the_newest_go_first(people: MakePeople) -> None:
    identity = Identity(5.0, alike=0.5, guard=True, max_people=2)
    identity(at(0), None, people((100, 100, 50), (300, 100, 50)))
    identity(at(0.1), people((100, 100, 50), ids=[1]), None)
    identity(at(0.2), people((100, 100, 50), ids=[1]), people((500, 100, 50)))
    back = people((500, 100, 50), (100, 100, 50), (300, 100, 50), ids=[3, 1, 2])
    assert identity(at(0.3), back, None).ids.tolist() == [1, 2]
