"""Motion and appearance state of one person."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.tracking.tracklet import Tracklet

NO_CLOTHES = np.zeros((0, 3))
RED, BLUE = np.array([[50.0, 150, 0]]), np.array([[50.0, 0, 150]])


def walked(frames: int, speed: float = 90.0, colours: np.ndarray = NO_CLOTHES) -> Tracklet:
    """A person who walks to the right, observed at 30 frames per second."""
    tracklet = Tracklet(1, np.zeros(2), 50.0, 0.0, colours)
    for i in range(1, frames):
        tracklet.update(np.array([speed * i / 30, 0.0]), 50.0, colours, i / 30, near=False)
    return tracklet


def test_tracklet_at_rest_is_predicted_in_place() -> None:
    assert walked(30, speed=0).predicted_px(3.0).tolist() == [0, 0]


def test_tracklet_prediction_decays_to_rest() -> None:
    tracklet = walked(61)
    soon, later, never = (tracklet.predicted_px(2 + s)[0] - 180 for s in (0.2, 1.0, 100.0))
    assert soon == pytest.approx(18, abs=2)
    assert 60 < later < 90
    assert later < never < 140


def test_tracklet_near_others_keeps_velocity() -> None:
    tracklet = walked(61)
    for i in range(61, 70):  # standing, or the region drifted onto another person
        tracklet.update(np.array([180.0, 0.0]), 50.0, NO_CLOTHES, i / 30, near=True)
    assert tracklet.predicted_px(2.3)[0] > 195
    assert tracklet.velocity[0] == pytest.approx(90, abs=2)


def test_tracklet_after_meeting_uses_observations() -> None:
    tracklet = walked(61)
    tracklet.update(np.array([400.0, 0.0]), 50.0, NO_CLOTHES, 2.5, near=True)
    tracklet.update(np.array([400.0, 0.0]), 50.0, NO_CLOTHES, 2.6, near=False)
    assert tracklet.predicted_px(2.6)[0] == 400
    assert tracklet.velocity[0] == pytest.approx(90, abs=2)  # the way through it is not known


def test_tracklet_colours_change_slowly_near_others() -> None:
    alone, met = walked(10, colours=RED), walked(10, colours=RED)
    for i in range(10, 20):
        alone.update(np.zeros(2), 50.0, BLUE, i / 30, near=False)
        met.update(np.zeros(2), 50.0, BLUE, i / 30, near=True)
    assert alone.colours[0, 2] > 75
    assert 0 < met.colours[0, 2] < 20


def test_tracklet_unknown_colours_change_nothing() -> None:
    tracklet = walked(10, colours=RED)
    tracklet.update(np.zeros(2), 50.0, np.full((1, 3), np.nan), 1.0, near=False)
    assert tracklet.colours.tolist() == RED.tolist()
