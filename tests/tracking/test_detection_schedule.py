"""When and where the detector runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.tracking.detection_schedule import (
    DetectionSchedule,
    needs_detection,
    second_look,
    tile_rois,
)
from blazetrack.types import Frame, Poses, Rois

MakePeople = Callable[..., Poses]
DARK = np.zeros((180, 320, 3), np.uint8)


def searched(
    schedule: DetectionSchedule, *followed: Poses | None, images: object = None
) -> list[bool]:
    """The frames that are searched."""
    pictures = [DARK] * len(followed) if images is None else images
    return [
        schedule(Frame(image, i, i / 30), kept) is not None
        for i, (image, kept) in enumerate(zip(pictures, followed, strict=True))  # type: ignore[call-overload]
    ]


def test_tile_rois_begin_with_whole_image(people: MakePeople) -> None:
    whole = tile_rois(Frame(DARK))
    assert whole.center_px.tolist() == [[160, 90]]
    assert whole.size_px.tolist() == [[320, 180]]


@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320), (200, 200), (640, 100)])
@pytest.mark.parametrize("tiles", [1, 2, 3, 4])
def test_tile_rois_cover_the_image_and_overlap(width: int, height: int, tiles: int) -> None:
    parts = tile_rois(Frame(np.zeros((height, width, 3), np.uint8)), tiles=tiles)
    low, high = parts.center_px - parts.size_px / 2, parts.center_px + parts.size_px / 2
    seen = np.zeros((height, width), int)
    for (x0, y0), (x1, y1) in zip(low[1:], high[1:], strict=True):
        seen[max(0, round(y0)) : round(y1), max(0, round(x0)) : round(x1)] += 1
    assert seen.min() >= 1
    sides = parts.size_px[1:]
    assert (sides == sides[0, 0]).all()
    longer = sorted({*parts.center_px[1:, int(height > width)]})
    assert len(longer) == tiles
    assert np.diff(longer).max(initial=0) <= 0.6 * sides[0, 0] + 1e-6


def test_second_look_without_tiles_is_none() -> None:
    assert second_look(Frame(DARK)) is None
    assert second_look(Frame(DARK), tiles=0) is None
    looks, everywhere = second_look(Frame(DARK), tiles=2), tile_rois(Frame(DARK), tiles=2)
    assert looks is not None
    assert looks.center_px.tolist() == everywhere.center_px.tolist()
    assert looks.size_px.tolist() == everywhere.size_px.tolist()
    assert looks.size_px.tolist() == [[320, 180], [200, 200], [200, 200]]


def test_schedule_without_people_searches_every_frame(people: MakePeople) -> None:
    assert searched(DetectionSchedule(max_people=3), None, people(), None, None) == [True] * 4


def test_schedule_with_all_people_searches_no_frame(people: MakePeople) -> None:
    two = people((50, 50, 20), (150, 50, 20))
    assert searched(DetectionSchedule(max_people=2), *[two] * 20) == [False] * 20
    assert searched(DetectionSchedule(max_people=2), None, *[two] * 20) == [True] + [False] * 20


def test_schedule_interval_doubles_without_change(people: MakePeople) -> None:
    one = people((50, 50, 20))
    looks = searched(
        DetectionSchedule(max_people=2, min_interval=2, max_interval=16, budget=1),
        None,
        *[one] * 80,
    )
    assert np.diff(np.flatnonzero(looks)).tolist() == [2, 4, 8, 16, 16, 16, 16]
    tiled = DetectionSchedule(max_people=2, max_interval=16, budget=1, tiles=2)
    looks = searched(tiled, None, *[one] * 40)
    assert np.diff(np.flatnonzero(looks)).tolist() == [1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8]


def test_schedule_change_of_count_resets_interval(people: MakePeople) -> None:
    one, two = people((50, 50, 20)), people((50, 50, 20), (150, 50, 20))
    schedule = DetectionSchedule(max_people=3, min_interval=2, max_interval=64, budget=1)
    looks = np.flatnonzero(searched(schedule, *[two] * 60, *[one] * 10, *[two] * 10))
    assert np.diff(looks[looks < 60]).max() >= 16
    assert sum((looks >= 60) & (looks < 70)) >= 2
    assert sum(looks >= 70) >= 2


def test_schedule_image_change_away_from_people_searches_early(people: MakePeople) -> None:
    one = people((50, 90, 30))
    calm, near, far = DARK.copy(), DARK.copy(), DARK.copy()
    near[60:120, 30:70] = 200
    far[60:160, 200:260] = 200
    for picture, expected in ((calm, False), (near, False), (far, True)):
        schedule = DetectionSchedule(max_people=2, min_interval=2, max_interval=60, budget=1)
        searched(schedule, *[one] * 40)
        assert any(searched(schedule, *[one] * 4, images=[picture] * 4)) == expected


def test_schedule_stays_within_budget(people: MakePeople) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (100, 180, 320, 3), np.uint8)
    one, two = people((50, 50, 20)), people((50, 50, 20), (150, 50, 20))
    followed = [one if i % 2 else two for i in range(100)]
    looks = searched(DetectionSchedule(max_people=3, budget=0.1), *followed, images=images)
    assert 10 <= sum(looks) <= 0.1 * 150 + 3


def test_schedule_searches_all_tiles_first_then_in_turn(
    people: MakePeople,
) -> None:
    schedule, frame = DetectionSchedule(max_people=9, tiles=2, budget=1), Frame(DARK)
    found = [None, people((50, 50, 20)), *[people((50, 50, 20), (150, 50, 20))] * 4]
    seen = [rois.side_px.tolist() for kept in found if (rois := schedule(frame, kept)) is not None]
    assert seen == [[320, 200, 200]] * 3 + [[320], [200], [200]]


def test_needs_detection_with_missing_people_is_true(people: MakePeople) -> None:
    one = Rois(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1), np.ones(1, np.int64))
    assert needs_detection()
    assert needs_detection(Rois.empty())
    assert not needs_detection(one)
    assert needs_detection(one, max_people=2)


def test_needs_detection_prefers_poses_to_regions(people: MakePeople) -> None:
    one = Rois(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1), np.ones(1, np.int64))
    assert needs_detection(one, people())
    assert not needs_detection(Rois.empty(), people((1, 1, 5)))


@pytest.mark.parametrize("before", range(1, 12))
@pytest.mark.parametrize("shape", [(240, 320, 3), (320, 180, 3), (200, 200, 3), (40, 640, 3)])
def test_detection_schedule_other_image_size_searches_all_its_regions(
    people: MakePeople, before: int, shape: tuple[int, int, int]
) -> None:
    schedule = DetectionSchedule(max_people=3, budget=1.0, tiles=2)
    one, other = people((100, 100, 30)), np.zeros(shape, np.uint8)
    for i in range(before):
        schedule(Frame(DARK, i, i / 30), one)
    wanted = tile_rois(Frame(other), tiles=2)
    found = next(
        rois
        for i in range(before, before + 40)
        if (rois := schedule(Frame(other, i, i / 30), one)) is not None
    )
    np.testing.assert_array_equal(found.center_px, wanted.center_px)


def test_schedule_without_people_searches_orientations_in_turn(people: MakePeople) -> None:
    schedule = DetectionSchedule(max_people=3, tiles=2, orientations=(0, 90, 270))
    angles = []
    for index in range(8):
        rois = schedule(Frame(DARK, index, index / 30), people())
        assert rois is not None
        angles.append(np.rad2deg(rois.angle_rad).round().astype(int).tolist())
    assert angles == [[0, 0, 0], [0], [0], [0], [90], [-90], [0], [0]]


def test_schedule_with_people_searches_the_first_orientation_only(people: MakePeople) -> None:
    schedule = DetectionSchedule(max_people=3, orientations=(90, 0), budget=1, min_interval=1)
    looks = [schedule(Frame(DARK, i, i / 30), people((50, 50, 20))) for i in range(20)]
    assert {float(a) for rois in looks if rois is not None for a in rois.angle_rad} == {np.pi / 2}


def test_schedule_without_orientations_is_an_error() -> None:
    with pytest.raises(InputError, match="detection_schedule: expected orientations"):
        DetectionSchedule(orientations=())
