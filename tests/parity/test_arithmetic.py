"""Pieces of MediaPipe's arithmetic beside plain float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blazetrack.geometry import apply, rectangle_to_image
from blazetrack.parity.crop import rectangle_corners
from blazetrack.parity.roi import atan2_float32, padding_float32

finite = st.floats(-1e4, 1e4, width=32).filter(lambda v: v == 0 or abs(v) > 1e-6)


@given(finite, finite)
def test_atan2_float32_is_within_one_bit(y: float, x: float) -> None:
    assume(y or x)
    got = atan2_float32(np.float32(y), np.float32(x))
    assert got.dtype == np.float32
    want = np.float32(math.atan2(y, x))
    assert abs(float(got) - math.atan2(y, x)) <= np.spacing(np.abs(want))


@pytest.mark.parametrize(
    ("y", "x", "want"),
    [
        (0, 1, 0),
        (0, 0, 0),
        (1, 0, math.pi / 2),
        (-1, 0, -math.pi / 2),
        (0, -1, math.pi),
        (-0.0, -1, -math.pi),
        (1, 1, math.pi / 4),
        (-1, -1, -3 * math.pi / 4),
    ],
)
def test_atan2_float32_on_axes_and_diagonals(y: float, x: float, want: float) -> None:
    assert atan2_float32(np.float32(y), np.float32(x)) == np.float32(want)


def test_padding_float32_pads_the_shorter_side() -> None:
    sizes = np.array([[640, 480], [480, 640], [300, 300]], np.float32)
    padding = padding_float32(sizes)
    assert padding.dtype == np.float32
    np.testing.assert_allclose(padding, [[0, 0.125], [0.125, 0], [0, 0]], rtol=1e-6)


@given(st.floats(1, 1e4, width=32), st.floats(1, 1e4, width=32))
def test_padding_float32_and_content_fill_the_square(width: float, height: float) -> None:
    left, top = padding_float32(np.array([width, height], np.float32)).astype(np.float64)
    side = max(width, height)
    assert 1 - 2 * left == pytest.approx(width / side, abs=1e-6)
    assert 1 - 2 * top == pytest.approx(height / side, abs=1e-6)


@given(st.floats(0, 2000), st.floats(0, 2000), st.floats(1, 1000), st.floats(1, 1000), finite)
def test_rectangle_corners_equal_those_of_the_affine(
    x: float, y: float, width: float, height: float, turn: float
) -> None:
    center, size, angle = np.array([x, y]), np.array([width, height]), math.remainder(turn, 6.28)
    affine = rectangle_to_image(center[None], size[None], np.array([angle]), (1, 1))[0]
    want = apply(affine, np.array([[0.0, 1], [0, 0], [1, 0], [1, 1]]))
    np.testing.assert_allclose(rectangle_corners(center, size, angle), want, atol=2e-3)
