"""`mp.solutions`: pose, and the drawing of landmarks."""

from __future__ import annotations

from typing import Any

from blazetrack.compat.mediapipe.solutions import (
    drawing_styles,
    drawing_utils,
    pose,
    pose_connections,
)
from blazetrack.compat.names import missing

__all__ = ["drawing_styles", "drawing_utils", "pose", "pose_connections"]


def __getattr__(name: str) -> Any:
    raise missing("mediapipe.solutions", name, __all__)
