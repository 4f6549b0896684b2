"""Head `blazepose`: rows of the network and their inverse; refinement has a file of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import ModelError
from blazetrack.heads.blazepose import decode, decode_rows, encode
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO17
from blazetrack.types import Landmarks


def test_decode_rows_gives_x_y_z_visibility_presence() -> None:
    raw = np.zeros((1, 195), np.float32)
    raw[0, :5] = 10, 20, -30, 0, 100
    rows = decode_rows(raw, 33)
    assert rows.shape == (35, 5)
    assert rows.dtype == np.float64
    np.testing.assert_allclose(rows[0], [10, 20, -30, 0.5, 1])


def test_decode_rows_keeps_two_rows_after_the_keypoints() -> None:
    raw = np.repeat(np.arange(39, dtype=np.float32), 5).reshape(1, 195)
    assert decode_rows(raw, 33)[:, 0].tolist() == list(range(35))
    assert decode_rows(raw, 17)[:, 0].tolist() == list(range(19))


def test_decode_rows_leaves_its_input_unchanged() -> None:
    raw = np.zeros((1, 195), np.float32)
    decode_rows(raw, 33)
    assert (raw == 0).all()


@pytest.mark.filterwarnings("error")
def test_decode_rows_keeps_nan() -> None:
    raw = np.full((1, 195), np.nan, np.float32)
    assert np.isnan(decode_rows(raw, 33)).all()


@pytest.mark.parametrize("shape", [(1, 194), (1, 170), (1, 0)])
def test_decode_rows_wrong_number_of_values_is_an_error(shape: tuple[int, int]) -> None:
    with pytest.raises(ModelError, match=r"expected at least 35 × 5 values, got .*\(1, \d+\)"):
        decode_rows(np.zeros(shape, np.float32), 33)


@given(st.integers(0, 2**32 - 1))
def test_decode_undoes_encode(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = Landmarks(
        xyz_crop=rng.uniform(-50, 300, (1, 17, 3)),
        world_m=rng.normal(0, 1, (1, 17, 3)),
        visibility=rng.uniform(0.01, 0.99, (1, 17)),
        presence=rng.uniform(0.01, 0.99, (1, 17)),
        scores=rng.uniform(0, 1, 1),
        row=np.zeros(1, np.int64),
        alignment_crop=rng.uniform(0, 256, (1, 2, 2)),
    )
    named = {name: name for name in ("landmarks", "score", "world")}
    info = ModelInfo("mine", "landmarks", (256, 256), (0, 1), "zero", named, COCO17)
    found = decode(encode(truth, info), info)
    for name in ("xyz_crop", "world_m", "visibility", "presence", "scores", "alignment_crop"):
        np.testing.assert_allclose(getattr(found, name), getattr(truth, name), atol=1e-4)
    assert found.masks_crop is None


def test_decode_gives_the_highest_value_of_each_heatmap() -> None:
    info = ModelInfo(
        "mine",
        "landmarks",
        (64, 64),
        (0, 1),
        "zero",
        {name: name for name in ("landmarks", "score", "heatmap")},
        COCO17,
    )
    heatmap = np.full((1, 8, 8, 19), -20.0, np.float32)
    heatmap[0, 2, 5, 3] = 0.0
    outputs = {
        "landmarks": np.zeros((1, 95), np.float32),
        "score": np.ones((1, 1), np.float32),
        "heatmap": heatmap,
    }
    (peaks,) = decode(outputs, info).peaks
    assert peaks.shape == (17,)
    assert peaks[3] == pytest.approx(0.5)
    assert np.delete(peaks, 3).max() < 1e-6
    without = replace(info, head_options={"refine": False})
    assert decode(outputs, without).peaks is None
