"""One of several people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.tracking.follow import Follow, parse_choice
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
def test_parse_choice_accepts_every_form(text: object, choice: object) -> None:
    assert parse_choice(text) == choice  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0", "-1", "1,", "1,2,3", "largets", "", "1.5", "x,y", "nan,1"])
def test_parse_choice_of_wrong_text_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match=r"^follow: expected an id, largest, center or x,y") as got:
        parse_choice(text)
    assert ("did you mean 'largest'" in str(got.value)) == (text == "largets")


def test_follow_without_choice_passes_all(people: MakePeople) -> None:
    both = people((50, 50, 20), (200, 50, 40), ids=[1, 2])
    assert Follow()(both, at(0)) is both


@pytest.mark.parametrize(
    ("choice", "id"), [("largest", 2), ("center", 3), ("48,60", 1), (2, 2), ("3", 3)]
)
def test_follow_passes_only_the_chosen_person(
    people: MakePeople, choice: int | str, id: int
) -> None:
    three = people((50, 50, 20), (250, 50, 40), (160, 90, 30), ids=[1, 2, 3])
    assert Follow(choice)(three, at(0)).ids.tolist() == [id]


def test_follow_keeps_the_chosen_id(people: MakePeople) -> None:
    follow = Follow("largest")
    assert follow(people((50, 50, 20), (250, 50, 40), ids=[1, 2]), at(0)).ids.tolist() == [2]
    assert follow(people((50, 50, 90), (250, 50, 40), ids=[1, 2]), at(0.1)).ids.tolist() == [2]
    assert follow(people((50, 50, 90), ids=[1]), at(0.2)).ids.tolist() == []
    assert follow(people((50, 50, 90), (250, 50, 40), ids=[1, 2]), at(2)).ids.tolist() == [2]


def test_follow_after_memory_only_rules_choose_anew(people: MakePeople) -> None:
    follow, by_id, point = Follow("largest", 1.0), Follow(2, 1.0), Follow("250,50", 1.0)
    for one in (follow, by_id, point):
        assert one(people((250, 50, 40), ids=[2]), at(0)).ids.tolist() == [2]
    other = people((250, 50, 40), ids=[5])
    assert [one(other, at(0.9)).ids.tolist() for one in (follow, by_id, point)] == [[], [], []]
    assert [one(other, at(1.1)).ids.tolist() for one in (follow, by_id, point)] == [[5], [], []]


def test_follow_point_waits_for_a_person(people: MakePeople) -> None:
    follow = Follow("100,100")
    assert follow(people((200, 100, 30), ids=[1]), at(0)).ids.tolist() == []
    assert follow(people((120, 100, 30), ids=[1]), at(0.1)).ids.tolist() == [1]


def test_follow_new_choice_applies_to_next_frame(people: MakePeople) -> None:
    follow, both = Follow("largest"), people((50, 50, 20), (250, 50, 40), ids=[1, 2])
    assert follow(both, at(0)).ids.tolist() == [2]
    follow.follow((50.0, 50.0))
    assert follow(both, at(0.1)).ids.tolist() == [1]
    follow.follow(None)
    assert follow(both, at(0.2)).ids.tolist() == [1, 2]


def test_follow_reset_chooses_again(people: MakePeople) -> None:
    follow = Follow("largest")
    follow(people((50, 50, 20), ids=[4]), at(0))
    follow.reset()
    assert follow(people((50, 50, 20), ids=[1]), at(0)).ids.tolist() == [1]
