"""Head `regression`: coordinates in every order and unit, and scores."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import ModelError
from blazetrack.heads.regression import OPTIONS, decode, encode
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO17
from blazetrack.types import Landmarks

HW = (192, 128)  # not square, so that x and y cannot be exchanged unnoticed


def info(*outputs: str, **options: Any) -> ModelInfo:
    named = {name: name for name in ("landmarks", *outputs)}
    return ModelInfo(
        "mine", "landmarks", HW, (0, 1), "zero", named, COCO17, None, "regression", options
    )


def person(seed: int, depth: bool = False) -> Landmarks:
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(-0.2, 1.2, (1, 17, 3)) * (HW[1], HW[0], HW[1] if depth else 0)
    scores = rng.uniform(0.01, 0.99, (1, 17))
    row = np.zeros(1, np.int64)
    return Landmarks(xyz, np.zeros((1, 17, 3)), scores, scores, rng.uniform(0.01, 0.99, 1), row)


OPTION_SETS = [dict(zip(OPTIONS, values, strict=True)) for values in product(*OPTIONS.values())]


@given(st.sampled_from(OPTION_SETS), st.booleans(), st.booleans(), st.integers(0, 2**32 - 1))
def test_decode_undoes_encode(
    options: dict[str, Any], score: bool, scores: bool, seed: int
) -> None:
    given_outputs = [name for name, has in (("score", score), ("scores", scores)) if has]
    model, truth = info(*given_outputs, **options), person(seed, options["third"] == "z")
    found = decode(encode(truth, model), model)
    np.testing.assert_allclose(found.xyz_crop, truth.xyz_crop, atol=1e-3)
    with_scores = scores or options["third"] == "score"
    seen = truth.visibility if with_scores else np.ones((1, 17))
    np.testing.assert_allclose(found.visibility, seen, atol=1e-5)
    np.testing.assert_allclose(found.presence, seen, atol=1e-5)
    pooled = seen.max() if options["person_score"] == "max" else seen.mean()
    np.testing.assert_allclose(found.scores, truth.scores if score else [pooled], atol=1e-5)
    assert found.alignment_crop is None
    assert found.skeleton is COCO17


def test_decode_movenet_rows_are_y_x_score_in_parts_of_the_side() -> None:
    raw = np.zeros((1, 1, 17, 3), np.float32)
    raw[0, 0, 5] = 0.25, 0.5, 0.8
    found = decode({"landmarks": raw}, info(order="yx", third="score"))
    np.testing.assert_allclose(found.xyz_crop[0, 5], [64, 48, 0])
    np.testing.assert_allclose(found.visibility[0, 5], 0.8)


def test_decode_centred_zero_is_the_middle_of_the_crop() -> None:
    found = decode({"landmarks": np.zeros((1, 34), np.float32)}, info(coordinates="centred"))
    assert (found.xyz_crop[0, :, :2] == [64, 96]).all()
    assert found.scores.tolist() == [1.0]


def test_decode_leaves_the_output_of_the_network_unchanged() -> None:
    raw = np.ones((1, 51), np.float32)
    decode({"landmarks": raw}, info(third="z", coordinates="centred"))
    assert (raw == 1).all()


@pytest.mark.parametrize("shape", [(1, 34), (1, 33, 3)])
def test_decode_other_number_of_values_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"model mine: expected 17 × 3 values, got .*\(1, "):
        decode({"landmarks": np.zeros(shape, np.float32)}, info(third="score"))
