"""The node `mask_others`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from blazetrack.align.mask_others import MaskOthers
from blazetrack.geometry import rectangle_to_image
from blazetrack.types import Crops, Poses, Rois

MakePeople = Callable[..., Poses]
SIDE = 100


def crops(center: tuple[float, float], person: int) -> Crops:
    """A region of 200 image pixels in 100 of a noisy crop, which belongs to `person`."""
    middle, size = np.array([center], np.float64), np.array([[200.0, 200.0]])
    pixels = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE, 3)).astype(np.uint8)
    rois = Rois(middle, size, np.zeros(1), np.array([person]))
    to_image = rectangle_to_image(middle, size, np.zeros(1), (SIDE, SIDE))
    return Crops(pixels, to_image, rois, (400, 400))


def line_people(people: MakePeople, *xs: float) -> Poses:
    """People whose keypoints are all on a vertical line at `x`; ids count from 1."""
    poses = people(*((x, 100.0, 80.0) for x in xs), ids=range(1, len(xs) + 1))
    points = poses.landmarks_px.copy()
    points[..., 1] = np.linspace(40, 160, points.shape[1])
    return replace(poses, landmarks_px=points)


def painted(crop: Crops, poses: Poses | None) -> np.ndarray:
    changed: np.ndarray = (MaskOthers()(crop, poses).pixels != crop.pixels).any(axis=-1)[0]
    return changed


def test_mask_others_paints_the_other_person_only(people: MakePeople) -> None:
    crop = crops((100, 100), person=1)
    columns = np.flatnonzero(painted(crop, line_people(people, 100, 160)).any(axis=0))
    # The other one at x = 160 is in column 80; a limb is 0.09 · 80 image pixels to either side.
    assert columns.min() >= 75
    assert columns.max() <= 85
    assert len(columns) >= 6


def test_mask_others_own_limbs_stay(people: MakePeople) -> None:
    crop, two = crops((100, 100), person=1), line_people(people, 100, 100)
    assert not painted(crop, two).any()
    columns = np.flatnonzero(painted(crop, line_people(people, 100, 108)).any(axis=0))
    assert columns.min() >= 53


def test_mask_others_tentative_track_needs_pixels_of_its_own(people: MakePeople) -> None:
    two = line_people(people, 100, 100)
    tentative = replace(two, ids=np.array([1, -1]))
    assert painted(crops((100, 100), person=-1), tentative).any()
    assert not painted(crops((100, 100), person=1), tentative).any()


def test_mask_others_input_is_not_modified(people: MakePeople) -> None:
    crop = crops((100, 100), person=2)
    before = crop.pixels.copy()
    assert painted(crop, line_people(people, 160, 100)).any()
    np.testing.assert_array_equal(crop.pixels, before)


@pytest.mark.parametrize(("person", "xs"), [(1, [100]), (3, [100, 160]), (1, [100, 1000])])
def test_mask_others_without_others_changes_nothing(
    people: MakePeople, person: int, xs: list[float]
) -> None:
    assert not painted(crops((100, 100), person), line_people(people, *xs)).any()
    assert not painted(crops((100, 100), person), None).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_mask_others_any_coordinate_is_accepted(people: MakePeople, value: float) -> None:
    two = line_people(people, 100, 160)
    two.landmarks_px[1] = value
    painted(crops((100, 100), person=1), two)
