"""Positions in 1/32 pixel: the plain formula, pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from blazetrack.parity.crop import STEPS, rectangle_corners, sample_fixed_point


def sample_by_formula(image: np.ndarray, corners: np.ndarray, border: int) -> np.ndarray:
    target = np.array([[0, 64], [0, 0], [64, 0], [64, 64]], np.float32)
    matrix = cv2.invert(cv2.getPerspectiveTransform(corners, target))[1]
    y, x = np.mgrid[:64, :64].astype(np.float64)
    column, row, depth = (factors[0] * x + factors[1] * y + factors[2] for factors in matrix)
    scale = STEPS / depth
    place = np.stack([np.rint(column * scale), np.rint(row * scale)], axis=-1).astype(np.int64)
    whole = np.clip(place // STEPS, -(2**15), 2**15 - 1).astype(np.int16)
    part = (place[..., 1] % STEPS * STEPS + place[..., 0] % STEPS).astype(np.uint16)
    return cv2.remap(image, whole, part, cv2.INTER_LINEAR, borderMode=border)


@pytest.mark.parametrize("border", [cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE])
def test_sample_fixed_point_equals_the_plain_formula(border: int) -> None:
    random = np.random.default_rng(3)
    image = random.integers(0, 256, (120, 160, 3), np.uint8)
    for _ in range(40):
        size = np.full(2, 10 ** random.uniform(0, 5))
        center, angle = random.uniform(-100, 300, 2), float(random.uniform(-4, 4))
        corners = rectangle_corners(center, size, angle)
        out = np.empty((64, 64, 3), np.uint8)
        sample_fixed_point(image, corners, border, out)
        assert np.array_equal(out, sample_by_formula(image, corners, border))
