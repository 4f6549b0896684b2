"""Coordinates of keypoints as numbers: K × 2 or 3 values ↔ one person.

Examples: DeepPose (arXiv 1312.4659) gives x and y in parts from the centre of the crop; MoveNet
gives y, x and a score for each keypoint in parts of the side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from blazetrack.errors import ModelError
from blazetrack.heads.base import (
    SHARED_OPTIONS,
    Head,
    Options,
    Outputs,
    encode_scores,
    from_pixels,
    keypoints_of,
    one_person,
    option,
    raw_scores,
    to_pixels,
)
from blazetrack.model_info import ModelInfo
from blazetrack.types import Landmarks

__all__ = ["REGRESSION", "decode", "encode"]

OPTIONS: Options = {
    **SHARED_OPTIONS,
    "third": ("none", "score", "z"),  # the third value of each keypoint
}


def decode(outputs: Outputs, info: ModelInfo) -> Landmarks:
    """The person of one crop.

    Args:
        outputs: `landmarks`, `K · 2` values, or `K · 3` with option `third`; where the model has
            them `scores`, K values, and `score`, one value.
        info: the model.

    Raises:
        ModelError: another number of values.
    """
    keypoints, third = keypoints_of(info), option(info, OPTIONS, "third")
    rows = _rows(outputs["landmarks"], keypoints, 2 if third == "none" else 3, info)
    points = to_pixels(rows if third == "z" else rows[:, :2], info)
    xyz = points if third == "z" else np.pad(points, ((0, 0), (0, 1)))
    scores = rows[:, 2] if third == "score" else None
    if "scores" in info.outputs:
        scores = _rows(outputs["scores"], keypoints, 1, info)[:, 0]
    return one_person(xyz, scores, outputs, info)


def encode(people: Landmarks, info: ModelInfo) -> dict[str, Any]:
    """The outputs for the one person of a crop; the inverse of `decode`."""
    third = option(info, OPTIONS, "third")
    values = from_pixels(people.xyz_crop[0] if third == "z" else people.xyz_crop[0, :, :2], info)
    if third == "score":
        values = np.column_stack([values, raw_scores(people.visibility[0], info)])
    return {"landmarks": values[None], **encode_scores(people, info)}


def _rows(values: Any, keypoints: int, width: int, info: ModelInfo) -> Any:
    if values.size != keypoints * width:
        want = f"{keypoints} × {width} values"
        raise ModelError(f"model {info.name}: expected {want}, got an output of {values.shape}")
    return values.reshape(keypoints, width)


REGRESSION = Head(
    kind="landmarks",
    required=("landmarks",),
    optional={"scores": None, "score": None},
    decode=decode,
    encode=encode,
    options=OPTIONS,
)
