from __future__ import annotations

import numpy as np
import pytest

from blazetrack.track.tracklet import Trail

NO_CLOTHES = np.zeros((0, 3))
RED, BLUE = np.array([[50.0, 150, 0]]), np.array([[50.0, 0, 150]])


def walked(frames: int, speed: float = 90.0, colours: np.ndarray = NO_CLOTHES) -> Trail:
    """Somebody who walks to the right, seen at 30 frames per second."""
    trail = Trail(1, np.zeros(2), 50.0, 0.0, colours)
    for i in range(1, frames):
        trail.seen(np.array([speed * i / 30, 0.0]), 50.0, colours, i / 30, near=False)
    return trail


def test_somebody_at_rest_is_expected_where_they_were() -> None:
    assert walked(30, speed=0).expected_px(3.0).tolist() == [0, 0]


def test_somebody_who_walks_is_expected_further_on_but_not_for_ever() -> None:
    trail = walked(61)
    soon, later, never = (trail.expected_px(2 + s)[0] - 180 for s in (0.2, 1.0, 100.0))
    assert soon == pytest.approx(18, abs=2)
    assert 60 < later < 90
    assert later < never < 140


def test_in_a_meeting_what_was_before_counts() -> None:
    trail = walked(61)
    for i in range(61, 70):  # held up, or the region slid onto somebody else
        trail.seen(np.array([180.0, 0.0]), 50.0, NO_CLOTHES, i / 30, near=True)
    assert trail.expected_px(2.3)[0] > 195
    assert trail.velocity[0] == pytest.approx(90, abs=2)


def test_after_a_meeting_the_sights_count_again() -> None:
    trail = walked(61)
    trail.seen(np.array([400.0, 0.0]), 50.0, NO_CLOTHES, 2.5, near=True)
    trail.seen(np.array([400.0, 0.0]), 50.0, NO_CLOTHES, 2.6, near=False)
    assert trail.expected_px(2.6)[0] == 400
    assert trail.velocity[0] == pytest.approx(90, abs=2)  # the way through it is not known


def test_clothes_are_learnt_slowly_and_hardly_in_a_meeting() -> None:
    alone, met = walked(10, colours=RED), walked(10, colours=RED)
    for i in range(10, 20):
        alone.seen(np.zeros(2), 50.0, BLUE, i / 30, near=False)
        met.seen(np.zeros(2), 50.0, BLUE, i / 30, near=True)
    assert alone.colours[0, 2] > 75
    assert 0 < met.colours[0, 2] < 20


def test_clothes_that_cannot_be_seen_change_nothing() -> None:
    trail = walked(10, colours=RED)
    trail.seen(np.zeros(2), 50.0, np.full((1, 3), np.nan), 1.0, near=False)
    assert trail.colours.tolist() == RED.tolist()
