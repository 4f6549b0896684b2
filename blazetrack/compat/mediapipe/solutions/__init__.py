"""`mp.solutions`: pose, and the drawing of landmarks."""

from __future__ import annotations

from typing import Any

from blazetrack.compat.finder import import_installed_solution
from blazetrack.compat.mediapipe.solutions import (
    drawing_styles,
    drawing_utils,
    pose,
    pose_connections,
)
from blazetrack.compat.names import OTHER_SOLUTIONS, missing

__all__ = ["drawing_styles", "drawing_utils", "pose", "pose_connections"]


def __getattr__(name: str) -> Any:
    if name in OTHER_SOLUTIONS and (module := import_installed_solution(name)) is not None:
        return module
    raise missing("mediapipe.solutions", name, __all__)
