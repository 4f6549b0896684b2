"""Anchor centres of single-shot detectors."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.heads.anchors import anchor_centers
from blazetrack.model_info import Anchors

POSE = Anchors((8, 16, 32, 32, 32), per_map=2)


def slowly(layout: Anchors, height: int, width: int) -> list[tuple[float, float]]:
    """Cell by cell: maps of one stride that follow each other put their anchors side by side."""
    centers: list[tuple[float, float]] = []
    strides = list(layout.strides)
    while strides:
        stride, maps = strides[0], 0
        while strides and strides[0] == stride:
            strides.pop(0)
            maps += 1
        rows, columns = (height + stride - 1) // stride, (width + stride - 1) // stride
        for row in range(rows):
            for column in range(columns):
                center = ((column + 0.5) / columns, (row + 0.5) / rows)
                centers += [center] * (maps * layout.per_map)
    return centers


def test_anchor_centers_of_the_published_detector_are_2254() -> None:
    centers = anchor_centers(POSE, (224, 224))
    assert centers.shape == (2254, 2)
    assert centers.dtype == np.float32


def test_anchor_centers_run_along_x_with_two_per_cell() -> None:
    centers = anchor_centers(POSE, (224, 224)) * 28
    np.testing.assert_allclose(centers[:5, 0], [0.5, 0.5, 1.5, 1.5, 2.5], rtol=1e-6)
    np.testing.assert_allclose(centers[:56, 1], 0.5, rtol=1e-6)
    np.testing.assert_allclose(centers[56], [0.5, 1.5], rtol=1e-6)


def test_anchor_centers_maps_of_one_stride_share_their_cells() -> None:
    centers = anchor_centers(POSE, (224, 224))
    start = 28 * 28 * 2 + 14 * 14 * 2
    assert (centers[start : start + 6] == np.float32(0.5 / 7)).all()
    np.testing.assert_allclose(centers[start + 6], [1.5 / 7, 0.5 / 7])


@pytest.mark.parametrize(
    ("layout", "hw"),
    [
        (POSE, (224, 224)),
        (Anchors((8, 16), per_map=1), (64, 64)),
        (Anchors((8, 16, 16, 8), per_map=3), (50, 30)),  # sides that the stride does not divide
    ],
)
def test_anchor_centers_equal_a_plain_loop(layout: Anchors, hw: tuple[int, int]) -> None:
    np.testing.assert_allclose(anchor_centers(layout, hw), slowly(layout, *hw), rtol=1e-6)
