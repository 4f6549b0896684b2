from __future__ import annotations

import numpy as np
import pytest

from blazetrack.errors import ModelError
from blazetrack.heads.blazepose import decode_landmarks


def test_rows_are_x_y_z_visibility_presence() -> None:
    raw = np.zeros((1, 195), np.float32)
    raw[0, :5] = 10, 20, -30, 0, 100
    rows = decode_landmarks(raw, 33)
    assert rows.shape == (35, 5)
    assert rows.dtype == np.float64
    np.testing.assert_allclose(rows[0], [10, 20, -30, 0.5, 1])


def test_the_two_rows_behind_the_keypoints_are_kept_and_the_rest_is_not() -> None:
    raw = np.repeat(np.arange(39, dtype=np.float32), 5).reshape(1, 195)
    assert decode_landmarks(raw, 33)[:, 0].tolist() == list(range(35))
    assert decode_landmarks(raw, 17)[:, 0].tolist() == list(range(19))


def test_the_network_s_own_array_is_not_changed() -> None:
    raw = np.zeros((1, 195), np.float32)
    decode_landmarks(raw, 33)
    assert (raw == 0).all()


@pytest.mark.filterwarnings("error")
def test_a_value_that_is_no_number_stays_visible_as_such() -> None:
    raw = np.full((1, 195), np.nan, np.float32)
    assert np.isnan(decode_landmarks(raw, 33)).all()


@pytest.mark.parametrize("shape", [(1, 194), (1, 170), (1, 0)])
def test_another_number_of_values_is_another_model(shape: tuple[int, int]) -> None:
    with pytest.raises(ModelError, match=r"expected at least 35 × 5 values, got .*\(1, \d+\)"):
        decode_landmarks(np.zeros(shape, np.float32), 33)
