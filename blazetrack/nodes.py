"""The table "name in YAML → callable": the only file that imports both engine and stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blazetrack.align.cap_visibility import cap_visibility
from blazetrack.align.crop import Crop
from blazetrack.align.mask_others import MaskOthers
from blazetrack.align.mask_people import mask_people
from blazetrack.align.project import project
from blazetrack.align.roi import (
    free_rois,
    merge_rois,
    rois_from_detections,
    rois_from_poses,
    whole_roi,
)
from blazetrack.detect.detector import Detector
from blazetrack.graph import Renamed
from blazetrack.parity.crop import Crop as MediapipeCrop
from blazetrack.parity.project import project as mediapipe_project
from blazetrack.parity.roi import rois_from_detections as mediapipe_rois_from_detections
from blazetrack.parity.roi import rois_from_poses as mediapipe_rois_from_poses
from blazetrack.smooth import PoseSmoother
from blazetrack.tracking.detection_schedule import DetectionSchedule, needs_detection, second_look
from blazetrack.tracking.flow import Flow, merge_poses, needs_landmarks
from blazetrack.tracking.follow import Follow
from blazetrack.tracking.identify import Identify
from blazetrack.tracking.landmarks import Landmarker
from blazetrack.tracking.orientations import NextOrientation, OtherOrientations
from blazetrack.tracking.pose_score import PoseScore
from blazetrack.tracking.predict import Predict
from blazetrack.tracking.refine_keypoints import KeypointRois, RefineKeypoints
from blazetrack.tracking.select_poses import confirm_poses, select_poses
from blazetrack.tracking.timeline import Timeline

__all__ = ["NODES", "RENAMED"]

NODES: dict[str, Callable[..., Any]] = {
    "cap_visibility": cap_visibility,
    "confirm_poses": confirm_poses,
    "crop": Crop,
    "detect": Detector,
    "detection_schedule": DetectionSchedule,
    "flow": Flow,
    "follow": Follow,
    "free_rois": free_rois,
    "identify": Identify,
    "keypoint_rois": KeypointRois,
    "landmarks": Landmarker,
    "mask_others": MaskOthers,
    "mask_people": mask_people,
    "mediapipe_crop": MediapipeCrop,
    "mediapipe_project": mediapipe_project,
    "mediapipe_rois_from_detections": mediapipe_rois_from_detections,
    "mediapipe_rois_from_poses": mediapipe_rois_from_poses,
    "merge_poses": merge_poses,
    "merge_rois": merge_rois,
    "needs_detection": needs_detection,
    "needs_landmarks": needs_landmarks,
    "next_orientation": NextOrientation,
    "other_orientations": OtherOrientations,
    "pose_score": PoseScore,
    "predict": Predict,
    "project": project,
    "refine_keypoints": RefineKeypoints,
    "rois_from_detections": rois_from_detections,
    "rois_from_poses": rois_from_poses,
    "second_look": second_look,
    "select_poses": select_poses,
    "smooth": PoseSmoother,
    "timeline": Timeline,
    "whole_roi": whole_roi,
}

# Options whose value `mediapipe` is a node of its own now.
_REMOVED = {
    "crop": "sampling",
    "project": "arithmetic",
    "rois_from_detections": "arithmetic",
    "rois_from_poses": "arithmetic",
}

# Names of the release before: to be deleted with the next one.
RENAMED = Renamed(
    uses={
        "cover": "mask_people",
        "expect": "predict",
        "lock": "follow",
        "search": "detection_schedule",
    },
    params={
        "detection_schedule.kept": "poses",
        "detection_schedule.longest": "max_interval",
        "detection_schedule.shortest": "min_interval",
        "free_rois.apart": "min_distance",
        "identify.alike": "duplicate_oks",
        "identify.fresh": "new",
        "identify.guard": "use_appearance",
        "identify.kept": "tracked",
        "merge_rois.apart": "min_distance",
        "smooth.remember": "keep_state_when_lost",
    },
    nodes={
        "again": ["second_look"],
        "alone": ["masked_new_crops"],
        "carry": ["next_rois"],
        "choose": ["free_rois", "new_rois", "first_rois"],
        "choose2": ["second_rois"],
        "cut": ["new_crops", "first_crops"],
        "cut2": ["second_crops"],
        "detect2": ["second_detect"],
        "expect": ["predict"],
        "follow": ["tracked_crops"],
        "follow.border": ["tracked_crops"],
        "follow.letterbox": ["tracked_crops"],
        "follow.model": ["tracked_crops"],
        "follow.size": ["tracked_crops"],
        "held": ["tracked_rois", "known_rois"],
        "keep": ["tracked_poses"],
        "landmarks": ["new_landmarks", "first_landmarks"],
        "lock": ["follow"],
        "look": ["search_crops", "tile_crops"],
        "marks2": ["second_landmarks"],
        "need": ["needs_detection"],
        "others": ["masked_crops"],
        "project": ["new_poses", "first_poses"],
        "project2": ["second_poses"],
        "regions": ["predicted_rois"],
        "search": ["detection_schedule", "frame_crop"],
        "start": ["detected_rois"],
        "start2": ["second_detected_rois"],
        "track": ["tracked_landmarks"],
        "wanted": ["new_rois"],
        "whole": ["frame_roi"],
    },
    removed={
        f"{prefix}{use}.{option}": f"for MediaPipe's {option} the node is 'mediapipe_{use}'"
        for use, option in _REMOVED.items()
        for prefix in ("", "mediapipe_")
    },
)
