"""Predicted poses of lost people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blazetrack.tracking.predict import Predict
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
IMAGE = np.zeros((200, 600, 3), np.uint8)


def at(index: int) -> Frame:
    return Frame(IMAGE, index, index / 30)


def walk(predict: Predict, people: MakePeople, frames: int = 31, id: int = 1) -> None:
    """A person walks to the right, 3 pixels per frame, to x = 190 in frame 30."""
    for i in range(frames):
        assert len(predict(people((100 + 3 * i, 50, 20), ids=[id]), at(i))) == 0


def test_predict_lost_person_moves_on(people: MakePeople) -> None:
    predict = Predict()
    walk(predict, people)
    for index in (31, 34, 37):
        lost = predict(people(), at(index))
        assert lost.ids.tolist() == [1]
        x = lost.alignment_px[0, 0, 0]
        assert x == pytest.approx(100 + 3 * index, abs=5)  # they may slow down
        np.testing.assert_allclose(lost.alignment_px[0], [[x, 50], [x, 30]])
        np.testing.assert_allclose(lost.landmarks_px[0, :, :2], [[x, 50]] * 33)
        assert (lost.landmarks_px[..., 2] == 0).all()


def test_predict_after_memory_is_empty(people: MakePeople) -> None:
    predict = Predict(memory_s=0.5)
    walk(predict, people)
    expected = [len(predict(people(), at(i))) for i in range(31, 60)]
    assert expected == [1] * 15 + [0] * 14


def test_predict_omits_present_people(people: MakePeople) -> None:
    predict = Predict()
    predict(people((50, 50, 20), (300, 50, 20), ids=[1, 2]), at(0))
    assert predict(people((300, 50, 20), ids=[2]), at(1)).ids.tolist() == [1]
    assert predict(people((50, 50, 20), ids=[1]), at(2)).ids.tolist() == [2]
    assert len(predict(people((50, 50, 20), (300, 50, 20), ids=[1, 2]), at(3))) == 0


def test_predict_every_spreads_over_frames(people: MakePeople) -> None:
    predict = Predict(every=3)
    predict(people((50, 50, 20), (300, 50, 20), ids=[1, 2]), at(0))
    looked = [predict(people(), at(i)).ids.tolist() for i in range(1, 10)]
    assert looked == [[2], [1], []] * 3


def test_predict_omits_tentative_people(people: MakePeople) -> None:
    predict = Predict()
    predict(people((50, 50, 20), (300, 50, 20), ids=[-1, 1]), at(0))
    assert predict(people(), at(1)).ids.tolist() == [1]


def test_predict_uses_motion_before_a_meeting(people: MakePeople) -> None:
    predict = Predict()
    for i in range(31):
        predict(people((100 + 3 * i, 50, 20), (250, 50, 20), ids=[1, 2]), at(i))
    for i in range(31, 36):  # the region drifted onto the standing person
        predict(people((250, 50, 20), (250, 50, 20), ids=[1, 2]), at(i))
    lost = predict(people((250, 50, 20), ids=[2]), at(36))
    assert lost.ids.tolist() == [1]
    assert lost.alignment_px[0, 0, 0] < 225


def test_empty_result_keeps_keypoint_count(people: MakePeople) -> None:
    assert Predict()(people(keypoints=17), at(0)).landmarks_px.shape == (0, 17, 3)


def test_reset_drops_all_state(people: MakePeople) -> None:
    predict = Predict()
    walk(predict, people)
    predict.reset()
    assert len(predict(people(), at(31))) == 0


def test_backward_clock_drops_tracks(people: MakePeople) -> None:
    predict = Predict()
    predict(people((50, 50, 20), ids=[1]), at(30))
    assert len(predict(people(), at(3))) == 0


def test_instances_are_independent(people: MakePeople) -> None:
    one, other = Predict(), Predict()
    walk(one, people)
    walk(other, people, frames=2, id=5)
    assert one(people(), at(31)).ids.tolist() == [1]
    assert other(people(), at(2)).ids.tolist() == [5]
