"""Outputs of other shapes than a head reads: one line, whatever the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.errors import ModelError
from blazetrack.heads import HEADS, decode
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import BLAZEPOSE33

LANDMARKS = ModelInfo(
    "odd", "landmarks", (64, 64), (0.0, 1.0), "zero",
    {name: name for name in ("landmarks", "score", "world", "heatmap", "mask")}, BLAZEPOSE33,
)  # fmt: skip
DETECTOR = replace(
    LANDMARKS, kind="detector", outputs={"boxes": "boxes", "scores": "scores"},
    anchors=Anchors((8,), 1), skeleton=None,
)  # fmt: skip
GOOD = {
    "landmarks": (1, 195), "score": (1, 1), "world": (1, 117), "heatmap": (1, 16, 16, 39),
    "mask": (1, 64, 64, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    "shapes",
    [
        {"landmarks": (1, 7)},
        {"world": (1, 4)},
        {"world": (1, 9)},
        {"heatmap": (1, 195)},
        {"heatmap": (1, 16, 16, 3)},
        {"mask": (1, 3)},
        {"mask": (1, 16, 16, 1)},
    ],
)
def test_decode_landmark_outputs_of_another_shape_give_one_line(
    shapes: dict[str, tuple[int, ...]],
) -> None:
    info = replace(LANDMARKS, head_options={"masks": True})
    outputs = {name: np.zeros(shape, np.float32) for name, shape in (GOOD | shapes).items()}
    with pytest.raises(ModelError, match=r"odd|landmarks"):
        decode(HEADS["blazepose"], outputs, info)


@pytest.mark.parametrize(
    ("boxes", "scores"),
    [((1, 64, 1), (1, 64, 12)), ((1, 64, 12), (1, 64)), ((64,), (64,)), ((1, 64, 5), (1, 64, 1))],
)
def test_decode_detector_outputs_of_another_shape_give_one_line(
    boxes: tuple[int, ...], scores: tuple[int, ...]
) -> None:
    outputs = {"boxes": np.ones(boxes, np.float32), "scores": np.ones(scores, np.float32)}
    with pytest.raises(ModelError, match="model odd: expected the outputs of head ssd, got boxes"):
        decode(HEADS["ssd"], outputs, DETECTOR, 0.5)
