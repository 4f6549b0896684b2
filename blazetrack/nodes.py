"""The table "name in YAML → callable": the only file that knows both the engine and the stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blazetrack.align.crop import Crop
from blazetrack.align.mask_people import cover
from blazetrack.align.project import project
from blazetrack.align.roi import (
    free_rois,
    merge_rois,
    rois_from_detections,
    rois_from_poses,
    whole_roi,
)
from blazetrack.detect.detector import Detector
from blazetrack.smooth import PoseSmoother
from blazetrack.track.detection_schedule import Search, second_look
from blazetrack.track.follow import Lock
from blazetrack.track.identify import Identity, needs_detection
from blazetrack.track.landmarks import Landmarker
from blazetrack.track.predict import Expect

__all__ = ["NODES"]

NODES: dict[str, Callable[..., Any]] = {
    "cover": cover,
    "crop": Crop,
    "detect": Detector,
    "expect": Expect,
    "free_rois": free_rois,
    "identify": Identity,
    "landmarks": Landmarker,
    "lock": Lock,
    "merge_rois": merge_rois,
    "needs_detection": needs_detection,
    "project": project,
    "rois_from_detections": rois_from_detections,
    "rois_from_poses": rois_from_poses,
    "search": Search,
    "second_look": second_look,
    "smooth": PoseSmoother,
    "whole_roi": whole_roi,
}
