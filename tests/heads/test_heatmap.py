"""Head `heatmap`: drawn Gaussians are found again, by every way to decode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import ModelError
from blazetrack.heads import check_head
from blazetrack.heads.heatmap import decode, encode
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO17
from blazetrack.types import Landmarks

HW, MAP = (256, 192), (64, 48)


def info(*outputs: str, **options: Any) -> ModelInfo:
    named = {name: name for name in ("heatmap", *outputs)}
    return ModelInfo(
        "mine", "landmarks", HW, (0, 1), "zero", named, COCO17, None, "heatmap", options
    )


def person(seed: int, margin: float = 0.2) -> Landmarks:
    """All keypoints at least `margin` of the side away from the border."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(margin, 1 - margin, (1, 17, 3)) * (HW[1], HW[0], 0)
    scores, row = rng.uniform(0.3, 0.99, (1, 17)), np.zeros(1, np.int64)
    return Landmarks(xyz, np.zeros((1, 17, 3)), scores, scores, rng.uniform(0, 1, 1), row)


# Largest error in crop pixels; a cell is 4 pixels wide, so a quarter of it is off by half a cell at
# most, and by a quarter where the neighbours are read.
# A cell of `windows` is 1 pixel wide.
LIMITS = {"quarter": 1.01, "dark": 1e-3, "soft_argmax": 0.02, "offsets": 1e-3, "windows": 0.26}


@given(
    st.sampled_from(sorted(LIMITS)),
    st.sampled_from(["centre", "corner", "aligned"]),
    st.sampled_from(["xy", "yx"]),
    st.sampled_from(["unit", "pixel"]),
    st.integers(0, 2**32 - 1),
)
def test_decode_undoes_encode(
    decoding: str, cells: str, order: str, coordinates: str, seed: int
) -> None:
    options = {"decoding": decoding, "cells": cells, "order": order, "coordinates": coordinates}
    model, truth = info("offsets", "windows", "score", **options), person(seed)
    found = decode(encode(truth, model, MAP), model)
    limit = LIMITS[decoding] * (1.1 if cells == "aligned" else 1)
    assert np.abs(found.xyz_crop - truth.xyz_crop).max() < limit
    np.testing.assert_allclose(found.scores, truth.scores, atol=1e-6)
    # The centre of the nearest cell is up to 0.71 cells away from the top of the Gaussian.
    assert (found.visibility <= truth.visibility + 1e-6).all()
    assert (found.visibility >= 0.9 * truth.visibility).all()


@given(st.integers(0, 2**32 - 1))
def test_decode_of_logits_gives_the_same_points_and_probabilities(seed: int) -> None:
    truth = person(seed)
    for decoding in ("quarter", "dark"):
        plain, logits = info(decoding=decoding), info(decoding=decoding, activation="sigmoid")
        want, got = (decode(encode(truth, one, MAP), one) for one in (plain, logits))
        np.testing.assert_allclose(got.xyz_crop, want.xyz_crop, atol=1e-3)
        np.testing.assert_allclose(got.visibility, want.visibility, atol=1e-5)


def test_decode_soft_argmax_of_logits_is_the_mean_under_their_softmax() -> None:
    maps = np.full((1, *MAP, 17), -50, np.float32)
    maps[0, 20, 30], maps[0, 20, 32] = np.log(3), 0.0
    found = decode({"heatmap": maps}, info(decoding="soft_argmax", activation="sigmoid"))
    np.testing.assert_allclose(found.xyz_crop[0, :, :2], [[(30.5 + 0.5) * 4, 82]] * 17, atol=1e-3)


@pytest.mark.parametrize(("option", "score"), [("mean", 0.5), ("max", 0.9)])
def test_decode_without_score_output_pools_the_keypoints(option: str, score: float) -> None:
    maps = np.zeros((1, *MAP, 17), np.float32)
    maps[0, 5, 6] = 0.475
    maps[0, 5, 6, 3] = 0.9
    found = decode({"heatmap": maps}, info(person_score=option))
    np.testing.assert_allclose(found.scores, [score], atol=1e-3)


@pytest.mark.parametrize("decoding", sorted(LIMITS))
@pytest.mark.parametrize("corner", [(0, 0), (63, 47), (0, 47), (63, 0)])
@pytest.mark.filterwarnings("error")
def test_decode_maximum_at_the_border_stays_there(decoding: str, corner: tuple[int, int]) -> None:
    maps = np.zeros((1, *MAP, 17), np.float32)
    maps[0, corner[0], corner[1]] = 1
    outputs = {"heatmap": maps, "offsets": np.zeros((1, *MAP, 34), np.float32)}
    outputs["windows"] = np.zeros((1, 3, 3, 17), np.float32)
    outputs["windows"][0, 1, 1] = 1
    found = decode(outputs, info("offsets", "windows", decoding=decoding))
    want = (np.array(corner[::-1]) + 0.5) * 4
    np.testing.assert_allclose(found.xyz_crop[0, :, :2], [want] * 17)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 0.3, np.nan])
@pytest.mark.parametrize("decoding", ["quarter", "dark", "soft_argmax"])
def test_decode_flat_map_is_no_crash(decoding: str, value: float) -> None:
    found = decode({"heatmap": np.full((1, *MAP, 17), value)}, info(decoding=decoding))
    np.testing.assert_equal(found.scores, [value])


@pytest.mark.parametrize("shape", [(1, 64, 48, 33), (1, 17, 64, 48), (1, 64, 48)])
def test_decode_maps_of_another_shape_are_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"mine: expected maps \(1, h, w, 17\), got \(1, "):
        decode({"heatmap": np.zeros(shape, np.float32)}, info())


@pytest.mark.parametrize("side", [1, 3, 5])
def test_decode_windows_moves_the_highest_cell_by_cells_of_the_window(side: int) -> None:
    maps, windows = np.zeros((1, *MAP, 17), np.float32), np.zeros((1, 8, 8, 17), np.float32)
    maps[0, 20, 30], windows[0, 6, 1] = 1, 1
    found = decode(
        {"heatmap": maps, "windows": windows},
        info("windows", decoding="windows", window_cells=side),
    )
    center, cell = np.array([30.5, 20.5]) * 4, 4 * side / 8
    want = center + (np.array([1.5, 6.5]) - 4) * cell
    np.testing.assert_allclose(found.xyz_crop[0, :, :2], np.tile(want, (17, 1)), atol=1e-6)


def test_decode_windows_without_that_output_is_refused_by_its_description() -> None:
    with pytest.raises(ModelError, match="head heatmap needs the outputs windows"):
        check_head(info(decoding="windows"))
