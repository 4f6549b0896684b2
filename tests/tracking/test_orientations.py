"""Search for people who are not upright in the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from blazetrack.align.crop import Crop
from blazetrack.errors import InputError
from blazetrack.tracking.orientations import NextOrientation, OtherOrientations, turned_image
from blazetrack.types import Frame, Poses, Rois

MakePeople = Callable[..., Poses]
FRAME = Frame(np.zeros((100, 200, 3), np.uint8))


def degrees(rois: Rois | None) -> list[int]:
    return [] if rois is None else np.rad2deg(rois.angle_rad).round().astype(int).tolist()


def test_turned_image_is_the_whole_image_per_orientation() -> None:
    rois = turned_image(FRAME, (0, 90, 180, 270))
    assert rois.center_px.tolist() == [[100, 50]] * 4
    assert rois.size_px.tolist() == [[200, 100]] * 4
    assert degrees(rois) == [0, 90, 180, -90]


def test_turned_image_by_90_shows_a_person_upright_who_lies_to_the_right() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[40:60, 90:] = 255  # the head, at the right edge
    crop = Crop(size=(10, 10))(Frame(image), turned_image(Frame(image), (90,)))
    lit = crop.pixels[0, ..., 0] > 128
    assert lit[0, 4:6].all()
    assert not lit[2:].any()


def test_next_orientation_takes_the_orientations_in_turn(people: MakePeople) -> None:
    search, none = NextOrientation((0, 90, 270)), people()
    turns = [degrees(search(FRAME, poses)) for poses in (None, none, none, none)]
    assert turns == [[0], [90], [-90], [0]]


def test_next_orientation_begins_upright_after_a_person(people: MakePeople) -> None:
    search = NextOrientation((0, 90))
    turns = [degrees(search(FRAME, poses)) for poses in (None, people(), people((9, 9, 5)))]
    assert turns == [[0], [90], [0]]


def test_next_orientation_reset_begins_upright(people: MakePeople) -> None:
    search = NextOrientation()
    search(FRAME, people())
    search.reset()
    assert degrees(search(FRAME, people())) == [0]


@pytest.mark.parametrize(
    ("scores", "turned"), [([], True), ([0.69], True), ([0.7], False), ([0.1, 0.9], False)]
)
def test_other_orientations_are_searched_where_nothing_is_sure(
    people: MakePeople, scores: list[float], turned: bool
) -> None:
    poses = people(*[(50, 50, 20)] * len(scores))
    poses = replace(poses, scores=np.array(scores))
    search = OtherOrientations((0, 90, 180, 270, 90), min_sure_score=0.7)
    assert degrees(search(FRAME, poses)) == ([90, 180, -90] if turned else [])


def test_other_orientations_of_upright_only_are_none(people: MakePeople) -> None:
    assert OtherOrientations((0,))(FRAME, people()) is None


@pytest.mark.parametrize("node", [NextOrientation, OtherOrientations])
def test_orientations_none_is_an_error(node: Callable[..., object]) -> None:
    with pytest.raises(InputError, match="expected orientations out of 0, 90, 180 and 270"):
        node(())
