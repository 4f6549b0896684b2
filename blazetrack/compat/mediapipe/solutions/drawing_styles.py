"""Colours of pose landmarks: the person's left side orange, the right one cyan (BGR).

(mediapipe/python/solutions/drawing_styles.py)
"""

from __future__ import annotations

from typing import Any

from blazetrack.compat.mediapipe.solutions.drawing_utils import WHITE_COLOR, DrawingSpec
from blazetrack.compat.mediapipe.solutions.pose import PoseLandmark
from blazetrack.compat.names import missing

__all__ = ["get_default_pose_landmarks_style"]

_COLORS = {"LEFT": (0, 138, 255), "RIGHT": (231, 217, 0)}


def get_default_pose_landmarks_style() -> dict[PoseLandmark, DrawingSpec]:
    """Landmark → how it is drawn."""
    specs = {side: DrawingSpec(color=color) for side, color in _COLORS.items()}
    middle = DrawingSpec(color=WHITE_COLOR)
    return {
        one: next((spec for side, spec in specs.items() if side in one.name.split("_")), middle)
        for one in PoseLandmark
    }


def __getattr__(name: str) -> Any:
    raise missing("mediapipe.solutions.drawing_styles", name, __all__)
