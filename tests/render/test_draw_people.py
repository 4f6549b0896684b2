"""Drawing: where the ink lands, and that nothing breaks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.render import draw_poses, id_color, region_corners
from blazetrack.skeleton import BLAZEPOSE33, COCO17
from blazetrack.types import Poses

LEFT_WRIST, LEFT_ELBOW, RIGHT_WRIST, RIGHT_ELBOW = 15, 13, 16, 14


def person(points: dict[int, tuple[float, float]], keypoints: int = 33) -> Poses:
    """One person with only `points` visible."""
    xyz, seen = np.zeros((1, keypoints, 3)), np.zeros((1, keypoints))
    for index, xy in points.items():
        xyz[0, index, :2], seen[0, index] = xy, 1.0
    alignment = np.array([[[100.0, 100.0], [100.0, 20.0]]])
    return Poses(xyz, xyz, seen, seen, np.ones(1), np.array([1]), alignment)


def canvas(height: int = 200, width: int = 200) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def test_input_is_not_modified() -> None:
    image = canvas()
    image.setflags(write=False)
    drawn = draw_poses(image, person({LEFT_WRIST: (50, 50), LEFT_ELBOW: (90, 50)}), boxes=True)
    assert (image == 128).all()
    assert (drawn != image).any()


def test_draw_poses_of_empty_poses_is_a_copy() -> None:
    image = canvas()
    drawn = draw_poses(image, Poses.empty())
    assert (drawn == image).all()
    assert not np.shares_memory(drawn, image)


def test_draw_poses_limb_has_side_colour() -> None:
    poses = person(
        {
            LEFT_ELBOW: (20, 150),
            LEFT_WRIST: (180, 150),
            RIGHT_ELBOW: (20, 180),
            RIGHT_WRIST: (180, 180),
        }
    )
    drawn = draw_poses(canvas(), poses, ids=False).astype(int)
    left, right = drawn[150, 100], drawn[180, 100]
    assert left[0] > 200 > 60 > left[2]  # orange
    assert right[2] > 200 > 60 > right[0]  # blue
    assert (drawn[:140] == 128).all()


def test_draw_poses_hidden_joint_hides_limbs() -> None:
    poses = person({LEFT_WRIST: (180, 150)})
    drawn = draw_poses(canvas(), poses, ids=False)
    assert (drawn[150, 100] == 128).all()
    assert (drawn[150, 180] != 128).any()


def test_region_corners_equal_the_crop() -> None:
    corners = region_corners(np.array([[100.0, 80.0], [100.0, 40.0]]))  # upright, 40 px
    np.testing.assert_allclose(corners, [[50, 30], [150, 30], [150, 130], [50, 130]], atol=1e-9)
    turned = region_corners(np.array([[100.0, 80.0], [140.0, 80.0]]))  # lying, head to the right
    np.testing.assert_allclose(turned, [[150, 30], [150, 130], [50, 130], [50, 30]], atol=1e-9)
    poses = person({})
    drawn = draw_poses(canvas(400, 400), poses, boxes=True)
    lower_side = drawn[200, 100].astype(int)
    assert np.abs(lower_side - id_color(1)).max() < 30  # its edge is blended with the ground


def test_id_color_differs_between_ids() -> None:
    assert len({id_color(number) for number in range(1, 21)}) == 20
    assert id_color(7) == id_color(7)


def test_other_skeleton_uses_its_own_edges() -> None:
    poses = person({7: (20, 150), 9: (180, 150)}, keypoints=17)  # left elbow and wrist of COCO
    assert (draw_poses(canvas(), poses, COCO17, ids=False)[150, 100] != 128).any()


@pytest.mark.parametrize("size", [(1, 1), (10, 10_000), (3, 2), (120, 160)])
@pytest.mark.parametrize("reach", [1.0, 1e5, 1e9, 1e300, np.inf, np.nan])
def test_any_coordinate_is_drawn(size: tuple[int, int], reach: float) -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (2, 33, 3)) * reach
    poses = Poses(
        points,
        points,
        np.ones((2, 33)),
        np.ones((2, 33)),
        np.ones(2),
        np.array([1, 2**40]),
        rng.uniform(-1, 1, (2, 2, 2)) * reach,
    )
    drawn = draw_poses(canvas(*size), poses, BLAZEPOSE33, boxes=True)
    assert drawn.shape == (*size, 3)


LEFT_SHOULDER, LEFT_HIP, LEFT_KNEE, LEFT_ANKLE = 11, 23, 25, 27


def with_visibility(poses: Poses, values: dict[int, float]) -> Poses:
    visibility = poses.visibility.copy()
    for index, value in values.items():
        visibility[:, index] = value
    return replace(poses, visibility=visibility)


def test_draw_poses_limb_behind_hidden_joint_is_not_drawn() -> None:
    trunk = {LEFT_SHOULDER: (20.0, 20.0), LEFT_HIP: (20.0, 80.0)}
    hand = {LEFT_ELBOW: (60.0, 150.0), LEFT_WRIST: (180.0, 150.0)}
    floating = with_visibility(person(trunk | hand), {LEFT_ELBOW: 0.2})
    drawn = draw_poses(canvas(), floating, ids=False)
    assert (drawn[130:] == 128).all()
    assert (drawn[50, 20] != 128).any()
    whole = draw_poses(canvas(), person(trunk | hand), ids=False)
    assert (whole[150, 120] != 128).any()


def test_draw_poses_unsure_limb_is_thinner() -> None:
    leg = {LEFT_HIP: (100.0, 20.0), LEFT_KNEE: (100.0, 100.0), LEFT_ANKLE: (100.0, 180.0)}
    unsure = with_visibility(person(leg), {LEFT_ANKLE: 0.6})
    wide = replace(unsure, alignment_px=np.array([[[100.0, 100.0], [100.0, -200.0]]]))
    drawn = draw_poses(canvas(), wide, ids=False)
    upper, lower = ((drawn[y] != 128).any(axis=-1).sum() for y in (60, 140))
    assert 0 < 2 * lower < upper


def test_draw_poses_labels_of_people_in_one_place_do_not_overlap() -> None:
    one = person({LEFT_WRIST: (100, 100)})
    three = Poses.joined([one.with_ids(np.array([number])) for number in (1, 2, 3)])
    drawn = draw_poses(canvas(), three)
    areas = [(np.abs(drawn.astype(int) - id_color(n)).max(axis=-1) < 3).sum() for n in (1, 2, 3)]
    alone = draw_poses(canvas(), one)
    expected = (np.abs(alone.astype(int) - id_color(1)).max(axis=-1) < 3).sum()
    assert min(areas) > 0.8 * expected
