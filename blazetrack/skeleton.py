"""Keypoint sets by name: names, edges to draw, left/right partners, index maps.

One description, many readers: drawing, flips, metrics, CSV headers and data sets read it here.
"""

from __future__ import annotations

from collections.abc import Sequence

from blazetrack.errors import InputError, did_you_mean
from blazetrack.types import Skeleton

__all__ = ["BLAZEPOSE33", "COCO17", "LSP14", "MPII16", "SKELETONS", "Skeleton", "get_skeleton"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _edges(names: Sequence[str], pairs: str) -> tuple[tuple[int, int], ...]:
    split = [pair.split("-") for pair in pairs.split()]
    return tuple((names.index(a), names.index(b)) for a, b in split)


_BODY = (
    "left_shoulder-right_shoulder left_shoulder-left_elbow left_elbow-left_wrist "
    "right_shoulder-right_elbow right_elbow-right_wrist left_shoulder-left_hip "
    "right_shoulder-right_hip left_hip-right_hip left_hip-left_knee left_knee-left_ankle "
    "right_hip-right_knee right_knee-right_ankle "
)

# Order of the published BlazePose landmark model (mediapipe/python/solutions/pose.py).
_BLAZEPOSE = _words(
    """
    nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer
    left_ear right_ear mouth_left mouth_right left_shoulder right_shoulder left_elbow
    right_elbow left_wrist right_wrist left_pinky right_pinky left_index right_index
    left_thumb right_thumb left_hip right_hip left_knee right_knee left_ankle right_ankle
    left_heel right_heel left_foot_index right_foot_index
    """
)
BLAZEPOSE33 = Skeleton(
    "blazepose33",
    _BLAZEPOSE,
    _edges(
        _BLAZEPOSE,
        _BODY
        + "nose-left_eye_inner left_eye_inner-left_eye left_eye-left_eye_outer "
        + "left_eye_outer-left_ear nose-right_eye_inner right_eye_inner-right_eye "
        + "right_eye-right_eye_outer right_eye_outer-right_ear mouth_left-mouth_right "
        + "left_wrist-left_pinky left_wrist-left_index left_wrist-left_thumb "
        + "left_pinky-left_index right_wrist-right_pinky right_wrist-right_index "
        + "right_wrist-right_thumb right_pinky-right_index left_ankle-left_heel "
        + "left_heel-left_foot_index left_ankle-left_foot_index right_ankle-right_heel "
        + "right_heel-right_foot_index right_ankle-right_foot_index",
    ),
    (11, 12, 23, 24),
)

_COCO = _words(
    """
    nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow
    right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle
    right_ankle
    """
)
COCO17 = Skeleton(
    "coco17",
    _COCO,
    _edges(_COCO, _BODY + "nose-left_eye nose-right_eye left_eye-left_ear right_eye-right_ear"),
    (5, 6, 11, 12),
)

_LSP = _words(
    """
    right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow
    right_shoulder left_shoulder left_elbow left_wrist neck head_top
    """
)
LSP14 = Skeleton("lsp14", _LSP, _edges(_LSP, _BODY + "neck-head_top"), (9, 8, 3, 2))

_MPII = _words(
    """
    right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax neck head_top
    right_wrist right_elbow right_shoulder left_shoulder left_elbow left_wrist
    """
)
MPII16 = Skeleton(
    "mpii16",
    _MPII,
    _edges(_MPII, _BODY + "pelvis-thorax thorax-neck neck-head_top"),
    (13, 12, 3, 2),
)

SKELETONS = {s.name: s for s in (BLAZEPOSE33, COCO17, LSP14, MPII16)}


def get_skeleton(name: str) -> Skeleton:
    """The keypoint set called `name`; `InputError` with the nearest name where there is none."""
    if name not in SKELETONS:
        raise InputError(f"no skeleton '{name}'; {did_you_mean(name, SKELETONS)}")
    return SKELETONS[name]
