"""The loss of coordinates."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")


from models.train.losses import (
    LandmarkLossSettings,
    head_loss,
)
from tests.models.train.losses.targets import POSE, SIDE, B, K, floats, info_of, pose_targets, value

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("order", ["xy", "yx"])
@pytest.mark.parametrize("coordinates", ["unit", "pixel", "centred"])
@pytest.mark.parametrize("third", ["none", "z", "score"])
def test_regression_loss_follows_head_options(order: str, coordinates: str, third: str) -> None:
    targets = pose_targets()
    points = targets["points"][:, :K].copy()
    scores = 40 * targets["visibility"] - 20
    points[..., :2] -= 0.5 if coordinates == "centred" else 0
    points *= SIDE if coordinates == "pixel" else 1
    points[..., :2] = points[..., 1::-1] if order == "yx" else points[..., :2]
    points[..., 2] = scores if third == "score" else points[..., 2]
    landmarks = points[..., : 2 if third == "none" else 3].reshape(B, -1)
    info, settings = info_of(order=order, coordinates=coordinates, third=third), POSE
    outputs = floats({"landmarks": landmarks, "score": 40 * targets["score"] - 20})
    got = head_loss("regression", targets, outputs, settings, info)
    assert set(got) == {"points", "z", "scores", "score", "total"}
    assert float(value(got["total"])) < 1e-4
    wrong = head_loss(
        "regression", targets, {**outputs, "landmarks_1": landmarks + 0.3}, settings, info
    )
    assert float(value(wrong["points"])) < 1e-4
    assert float(value(wrong["points_1"])) > 1e-3


def test_regression_loss_steps_have_targets_on_the_way() -> None:
    targets = pose_targets()
    points = np.where(targets["points_weight"] > 0, targets["points"], 0)[:, :K, :2]
    start = np.full_like(points, 0.5)
    way = points - start
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    first = start + way * np.minimum(1, 0.1 / np.maximum(length, 1e-9))
    second = start + way * np.minimum(1, 0.2 / np.maximum(length, 1e-9))
    named = {"landmarks_0": start, "landmarks_1": first, "landmarks": second}
    outputs = floats({name: one.reshape(B, -1) for name, one in named.items()})
    info = info_of()
    for max_step, right in ((0.1, True), (0.0, False)):
        settings = LandmarkLossSettings(max_step=max_step)
        got = head_loss("regression", targets, outputs, settings, info)
        assert {"mean_pose", "points_1", "points"} < set(got)
        assert float(value(got["mean_pose"])) > 1e-2
        for part in ("points_1", "points"):
            assert (float(value(got[part])) < 1e-4) == right
