"""The drop-in for MediaPipe's package: `mp.solutions.pose` and what belongs to it.

    from blazetrack.compat import mediapipe as mp

Interface of mediapipe 0.10.21, the last release with `solutions` and weights.
"""

from __future__ import annotations

from typing import Any

from blazetrack.compat.mediapipe import solutions
from blazetrack.compat.names import missing

__all__ = ["__version__", "solutions"]

__version__ = "0.10.21"


def __getattr__(name: str) -> Any:
    raise missing("mediapipe", name, ["solutions"])
