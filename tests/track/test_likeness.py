from __future__ import annotations

import numpy as np
import pytest

from blazetrack.track.likeness import SPREAD, likeness, one_per_body


def body(x: float, y: float, radius: float) -> np.ndarray:
    """`(9, 2)` points on a grid as large as the circle."""
    grid = np.array([(a, b) for a in (-0.5, 0, 0.5) for b in (-1, 0, 1)], float)
    return np.array([x, y]) + radius * grid


def test_a_pose_is_like_itself_and_not_like_one_elsewhere() -> None:
    points = np.stack([body(100, 100, 50), body(300, 100, 50)])
    np.testing.assert_allclose(likeness(points, points, np.array([50, 50])), np.eye(2), atol=1e-9)


def test_a_spread_off_is_as_alike_as_a_gaussian_says() -> None:
    one, other = body(100, 100, 50)[None], body(100 + 50 * SPREAD, 100, 50)[None]
    assert likeness(one, other, np.array([50.0]))[0, 0] == pytest.approx(np.exp(-0.5))


def test_likeness_does_not_depend_on_size() -> None:
    small = likeness(body(10, 10, 20)[None], body(12, 10, 20)[None], np.array([20.0]))
    large = likeness(body(100, 100, 200)[None], body(120, 100, 200)[None], np.array([200.0]))
    np.testing.assert_allclose(small, large)


def test_the_better_of_two_on_one_body_stays() -> None:
    bodies = ((100, 100, 50), (103, 100, 50), (220, 100, 50))
    points = np.stack([body(*one) for one in bodies])
    rows = one_per_body(points, np.full(3, 50.0), np.array([0.8, 0.9, 0.7]), alike=0.5)
    assert rows == [1, 2]
    assert one_per_body(points, np.full(3, 50.0), np.array([0.9, 0.9, 0.7]), alike=0.5) == [0, 2]
    assert one_per_body(points, np.full(3, 50.0), np.array([0.8, 0.9, 0.7]), alike=2) == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_alone_stay(count: int) -> None:
    points = np.zeros((count, 9, 2))
    assert one_per_body(points, np.ones(count), np.ones(count), 0.5) == [*range(count)]
