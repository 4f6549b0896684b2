"""The other path to the same modules: `mediapipe.python.solutions`."""

from __future__ import annotations

from blazetrack.compat.mediapipe import solutions

__all__ = ["solutions"]
