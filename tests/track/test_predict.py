from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blazetrack.track.predict import Expect
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
IMAGE = np.zeros((200, 600, 3), np.uint8)


def at(index: int) -> Frame:
    return Frame(IMAGE, index, index / 30)


def walk(expect: Expect, people: MakePeople, frames: int = 31, id: int = 1) -> None:
    """Somebody walks to the right, 3 pixels per frame, to x = 190 in frame 30."""
    for i in range(frames):
        assert len(expect(people((100 + 3 * i, 50, 20), ids=[id]), at(i))) == 0


def test_somebody_lost_is_expected_further_on(people: MakePeople) -> None:
    expect = Expect()
    walk(expect, people)
    for index in (31, 34, 37):
        lost = expect(people(), at(index))
        assert lost.ids.tolist() == [1]
        x = lost.alignment_px[0, 0, 0]
        assert x == pytest.approx(100 + 3 * index, abs=5)  # they may slow down
        np.testing.assert_allclose(lost.alignment_px[0], [[x, 50], [x, 30]])
        np.testing.assert_allclose(lost.landmarks_px[0, :, :2], [[x, 50]] * 33)
        assert (lost.landmarks_px[..., 2] == 0).all()


def test_after_a_while_nobody_is_expected(people: MakePeople) -> None:
    expect = Expect(memory_s=0.5)
    walk(expect, people)
    expected = [len(expect(people(), at(i))) for i in range(31, 60)]
    assert expected == [1] * 15 + [0] * 14


def test_those_seen_are_not_looked_for(people: MakePeople) -> None:
    expect = Expect()
    expect(people((50, 50, 20), (300, 50, 20), ids=[1, 2]), at(0))
    assert expect(people((300, 50, 20), ids=[2]), at(1)).ids.tolist() == [1]
    assert expect(people((50, 50, 20), ids=[1]), at(2)).ids.tolist() == [2]
    assert len(expect(people((50, 50, 20), (300, 50, 20), ids=[1, 2]), at(3))) == 0


def test_looks_are_spread_over_frames_and_people(people: MakePeople) -> None:
    expect = Expect(every=3)
    expect(people((50, 50, 20), (300, 50, 20), ids=[1, 2]), at(0))
    looked = [expect(people(), at(i)).ids.tolist() for i in range(1, 10)]
    assert looked == [[2], [1], []] * 3


def test_who_may_not_be_there_is_never_expected(people: MakePeople) -> None:
    expect = Expect()
    expect(people((50, 50, 20), (300, 50, 20), ids=[-1, 1]), at(0))
    assert expect(people(), at(1)).ids.tolist() == [1]


def test_the_last_sight_before_a_meeting_tells_the_way(people: MakePeople) -> None:
    expect = Expect()
    for i in range(31):
        expect(people((100 + 3 * i, 50, 20), (250, 50, 20), ids=[1, 2]), at(i))
    for i in range(31, 36):  # the region slid onto the one who stands there
        expect(people((250, 50, 20), (250, 50, 20), ids=[1, 2]), at(i))
    lost = expect(people((250, 50, 20), ids=[2]), at(36))
    assert lost.ids.tolist() == [1]
    assert lost.alignment_px[0, 0, 0] < 225


def test_nobody_keeps_the_model_s_keypoints(people: MakePeople) -> None:
    assert Expect()(people(keypoints=17), at(0)).landmarks_px.shape == (0, 17, 3)


def test_a_reset_forgets_everybody(people: MakePeople) -> None:
    expect = Expect()
    walk(expect, people)
    expect.reset()
    assert len(expect(people(), at(31))) == 0


def test_a_clock_that_runs_backward_forgets_instead_of_failing(people: MakePeople) -> None:
    expect = Expect()
    expect(people((50, 50, 20), ids=[1]), at(30))
    assert len(expect(people(), at(3))) == 0


def test_two_of_them_do_not_know_each_other(people: MakePeople) -> None:
    one, other = Expect(), Expect()
    walk(one, people)
    walk(other, people, frames=2, id=5)
    assert one(people(), at(31)).ids.tolist() == [1]
    assert other(people(), at(2)).ids.tolist() == [5]
