"""Raw rows of a single-shot detector ↔ boxes and keypoints in parts of the input.

A row is (box centre x, y, width, height, then x, y of each keypoint) in input pixels; centres and
keypoints are offsets from the anchor's centre, without exponentials. All in float32 and in
MediaPipe's order of operations, so that its results come out to the bit
(tensors_to_detections_calculator.cc with `reverse_output_order`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["decode_boxes", "encode_boxes"]

Float32 = NDArray[np.float32]


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
    """The inverse of `decode_boxes`: what the network must say at these anchors."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / np.float32(2) - centers
    size = boxes[:, 2:] - boxes[:, :2]
    points = np.concatenate([middle[:, None], size[:, None], keypoints - centers[:, None]], axis=1)
    raw: Float32 = (points * np.array(input_hw[::-1], np.float32)).reshape(len(boxes), -1)
    return raw
