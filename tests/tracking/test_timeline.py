"""A steady clock, and cuts between scenes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from blazetrack.sources import open_source
from blazetrack.tracking.timeline import SIZE_WH, Timeline, difference, thumbnail
from blazetrack.types import Frame

WIDTH, HEIGHT = 320, 240


def drawn(seed: int, frames: int = 8, scene: str = "squats") -> list[np.ndarray]:
    text = f"synthetic:{scene}?frames={frames}&size={WIDTH}x{HEIGHT}&seed={seed}"
    return [frame.image for frame in open_source(text)]


def room(seed: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A smooth picture of large shapes, unlike that of another seed."""
    small = np.random.default_rng(seed).integers(0, 255, (7, 9, 3)).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def cuts(images: Sequence[np.ndarray], fps: float = 30.0) -> list[int]:
    """Numbers of the frames that begin a scene."""
    timeline, found = Timeline(), []
    for index, image in enumerate(images):
        timeline(Frame(np.ascontiguousarray(image), index, index / fps))
        if timeline.restarts:
            found.append(index)
    return found


BLACK, WHITE = (np.full((HEIGHT, WIDTH, 3), value, np.uint8) for value in (0, 255))


@pytest.mark.parametrize("between", [[], [BLACK] * 5, [WHITE], [BLACK] * 60])
def test_timeline_cut_to_another_scene_is_found(between: list[np.ndarray]) -> None:
    first, second = drawn(1), drawn(7)
    assert cuts([*first, *between, *second]) == [len(first) + len(between)]
    assert cuts([*[room(1)] * 5, *between, *[room(2)] * 5]) == [5 + len(between)]


@pytest.mark.parametrize("scene", ["squats", "exercises", "crowd"])
def test_timeline_of_one_scene_has_no_cut(scene: str) -> None:
    assert cuts(drawn(3, 40, scene)) == []


@pytest.mark.parametrize("flash", [BLACK, WHITE])
def test_timeline_flashes_are_no_cut(flash: np.ndarray) -> None:
    images = drawn(1, 30)
    assert cuts([flash if i % 7 == 6 else image for i, image in enumerate(images)]) == []
    assert cuts([flash if i % 2 else image for i, image in enumerate(images)]) == []
    assert cuts([flash] * 5 + images) == []


@pytest.mark.parametrize("change", [lambda image: image // 3, lambda image: 60 + image // 2])
def test_timeline_other_exposure_is_no_cut(change: object) -> None:
    images = drawn(1, 10)
    assert cuts([*images, *map(change, images)]) == []  # type: ignore[arg-type,list-item]


@pytest.mark.parametrize("seed", [1, 3, 7])
@pytest.mark.parametrize("step", [(20, 0), (-40, 0), (0, 30), (60, -20)])
def test_timeline_panning_camera_is_no_cut(step: tuple[int, int], seed: int) -> None:
    wide = room(seed, 3 * WIDTH, 3 * HEIGHT)
    places = [(WIDTH + i * step[0], HEIGHT + i * step[1]) for i in range(-5, 6)]
    assert cuts([wide[y : y + HEIGHT, x : x + WIDTH] for x, y in places if x >= 0 <= y]) == []


def test_timeline_disc_that_jumps_on_black_is_no_cut() -> None:
    images = [BLACK.copy() for _ in range(12)]
    for number, image in enumerate(images):
        cv2.circle(image, (60 + 190 * (number % 2), 60 + 100 * (number % 3)), 25, (255,) * 3, -1)
    assert cuts(images) == []


def test_timeline_cut_after_a_pan_is_found() -> None:
    wide = room(3, 3 * WIDTH, 3 * HEIGHT)
    pan = [wide[HEIGHT : 2 * HEIGHT, x : x + WIDTH] for x in range(0, 240, 30)]
    assert cuts([*pan, *drawn(7)]) == [len(pan)]


def test_timeline_flash_of_a_plain_colour_is_no_cut() -> None:
    red = np.full((HEIGHT, WIDTH, 3), (200, 10, 10), np.uint8)
    assert cuts([*drawn(1, 4), red, *drawn(1, 4)]) == []


def test_timeline_other_size_restarts() -> None:
    assert cuts([*drawn(1, 3), *[room(1, 200, 300)] * 3]) == [3]


def test_timeline_wrong_time_is_replaced() -> None:
    timeline = Timeline()
    stamps = [0.0, 1 / 30, 3600.0, 3 / 30, 4 / 30]
    frames = [timeline(Frame(BLACK, i, stamp)) for i, stamp in enumerate(stamps)]
    assert [frame.time_s for frame in frames] == pytest.approx([i / 30 for i in range(5)])
    assert not timeline.restarts


def test_timeline_reset_begins_anew() -> None:
    timeline = Timeline()
    timeline(Frame(room(1), 0, 5.0))
    timeline.reset()
    assert timeline(Frame(room(2), 0, 1.0)).time_s == 1.0
    assert not timeline.restarts


def test_thumbnail_of_any_size() -> None:
    for shape in ((1, 1, 3), (2160, 3840, 3), (3000, 10, 3)):
        small = thumbnail(np.full(shape, 90, np.uint8))
        assert small.shape == (SIZE_WH[1], SIZE_WH[0], 3)
        assert (small == 90).all()


@pytest.mark.parametrize("shape", [(300, 500), (301, 503), (1080, 1920), (27, 48)])
def test_thumbnail_of_any_memory_layout_is_the_same(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(5).integers(0, 256, (*shape, 3)).astype(np.uint8)
    wide = np.zeros((shape[0], shape[1] + 7, 3), np.uint8)
    wide[:, 7:] = image
    planes = np.ascontiguousarray(image.transpose(2, 0, 1)).transpose(1, 2, 0)
    for same in (wide[:, 7:], planes, np.ascontiguousarray(image[..., ::-1])[..., ::-1]):
        assert (thumbnail(same) == thumbnail(image)).all()


def test_difference_counts_cells_changed_in_one_channel() -> None:
    picture = thumbnail(room(1))
    other = picture.copy()
    other[:9, :, 1] += 100.0 * (other[:9, :, 1] < 128) - 50.0
    changed = difference(picture, other)[1]
    assert 0.2 < changed < 0.6


def test_difference_from_a_plain_picture_is_whole() -> None:
    plain = thumbnail(np.full((270, 480, 3), (201, 33, 77), np.uint8))
    assert difference(plain, thumbnail(room(1)))[0] == 1.0


def test_difference_of_equal_pictures_is_none() -> None:
    picture = thumbnail(room(1))
    assert difference(picture, picture) == pytest.approx((0.0, 0.0), abs=1e-5)
    assert difference(picture, thumbnail(room(2)))[0] > 0.5
