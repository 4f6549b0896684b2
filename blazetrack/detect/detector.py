"""The detector node: crops in, people's boxes and alignment points out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.errors import ModelError
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.nms import weighted_nms
from blazetrack.heads.sigmoid import sigmoid
from blazetrack.heads.ssd import decode_boxes
from blazetrack.types import Crops, Detections

__all__ = ["Detector"]

Float32 = NDArray[np.float32]


class Detector:
    """Find people in crops of the image.

    Args:
        model: a detector with outputs `boxes` `(1, A, 4 + 2P)` and `scores` `(1, A, 1)`, logits.
        min_score: rows that the network is less sure of are dropped.
        min_iou: boxes that overlap more than this are one person.
    """

    def __init__(self, model: Model, min_score: float = 0.5, min_iou: float = 0.3) -> None:
        info = model.info
        if info.kind != "detector" or info.anchors is None:
            raise ModelError(f"detect: expected a detector, got {info.name} ({info.kind})")
        model.want("boxes", "scores")
        self._model = model
        self._centers = anchor_centers(info.anchors, info.input_hw)
        self._min_score = min_score
        self._min_iou = min_iou

    def __call__(self, crop: Crops) -> Detections:
        found = [self._decode(self._model.run(pixels)) for pixels in crop.pixels]
        counts = [len(scores) for _, _, scores in found]
        boxes, keypoints, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        return Detections(boxes, keypoints, scores, np.repeat(np.arange(len(counts)), counts))

    def _decode(self, outputs: Mapping[str, NDArray[Any]]) -> tuple[Float32, Float32, Float32]:
        raw, logits = outputs["boxes"][0], outputs["scores"][0, :, 0]
        if len(raw) != len(self._centers) or len(logits) != len(raw):
            want, got = f"{len(self._centers)} rows", f"{len(raw)} boxes, {len(logits)} scores"
            raise ModelError(f"detect: {self._model.info.name}: expected {want}, got {got}")
        scores = sigmoid(logits)
        keep = np.flatnonzero(scores >= self._min_score)  # false for NaN
        hw = self._model.info.input_hw
        boxes, keypoints = decode_boxes(raw[keep], self._centers[keep], hw)
        real = np.isfinite(boxes).all(axis=1) & np.isfinite(keypoints).all(axis=(1, 2))
        real &= (boxes[:, 2:] >= boxes[:, :2]).all(axis=1)
        return weighted_nms(boxes[real], keypoints[real], scores[keep][real], self._min_iou)
