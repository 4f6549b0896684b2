"""People in space: where the ink lands from each side, and that nothing breaks it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blazetrack.render import draw_world
from blazetrack.skeleton import BLAZEPOSE33, COCO17
from blazetrack.types import Poses

NOSE, LEFT_WRIST, LEFT_ELBOW, LEFT_ANKLE = 0, 15, 13, 27
SIZE = (400, 500)


def person(points: dict[int, tuple[float, float, float]], keypoints: int = 33) -> Poses:
    """One person in metres, all else at the left ankle, 0.9 m below the hips; all visible."""
    world = np.zeros((1, keypoints, 3))
    world[0, :, 1] = 0.9
    for index, xyz in points.items():
        world[0, index] = xyz
    seen = np.ones((1, keypoints))
    return Poses(world, world, seen, seen, np.ones(1), np.array([1]), np.zeros((1, 2, 2)))


def orange(drawn: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Mean x, y of what belongs to the left side, without the id in the corner."""
    red, _, blue = np.moveaxis(drawn[40:].astype(int), -1, 0)
    rows, columns = np.nonzero(red - blue > 60)
    return np.array([columns.mean(), rows.mean() + 40])


ARM = {LEFT_ELBOW: (0.4, -0.4, 0.0), LEFT_WRIST: (0.7, -0.4, 0.0)}


def test_draw_world_mirror_flips_x() -> None:
    plain = draw_world(person(ARM), size=SIZE)
    assert plain.shape == (500, 400, 3)
    assert orange(plain)[0] > 220
    assert orange(draw_world(person(ARM), size=SIZE, mirror=True))[0] < 180


def test_draw_world_half_turn_shows_back() -> None:
    assert orange(draw_world(person(ARM), size=SIZE, turn_rad=np.pi))[0] < 180


def test_draw_world_quarter_turn_shows_depth() -> None:
    forward = person({LEFT_ELBOW: (0.0, -0.4, -0.4), LEFT_WRIST: (0.0, -0.4, -0.7)})
    from_the_front = orange(draw_world(forward, size=SIZE))[0]
    from_the_side = orange(draw_world(forward, size=SIZE, turn_rad=np.pi / 2))[0]
    assert abs(from_the_front - 200) < 20
    assert from_the_side < 180


def test_draw_world_puts_people_on_the_floor() -> None:
    low, high = (draw_world(person({NOSE: (0.0, y, 0.0)}), size=SIZE) for y in (-0.2, -0.7))
    lower, upper = (np.nonzero((drawn[40:] > 180).all(axis=2))[0].min() for drawn in (low, high))
    assert lower > upper
    raised = person({})
    raised.world_landmarks_m[..., 1] -= 0.5  # hips nearer to the feet: a squat
    assert (draw_world(raised, size=SIZE) == draw_world(person({}), size=SIZE)).all()


def test_draw_world_hidden_keypoints_are_dim() -> None:
    hidden = person(ARM)
    hidden.visibility[:] = 0.1
    bright = draw_world(person(ARM), size=SIZE)[40:].astype(int)
    assert draw_world(hidden, size=SIZE)[40:].astype(int).max() < 0.6 * bright.max()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_draw_world_gives_each_person_a_cell(count: int) -> None:
    poses = Poses.joined([person(ARM)] * count) if count else Poses.empty()
    drawn = draw_world(poses.with_ids(np.arange(1, count + 1)), size=SIZE)
    assert drawn.shape == (500, 400, 3)


def test_other_skeleton_uses_its_own_edges() -> None:
    arm = person({7: (0.4, -0.4, 0.0), 9: (0.7, -0.4, 0.0)}, keypoints=17)
    assert orange(draw_world(arm, COCO17, size=SIZE))[0] > 220


@pytest.mark.parametrize("reach", [1e5, 1e300, np.inf, np.nan])
@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 500)])
def test_any_coordinate_is_drawn(size: tuple[int, int], reach: float) -> None:
    wild = person({NOSE: (reach, -reach, reach)})
    drawn = draw_world(wild, BLAZEPOSE33, size=size, turn_rad=1.0)
    assert drawn.shape == (size[1], size[0], 3)
