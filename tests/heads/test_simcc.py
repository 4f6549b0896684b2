"""Head `simcc`: encoded people are found again, and exports of RTMPose are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import ModelError
from blazetrack.heads import check_head
from blazetrack.heads.simcc import decode, encode
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO17
from blazetrack.types import Landmarks

HW = (256, 192)


def info(*more: str, **options: Any) -> ModelInfo:
    named = {name: name for name in ("simcc_x", "simcc_y", *more)}
    return ModelInfo("mine", "landmarks", HW, (0, 1), "zero", named, COCO17, None, "simcc", options)


def person(seed: int) -> Landmarks:
    """All keypoints in the crop, a bin away from its border at least."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(0.01, 0.99, (1, 17, 3)) * (HW[1], HW[0], 0)
    scores, row = rng.uniform(0.3, 0.99, (1, 17)), np.zeros(1, np.int64)
    return Landmarks(xyz, np.zeros((1, 17, 3)), scores, scores, rng.uniform(0, 1, 1), row)


@given(
    st.sampled_from(["corner", "centre"]),
    st.sampled_from(["none", "sigmoid"]),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
def test_decode_undoes_encode(cells: str, activation: str, split: int, seed: int) -> None:
    model, truth = info("score", cells=cells, activation=activation), person(seed)
    outputs = encode(truth, model, split)
    assert [outputs[name].shape for name in ("simcc_x", "simcc_y")] == [
        (1, 17, HW[1] * split),
        (1, 17, HW[0] * split),
    ]
    found = decode(outputs, model)
    assert np.abs(found.xyz_crop - truth.xyz_crop).max() <= 0.5 / split + 1e-6
    np.testing.assert_allclose(found.visibility, truth.visibility, rtol=5e-3)
    np.testing.assert_allclose(found.scores, truth.scores, atol=1e-6)


def test_decode_of_an_rtmpose_export_is_the_bin_over_the_split_and_the_lower_maximum() -> None:
    x, y = np.zeros((1, 17, 384), np.float32), np.zeros((1, 17, 512), np.float32)
    x[0, :, 101], y[0, :, 300] = 0.75, 0.5
    x[0, 3, 101], y[0, 3] = 1.25, -0.25  # higher than a probability; nothing along y
    found = decode({"simcc_x": x, "simcc_y": y}, info())
    np.testing.assert_allclose(found.xyz_crop[0, 0], [50.5, 150, 0])
    np.testing.assert_allclose(found.visibility[0, [0, 3]], [0.5, 0])
    np.testing.assert_allclose(found.scores, [0.5 * 16 / 17])


@pytest.mark.parametrize("shape", [(1, 384, 17), (1, 17, 0), (1, 17, 4, 4)])
def test_decode_bins_of_another_shape_are_one_line(shape: tuple[int, ...]) -> None:
    outputs = {"simcc_x": np.zeros(shape, np.float32), "simcc_y": np.zeros((1, 17, 512))}
    with pytest.raises(ModelError, match=r"mine: expected simcc_x \(1, 17, bins\), got \(1, "):
        decode(outputs, info())


def test_check_head_option_of_other_heads_is_refused() -> None:
    assert check_head(info(cells="centre")).kind == "landmarks"
    with pytest.raises(ModelError, match="head simcc has no option 'order'"):
        check_head(info(order="yx"))
