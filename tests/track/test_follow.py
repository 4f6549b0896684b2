from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.track.follow import Lock, read_choice
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
IMAGE = np.zeros((200, 300, 3), np.uint8)


def at(time_s: float) -> Frame:
    return Frame(IMAGE, 0, time_s)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("3", 3),
        (7, 7),
        ("largest", "largest"),
        ("center", "center"),
        ("320,240", (320.0, 240.0)),
        (" 1.5 , 2 ", (1.5, 2.0)),
        ((4.0, 5.0), (4.0, 5.0)),
        (None, None),
    ],
)
def test_every_form_is_read(text: object, choice: object) -> None:
    assert read_choice(text) == choice  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0", "-1", "1,", "1,2,3", "largets", "", "1.5", "x,y", "nan,1"])
def test_a_wrong_one_is_a_clear_error(text: str) -> None:
    with pytest.raises(InputError, match=r"^follow: expected an id, largest, center or x,y") as got:
        read_choice(text)
    assert ("did you mean 'largest'" in str(got.value)) == (text == "largets")


def test_without_a_choice_everybody_passes(people: MakePeople) -> None:
    both = people((50, 50, 20), (200, 50, 40), ids=[1, 2])
    assert Lock()(both, at(0)) is both


@pytest.mark.parametrize(
    ("choice", "id"), [("largest", 2), ("center", 3), ("48,60", 1), (2, 2), ("3", 3)]
)
def test_the_chosen_one_alone_passes(people: MakePeople, choice: int | str, id: int) -> None:
    three = people((50, 50, 20), (250, 50, 40), (160, 90, 30), ids=[1, 2, 3])
    assert Lock(choice)(three, at(0)).ids.tolist() == [id]


def test_the_choice_stays_though_somebody_else_fits_better(people: MakePeople) -> None:
    lock = Lock("largest")
    assert lock(people((50, 50, 20), (250, 50, 40), ids=[1, 2]), at(0)).ids.tolist() == [2]
    assert lock(people((50, 50, 90), (250, 50, 40), ids=[1, 2]), at(0.1)).ids.tolist() == [2]
    assert lock(people((50, 50, 90), ids=[1]), at(0.2)).ids.tolist() == []
    assert lock(people((50, 50, 90), (250, 50, 40), ids=[1, 2]), at(2)).ids.tolist() == [2]


def test_largest_chooses_anew_when_the_chosen_is_gone_for_long(people: MakePeople) -> None:
    lock, by_id, point = Lock("largest", 1.0), Lock(2, 1.0), Lock("250,50", 1.0)
    for one in (lock, by_id, point):
        assert one(people((250, 50, 40), ids=[2]), at(0)).ids.tolist() == [2]
    other = people((250, 50, 40), ids=[5])
    assert [one(other, at(0.9)).ids.tolist() for one in (lock, by_id, point)] == [[], [], []]
    assert [one(other, at(1.1)).ids.tolist() for one in (lock, by_id, point)] == [[5], [], []]


def test_a_point_waits_for_somebody_to_be_there(people: MakePeople) -> None:
    lock = Lock("100,100")
    assert lock(people((200, 100, 30), ids=[1]), at(0)).ids.tolist() == []
    assert lock(people((120, 100, 30), ids=[1]), at(0.1)).ids.tolist() == [1]
    assert lock.chosen == 1


def test_another_choice_takes_effect_at_the_next_frame(people: MakePeople) -> None:
    lock, both = Lock("largest"), people((50, 50, 20), (250, 50, 40), ids=[1, 2])
    assert lock(both, at(0)).ids.tolist() == [2]
    lock.follow((50.0, 50.0))
    assert lock(both, at(0.1)).ids.tolist() == [1]
    lock.follow(None)
    assert lock(both, at(0.2)).ids.tolist() == [1, 2]


def test_a_reset_chooses_again_by_the_same_rule(people: MakePeople) -> None:
    lock = Lock("largest")
    lock(people((50, 50, 20), ids=[4]), at(0))
    lock.reset()
    assert lock(people((50, 50, 20), ids=[1]), at(0)).ids.tolist() == [1]
