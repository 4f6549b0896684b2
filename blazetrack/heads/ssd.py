"""Rows of a single-shot detector ↔ boxes and keypoints in parts of the side of the input.

A row is (box centre x, y, width, height, then x, y of each keypoint) in input pixels; centres and
keypoints are offsets from the centre of the anchor, without exponentials. All in float32 and in
MediaPipe's order of operations, so that the results equal its to the bit
(tensors_to_detections_calculator.cc with `reverse_output_order`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.base import Head, Outputs
from blazetrack.heads.sigmoid import logit, sigmoid
from blazetrack.model_info import ModelInfo
from blazetrack.types import Detections

__all__ = ["SSD", "decode", "decode_boxes", "encode", "encode_boxes"]

Float32 = NDArray[np.float32]


def decode(outputs: Outputs, info: ModelInfo, min_score: float = 0.5) -> Detections:
    """The rows of one crop that hold a person, several for each; in the order of the anchors.

    Args:
        outputs: `boxes` `(1, A, 4 + 2P)`; `scores` `(1, A, 1)` logits.
        info: the model.
        min_score: rows with a lower score, without area, or not finite are left out.

    Raises:
        ModelError: another number of rows than anchors.
    """
    assert info.anchors is not None
    centers = anchor_centers(info.anchors, info.input_hw)
    raw, logits = outputs["boxes"][0], outputs["scores"][0, :, 0]
    if len(raw) != len(centers) or len(logits) != len(raw):
        want, got = f"{len(centers)} rows", f"{len(raw)} boxes, {len(logits)} scores"
        raise ModelError(f"detect: {info.name}: expected {want}, got {got}")
    scores = sigmoid(logits)
    keep = np.flatnonzero(scores >= min_score)  # false for NaN
    boxes, keypoints = decode_boxes(raw[keep], centers[keep], info.input_hw)
    real = np.isfinite(boxes).all(axis=1) & np.isfinite(keypoints).all(axis=(1, 2))
    real &= (boxes[:, 2:] >= boxes[:, :2]).all(axis=1)
    rows = np.zeros(int(real.sum()), np.int64)
    return Detections(boxes[real], keypoints[real], scores[keep][real], rows)


def encode(people: Detections, info: ModelInfo) -> dict[str, Float32]:
    """The outputs for the people of one crop: each in the row of the anchor nearest to its centre.

    The other rows have a logit of −100.
    """
    assert info.anchors is not None
    centers = anchor_centers(info.anchors, info.input_hw)
    middle = (people.boxes_unit[:, :2] + people.boxes_unit[:, 2:]) / 2
    nearest = np.square(centers - middle[:, None]).sum(axis=2).argmin(axis=1)
    held = encode_boxes(people.boxes_unit, people.keypoints_unit, centers[nearest], info.input_hw)
    boxes = np.zeros((1, len(centers), held.shape[1]), np.float32)
    scores = np.full((1, len(centers), 1), -100, np.float32)
    boxes[0, nearest], scores[0, nearest, 0] = held, logit(people.scores)
    return {"boxes": boxes, "scores": scores}


def decode_boxes(
    raw: NDArray[Any], centers: Float32, input_hw: tuple[int, int]
) -> tuple[Float32, Float32]:
    """Rows → boxes and keypoints.

    Args:
        raw: `(N, 4 + 2P)` float32, rows of the network.
        centers: `(N, 2)` anchor centres in 0..1, x y.
        input_hw: height and width of the network's input in pixels.

    Returns:
        `(N, 4)` boxes x0 y0 x1 y1 and `(N, P, 2)` keypoints x y, float32, in 0..1.
    """
    points = raw.reshape(len(raw), raw.shape[1] // 2, 2) / np.array(input_hw[::-1], np.float32)
    middle, half = points[:, 0] + centers, points[:, 1] / np.float32(2)
    keypoints: Float32 = (points[:, 2:] + centers[:, None]).astype(np.float32)
    return np.concatenate([middle - half, middle + half], axis=1), keypoints


def encode_boxes(
    boxes: Float32, keypoints: Float32, centers: Float32, input_hw: tuple[int, int]
) -> Float32:
    """The inverse of `decode_boxes`: the network's rows at these anchors."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / np.float32(2) - centers
    size = boxes[:, 2:] - boxes[:, :2]
    points = np.concatenate([middle[:, None], size[:, None], keypoints - centers[:, None]], axis=1)
    scaled = points * np.array(input_hw[::-1], np.float32)
    raw: Float32 = scaled.reshape(len(boxes), 2 * points.shape[1])
    return raw


SSD = Head(
    kind="detector",
    required=("boxes", "scores"),
    optional={},
    decode=decode,
    encode=encode,
    several=True,
)
