"""The loss of the head `simcc`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")


from models.train.losses import (
    LandmarkLossSettings,
    head_loss,
    simcc,
)
from tests.models.train.losses.targets import K, floats, info_of, pose_targets, value

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("cells", ["corner", "centre"])
@pytest.mark.parametrize("sigma", [2.0, 0.0])
def test_simcc_loss_is_lowest_for_the_encoded_keypoints(cells: str, sigma: float) -> None:
    targets, info = pose_targets(), replace(info_of(cells=cells), head="simcc")
    weight = targets["points_weight"][:, :K, :2].min(axis=-1)
    xy = np.where(weight[..., None] > 0, targets["points"][:, :K, :2], 0)
    shift = 0.5 if cells == "centre" else 0.0
    right = {
        name: value(simcc.bin_targets(floats({"xy": xy})["xy"][..., axis], 64, sigma, shift))
        for axis, name in enumerate(("simcc_x", "simcc_y"))
    }
    settings = LandmarkLossSettings(simcc_sigma=sigma)

    def loss(outputs: Any) -> float:
        return float(value(head_loss("simcc", targets, floats(outputs), settings, info)["simcc"]))

    assert abs(loss(right)) < 1e-4
    assert loss({**right, "simcc_x": np.roll(right["simcc_x"], 3, axis=-1)}) > 0.1
    k = int(np.argmax(weight[0] > 0))
    np.testing.assert_allclose(right["simcc_y"].sum(axis=-1)[0, k], 1, atol=1e-5)
    highest = right["simcc_x"][0, k].argmax()
    assert abs((highest + shift) / 64 - xy[0, k, 0]) <= 0.5 / 64 + 1e-6
