"""Clothing colours and their distance."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.tracking.appearance import clothing_colours, colour_distance

RED, BLUE, GREY = (200, 30, 30), (30, 30, 200), (120, 120, 120)


def dressed(
    *trunks: tuple[int, int, int], skeleton: Skeleton = BLAZEPOSE33
) -> tuple[np.ndarray, ...]:
    """People side by side in a picture: their trunks in these colours, black trousers."""
    image = np.full((240, 100 * len(trunks), 3), 255, np.uint8)
    points = np.zeros((len(trunks), len(skeleton), 2))
    for row, colour in enumerate(trunks):
        x = 100 * row
        points[row] = x + 50, 120
        cv2.rectangle(image, (x + 30, 40), (x + 70, 120), colour, -1)
        cv2.rectangle(image, (x + 30, 120), (x + 70, 220), (0, 0, 0), -1)
        for name, place in {
            "left_shoulder": (70, 40), "right_shoulder": (30, 40), "left_hip": (62, 120),
            "right_hip": (38, 120), "left_knee": (60, 170), "right_knee": (40, 170),
        }.items():  # fmt: skip
            points[row, skeleton.index(name)] = x + place[0], place[1]
    return image, points, np.ones(points.shape[:2])


@pytest.mark.parametrize("skeleton", [BLAZEPOSE33, COCO17])
def test_colour_distance_separates_clothes(skeleton: Skeleton) -> None:
    seen = clothing_colours(*dressed(RED, BLUE, RED, skeleton=skeleton), skeleton)
    apart = colour_distance(seen, seen)
    assert apart[0, 2] == pytest.approx(0, abs=0.02)
    assert apart[0, 1] == pytest.approx(0.5, abs=0.02)  # other trunk, same trousers


def test_colour_distance_shade_is_less_than_hue() -> None:
    image, points, visibility = dressed(RED, GREY)
    light = clothing_colours(image, points, visibility, BLAZEPOSE33)
    dark = clothing_colours((image * 0.7).astype(np.uint8), points, visibility, BLAZEPOSE33)
    apart = colour_distance(light, dark)
    assert apart[1, 1] < 0.25
    assert apart[0, 0] < apart[0, 1]


def test_clothing_colours_of_overlapping_people_are_unknown() -> None:
    image, points, visibility = dressed(RED, BLUE)
    points[1] = points[0]
    seen = clothing_colours(image, points, visibility, BLAZEPOSE33)
    assert np.isnan(seen).all()


def test_clothing_colours_of_hidden_or_outside_points_are_unknown() -> None:
    image, points, visibility = dressed(RED, RED, RED)
    visibility[0] = 0.0
    points[1] += 1000
    points[2] = np.nan
    seen = clothing_colours(image, points, visibility, BLAZEPOSE33)
    assert np.isnan(seen).all()
    assert np.isnan(colour_distance(seen, seen)).all()


def test_clothing_colours_without_torso_are_empty() -> None:
    hand = Skeleton("hand", ("wrist", "thumb"))
    seen = clothing_colours(
        np.zeros((8, 8, 3), np.uint8), np.zeros((3, 2, 2)), np.ones((3, 2)), hand
    )
    assert seen.shape == (3, 0, 3)
    assert np.isnan(colour_distance(seen, seen)).all()
