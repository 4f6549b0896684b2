"""Visibility of keypoints outside the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blazetrack.align.cap_visibility import cap_visibility
from blazetrack.types import Frame, Poses

MakePeople = Callable[..., Poses]
FRAME = Frame(np.zeros((100, 200, 3), np.uint8))


def capped(people: MakePeople, x: float, y: float) -> tuple[float, float]:
    """Visibility and presence of a keypoint at a place, of 0.9 before."""
    poses = people((100, 50, 40), ids=[1])
    points = poses.landmarks_px.copy()
    points[0, 0, :2] = x, y
    got = cap_visibility(replace(poses, landmarks_px=points), FRAME)
    assert (got.visibility[0, 1:] == 0.9).all()
    return float(got.visibility[0, 0]), float(got.presence[0, 0])


@pytest.mark.parametrize("place", [(0, 0), (199, 99), (-0.5, 50), (199.5, 99.5), (np.nan, 50)])
def test_cap_visibility_inside_is_unchanged(people: MakePeople, place: tuple[float, float]) -> None:
    assert capped(people, *place) == (0.9, 0.9)


@pytest.mark.parametrize("place", [(-0.6, 50), (200, 50), (100, -1), (100, 100), (-900, 1e7)])
def test_cap_visibility_outside_is_below_one_half(
    people: MakePeople, place: tuple[float, float]
) -> None:
    visibility, presence = capped(people, *place)
    assert visibility == presence < 0.5


def test_cap_visibility_falls_to_zero_within_the_margin(people: MakePeople) -> None:
    seen = [capped(people, -0.5 - beyond, 50)[0] for beyond in (1.0, 2.0, 4.0, 8.0)]
    assert seen == pytest.approx([0.375, 0.25, 0.0, 0.0])


def test_cap_visibility_without_people_is_the_same(people: MakePeople) -> None:
    none = Poses.empty()
    assert cap_visibility(none, FRAME) is none


@pytest.mark.parametrize("options", [{}, {"people": 2}, {"graph": "pose_image"}])
def test_tracker_visibility_outside_the_image_is_capped(toy: Any, options: dict[str, Any]) -> None:
    with toy.tracker(**options) as tracker:
        poses = tracker(toy.frame(0, (100, 80)))
        assert (poses.visibility > 0.5).all()
        for index in range(1, 12):
            poses = tracker(toy.frame(index, (100, max(80 - 8 * index, 2))))
    if len(poses):
        x, y = poses.landmarks_px[..., 0], poses.landmarks_px[..., 1]
        outside = (x < -0.5) | (y < -0.5) | (x > toy.width - 0.5) | (y > toy.height - 0.5)
        assert (poses.visibility[outside] < 0.5).all()
