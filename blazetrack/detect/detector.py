"""The node `detect`: crops → boxes and alignment points of people."""

from __future__ import annotations

import numpy as np

from blazetrack.backends import Model
from blazetrack.errors import ModelError
from blazetrack.heads import check_options, decode
from blazetrack.heads.nms import weighted_nms
from blazetrack.types import Crops, Detections

__all__ = ["Detector"]


class Detector:
    """Detect people in crops of the image.

    Args:
        model: a detector.
        min_score: detections with a lower score are dropped.
        min_iou: boxes that overlap more than this are one person.
    """

    is_detector = True  # counts in `PoseTracker.detector_runs`

    def __init__(self, model: Model, min_score: float = 0.5, min_iou: float = 0.3) -> None:
        if model.info.kind != "detector" or model.info.anchors is None:
            got = f"{model.info.name} ({model.info.kind})"
            raise ModelError(f"detect: expected a detector, got {got}")
        self._head = check_options(model.info)
        model.want(*self._head.reads(model.info))
        self._model = model
        self._min_score = min_score
        self._min_iou = min_iou

    def __call__(self, crop: Crops) -> Detections:
        return Detections.joined([self._detect(crop, row) for row in range(len(crop))])

    def _detect(self, crop: Crops, row: int) -> Detections:
        outputs = self._model.run(crop.pixels[row])
        found = decode(self._head, outputs, self._model.info, self._min_score)
        boxes, keypoints, scores = weighted_nms(
            found.boxes_unit, found.keypoints_unit, found.scores, self._min_iou
        )
        return Detections(boxes, keypoints, scores, np.full(len(scores), row, np.int64))
