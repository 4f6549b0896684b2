"""The node `mask_people`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import pi

import numpy as np
import pytest

from blazetrack.align.mask_people import mask_people
from blazetrack.geometry import apply, invert, rectangle_to_image
from blazetrack.types import Crops, Poses, Rois

MakePeople = Callable[..., Poses]
SIDE = 100


def crops(*squares: tuple[float, float, float, float]) -> Crops:
    """Regions `(x, y, side, angle)` that show a chessboard, whose mean is no colour of its own."""
    x, y, side, angle = np.array(squares, np.float64).T
    center, size = np.stack([x, y], axis=1), np.stack([side, side], axis=1)
    board = np.indices((SIDE, SIDE)).sum(axis=0) % 2 * 255
    pixels = np.tile(board[..., None].astype(np.uint8), (len(squares), 1, 1, 3))
    rois = Rois(center, size, angle, np.zeros(len(squares), np.int64))
    to_image = rectangle_to_image(center, size, angle, (SIDE, SIDE))
    return Crops(pixels, to_image, rois, (400, 400))


def painted(before: Crops, after: Crops) -> np.ndarray:
    """`(N, h, w)` which pixels are of another colour now."""
    changed: np.ndarray = (after.pixels != before.pixels).all(axis=-1)
    return changed


def box(mask: np.ndarray) -> list[int]:
    """First and last column, first and last row."""
    y, x = np.nonzero(mask)
    return [x.min(), x.max(), y.min(), y.max()]


def square_person(people: MakePeople, x: float, y: float, half: float, radius: float) -> Poses:
    """A person whose keypoints are the corners of a square around `x, y`."""
    one = people((x, y, radius))
    corners = np.array([(x - half, y - half), (x + half, y - half), (x, y + half)])
    points = one.landmarks_px.copy()
    points[..., :2] = x + half, y + half
    points[0, :3, :2] = corners
    points[0, 2, 0] = x - half
    return replace(one, landmarks_px=points)


def test_mask_people_paints_hull_and_seam_in_every_crop(people: MakePeople) -> None:
    person = square_person(people, 100, 100, half=20, radius=40)
    near, far = (100, 100, 100, 0), (100, 100, 200, 0)  # 1 and 2 image pixels per crop pixel
    before = crops(near, far)
    after = mask_people(before, person, margin=0.25)  # a line of 10 image pixels on the outline
    mask = painted(before, after)
    np.testing.assert_allclose(box(mask[0]), [25, 75, 25, 75], atol=1)
    np.testing.assert_allclose(box(mask[1]), [37, 63, 37, 63], atol=1)
    assert mask[0, 30:71, 30:71].all()
    assert mask[1, 40:61, 40:61].all()
    np.testing.assert_allclose(after.pixels[mask], 127.5, atol=0.5)


def test_mask_people_margin_widens_the_seam(people: MakePeople) -> None:
    person, before = square_person(people, 50, 50, half=10, radius=40), crops((50, 50, 100, 0))
    areas = [painted(before, mask_people(before, person, margin=m)).sum() for m in (0.05, 0.2, 0.5)]
    assert areas == sorted(set(areas))


def test_mask_people_paints_all_people(people: MakePeople) -> None:
    before = crops((50, 50, 100, 0))
    mask = painted(before, mask_people(before, people((20, 30, 20), (70, 60, 20))))[0]
    assert mask[30, 20]
    assert mask[60, 70]
    assert not mask[45, 45]


def test_mask_people_without_people_returns_the_same_object(people: MakePeople) -> None:
    before = crops((50, 50, 100, 0))
    assert mask_people(before) is before
    assert mask_people(before, people()) is before


def test_mask_people_leaves_its_input_unchanged(people: MakePeople) -> None:
    before = crops((50, 50, 100, 0))
    kept = before.pixels.copy()
    after = mask_people(before, people((50, 50, 40)))
    assert (before.pixels == kept).all()
    assert (after.pixels != kept).any()
    assert after.rois is before.rois
    assert after.to_image is before.to_image


@pytest.mark.parametrize("place", [(300, 50), (-200, 50), (50, 1e6)])
def test_mask_people_person_outside_the_crop_changes_nothing(
    people: MakePeople, place: tuple[float, float]
) -> None:
    before = crops((50, 50, 100, 0))
    assert (mask_people(before, people((*place, 40))).pixels == before.pixels).all()


@pytest.mark.parametrize("angle", [0.0, 0.4, pi / 2, -2.0, pi])
@pytest.mark.parametrize("side", [60.0, 230.0])
@pytest.mark.parametrize("spot", [(150.0, 140.0), (170.0, 165.0)])
def test_mask_people_painted_pixels_map_back_to_the_person(
    people: MakePeople, angle: float, side: float, spot: tuple[float, float]
) -> None:
    before = crops((160, 150, side, angle))
    mask = painted(before, mask_people(before, people((*spot, 30))))[0]
    y, x = np.nonzero(mask)
    home = apply(before.to_image[0], np.array([[x.mean(), y.mean()]]))[0]
    np.testing.assert_allclose(home, spot, atol=0.75 * side / SIDE)  # rounding, corner to corner
    column, row = np.round(apply(invert(before.to_image[0]), np.array([spot]))[0]).astype(int)
    assert mask[row, column]
