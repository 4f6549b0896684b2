from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from blazetrack.track.pose_nms import believable, inside
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
FRAME = Frame(np.zeros((100, 200, 3), np.uint8))


def judged(people: MakePeople, score: float, visibility: float) -> bool:
    one = people((50, 50, 20))
    seen = np.full_like(one.visibility, visibility)
    (answer,) = believable(replace(one, scores=np.array([score]), visibility=seen))
    return bool(answer)


def test_who_looks_like_a_person_is_believed(people: MakePeople) -> None:
    assert judged(people, 0.95, 0.8)
    assert judged(people, 0.9, 0.6)


@pytest.mark.parametrize(("score", "visibility"), [(0.85, 0.8), (0.95, 0.5), (0.1, 0.1)])
def test_a_low_score_or_little_to_see_is_not(
    people: MakePeople, score: float, visibility: float
) -> None:
    assert not judged(people, score, visibility)


def test_it_is_the_mean_of_all_keypoints_that_counts(people: MakePeople) -> None:
    two = people((50, 50, 20), (90, 50, 20))
    visibility = np.ones((2, 33))
    visibility[0, 20:], visibility[1, 17:] = 0, 0
    assert believable(replace(two, visibility=visibility)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("place", "there"),
    [((0, 0), True), ((199, 99), True), ((200, 50), False), ((50, 100), False), ((-1, 5), False)],
)
def test_the_picture_ends_at_its_edges(
    people: MakePeople, place: tuple[float, float], there: bool
) -> None:
    assert inside(people((*place, 20)), FRAME).tolist() == [there]


def test_a_third_of_somebody_is_enough(people: MakePeople) -> None:
    two = people((50, 50, 20), (50, 50, 20))
    points = two.landmarks_px.copy()
    points[0, 11:, 0] = 300  # 11 of 33 are in the picture
    points[1, 9:, 0] = 300
    assert inside(replace(two, landmarks_px=points), FRAME).tolist() == [True, False]


def test_keypoints_that_are_not_known_are_not_inside(people: MakePeople) -> None:
    one = people((50, 50, 20))
    lost = replace(one, landmarks_px=np.full_like(one.landmarks_px, np.nan))
    assert inside(lost, FRAME).tolist() == [False]


def test_nobody_is_an_empty_answer(people: MakePeople) -> None:
    assert believable(people()).shape == inside(people(), FRAME).shape == (0,)
