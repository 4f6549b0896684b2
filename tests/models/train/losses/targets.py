"""Targets and outputs of perfect networks, for the tests of the losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("keras", reason="models needs Keras")

from keras import ops

from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import Skeleton
from models.train.losses import (
    LandmarkLossSettings,
    SsdLossSettings,
)

Arrays = dict[str, NDArray[np.float32]]

B, K, SIDE = 3, 4, 8
PARTNERS = (0, 2, 1, 3)  # keypoints 1 and 2 are left and right
SKELETON = Skeleton("four", ("nose", "left_hand", "right_hand", "tail"))
POSE, DETECTOR = LandmarkLossSettings(), SsdLossSettings()
POSE_PARTS = ("points", "z", "visibility", "presence", "world", "score", "heatmap", "offsets")
SSD_PARTS, DISTILLED = ("scores", "boxes", "points"), ("distilled_scores", "distilled_boxes")


def value(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(ops.convert_to_numpy(tensor))


def floats(arrays: dict[str, Any]) -> Arrays:
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def pose_targets() -> Arrays:
    rng = np.random.default_rng(0)
    targets: dict[str, Any] = {
        "points": rng.uniform(0.2, 0.8, (B, K + 2, 3)),
        "visibility": rng.integers(0, 2, (B, K)),
        "presence": rng.integers(0, 2, (B, K)),
        "world": rng.normal(size=(B, K, 3)),
    }
    targets |= {f"{name}_weight": np.ones_like(array) for name, array in targets.items()}
    return floats({**targets, "score": np.ones((B, 1))})


def perfect_outputs(targets: Arrays) -> Arrays:
    """Outputs of a perfect network; logits of 20 are nearly certain."""
    logits = {name: 40 * targets[name] - 20 for name in ("visibility", "presence", "score")}
    place = targets["points"][:, :K, :2] * SIDE
    cells = np.arange(SIDE) + 0.5
    dx = np.broadcast_to(place[:, None, None, :, 0] - cells[:, None], (B, SIDE, SIDE, K))
    dy = np.broadcast_to(place[:, None, None, :, 1] - cells[:, None, None], (B, SIDE, SIDE, K))
    return floats(
        {
            **logits,
            "points": targets["points"],
            "world": targets["world"],
            "heatmap": -0.5 * (dx**2 + dy**2) / POSE.heatmap_sigma**2,
            "offsets": np.concatenate([dx, dy], axis=-1) / SIDE,
        }
    )


def info_of(**options: Any) -> ModelInfo:
    hw, name = (SIDE, SIDE), "test"
    return ModelInfo(name, "landmarks", hw, (0, 1), "zero", {}, SKELETON, head_options=options)
