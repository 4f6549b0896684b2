"""Head `displacement`: from the centre of a crop to its keypoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import ModelError
from blazetrack.heads import check_head
from blazetrack.heads.displacement import decode, encode, region_share
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO17


def info(**options: Any) -> ModelInfo:
    named = {"displacements": "displacements"}
    return ModelInfo(
        "mine",
        "refinement",
        (48, 64),
        (0, 1),
        "zero",
        named,
        COCO17,
        head="displacement",
        head_options=options,
    )


@given(st.integers(0, 2**32 - 1))
def test_decode_undoes_encode(seed: int) -> None:
    truth = np.random.default_rng(seed).uniform(-30, 30, (17, 2))
    np.testing.assert_allclose(decode(encode(truth, info()), info()), truth, atol=1e-5)


def test_decode_is_in_pixels_of_the_crop_x_first() -> None:
    values = np.zeros((1, 34), np.float32)
    values[0, 4:6] = (0.5, 0.25)
    np.testing.assert_array_equal(decode({"displacements": values}, info())[2], (32, 12))


def test_decode_other_number_of_values_is_error() -> None:
    with pytest.raises(ModelError, match="expected 17 × 2 values"):
        decode({"displacements": np.zeros((1, 33), np.float32)}, info())


def test_region_share_is_checked_like_all_options() -> None:
    assert region_share({}) == 0.33
    assert region_share({"region_percent": 20}) == 0.2
    check_head(info(region_percent=20))
    with pytest.raises(ModelError, match="option 'region_percent' of head displacement: expected"):
        check_head(info(region_percent=2))
