"""The table "name in YAML → callable": the only file that knows both the engine and the stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blazetrack.align.cover import cover
from blazetrack.align.crop import Crop
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
from blazetrack.track.expect import Expect
from blazetrack.track.identity import Identity, needs_detection
from blazetrack.track.landmarker import Landmarker
from blazetrack.track.lock import Lock
from blazetrack.track.search import Search, second_look

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
