"""Person detection on whole pictures, and correct detections."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.ssd import encode_boxes
from blazetrack.model_info import Anchors, ModelInfo
from models.common.person_finder import FoundPeople, PersonFinder, _turned_back, fits, people_found


def circle(x: float, y: float, radius: float, degrees: float = 0.0) -> np.ndarray:
    turn = np.radians(degrees)
    return np.array([[x, y], [x + radius * np.sin(turn), y - radius * np.cos(turn)]])


def stack(*circles: np.ndarray) -> np.ndarray:
    return np.stack(circles) if circles else np.zeros((0, 2, 2))


TORSO = np.array([20.0])


@pytest.mark.parametrize(
    ("found", "fit"),
    [
        (circle(50, 50, 40), True),
        (circle(59.9, 50, 40), True),
        (circle(60.1, 50, 40), False),
        (circle(57, 57.2, 40), False),
        (circle(50, 50, 63.9), True),
        (circle(50, 50, 64.1), False),
        (circle(50, 50, 25.1), True),
        (circle(50, 50, 24.9), False),
        (circle(50, 50, 40, 29.9), True),
        (circle(50, 50, 40, -29.9), True),
        (circle(50, 50, 40, 30.1), False),
        (circle(50, 50, 40, 180), False),
    ],
)
def test_fits_within_half_a_torso_factor_1_6_and_30_degrees(found: np.ndarray, fit: bool) -> None:
    assert fits(found[None], circle(50, 50, 40)[None], TORSO)[0, 0] == fit


def test_angles_wrap_around() -> None:
    assert fits(circle(0, 0, 9, 179)[None], circle(0, 0, 9, -175)[None], TORSO)[0, 0]


def test_people_found_best_detection_takes_the_nearest_person() -> None:
    truth = stack(circle(50, 50, 40), circle(58, 50, 40))
    found = stack(circle(53, 50, 40), circle(52, 50, 40), circle(51, 50, 40), circle(500, 0, 9))
    of = people_found(found, truth, np.array([20.0, 20.0]))
    assert of.tolist() == [0, 1, -1, -1]


def test_people_found_of_empty_input_is_empty() -> None:
    none = np.zeros(0)
    assert people_found(stack(), stack(), none).tolist() == []
    assert people_found(stack(circle(0, 0, 1)), stack(), none).tolist() == [-1]
    assert people_found(stack(), stack(circle(0, 0, 1)), TORSO).tolist() == []


@pytest.mark.parametrize("quarters", range(4))
def test_turned_back_restores_one_pixel(quarters: int) -> None:
    image = np.zeros((30, 50), np.uint8)
    image[7, 20] = 1
    (y,), (x,) = np.nonzero(np.rot90(image, quarters))
    point = np.array([x, y], np.float64)
    found = FoundPeople(
        np.concatenate([point, point])[None], np.tile(point, (1, 2, 1)), point[None], np.ones(1)
    )
    back = _turned_back(found, quarters, (50, 30))
    assert back.shoulders_px[0].tolist() == [20, 7]
    assert back.alignment_px[0].tolist() == [[20, 7], [20, 7]]
    assert back.boxes_px[0].tolist() == [20, 7, 20, 7]


LAYOUT = Anchors(strides=(8,), per_map=1)
HW = (32, 32)


def make_finder(bright: int = 128) -> PersonFinder:
    """A detector that finds one person around each bright cell, upright in what it is shown."""
    centers = anchor_centers(LAYOUT, HW)
    info = ModelInfo("bright", "detector", HW, (0, 1), "zero", {}, anchors=LAYOUT)

    def answer(pixels: np.ndarray) -> dict[str, Any]:
        cells = pixels[4::8, 4::8, 0].reshape(-1) >= bright
        boxes = np.concatenate([centers - 0.05, centers + 0.05], axis=1).astype(np.float32)
        steps = np.array([[0, 0.3], [0, -0.1], [0, 0.1], [0, 0]], np.float32)
        points = (centers[:, None] + steps).astype(np.float32)
        raw = encode_boxes(boxes, points, centers, HW)
        return {"boxes": raw[None], "scores": np.where(cells, 5.0, -9.0)[None, :, None]}

    return PersonFinder(FakeModel(info, answer))


def test_find_is_in_pixels_of_the_picture() -> None:
    image = np.zeros((64, 128, 3), np.uint8)  # shown at a quarter, 8 rows of black above it
    image[8:24, 40:56] = 255  # around 48, 16: the middle of a cell
    found = make_finder().find(image)
    assert len(found) == 1
    assert found.shoulders_px[0] == pytest.approx([48, 16 + 0.1 * 128], abs=0.01)
    assert found.alignment_px[0] == pytest.approx(
        np.array([[48, 16 + 0.3 * 128], [48, 16 - 0.1 * 128]]), abs=0.01
    )
    assert found.boxes_px[0] == pytest.approx([41.6, 9.6, 54.4, 22.4], abs=0.01)


def test_find_in_a_black_picture_is_empty() -> None:
    found = make_finder().find(np.zeros((40, 20, 3), np.uint8))
    assert len(found) == 0
    assert found.alignment_px.shape == (0, 2, 2)


def test_find_turned_has_each_person_once() -> None:
    image = np.zeros((128, 128, 3), np.uint8)
    image[32:64, 32:64] = 255
    found = make_finder().find_turned(image)
    ways = found.alignment_px[:, 1] - found.alignment_px[:, 0]
    angles = sorted(np.degrees(np.arctan2(ways[:, 0], -ways[:, 1])).round().astype(int) % 360)
    assert angles == [0, 90, 180, 270]  # four mid-hips, so four people
    assert np.all(found.scores[:-1] >= found.scores[1:])
    again = found.take([0, 0, 1])
    assert len(again) == 3
