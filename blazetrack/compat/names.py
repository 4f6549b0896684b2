"""What the drop-in has not, in one line each."""

from __future__ import annotations

from collections.abc import Iterable

from blazetrack.errors import MissingAttribute, did_you_mean

__all__ = ["OTHER_SOLUTIONS", "PAGE", "missing", "not_here"]

PAGE = "docs/from_mediapipe.md"

OTHER_SOLUTIONS = (
    "face_detection",
    "face_mesh",
    "face_mesh_connections",
    "hands",
    "hands_connections",
    "holistic",
    "objectron",
    "selfie_segmentation",
)
"""The modules of `mediapipe.solutions` (0.10.21) that are not about poses alone."""


def not_here(name: str) -> str:
    """The message for a solution other than pose, or for the Tasks."""
    if name == "tasks":
        return f"mediapipe: the Tasks are not in blazetrack; for PoseLandmarker see {PAGE}"
    return f"mediapipe: solutions.{name} is not in blazetrack, which has solutions.pose; see {PAGE}"


def missing(module: str, name: str, known: Iterable[str]) -> MissingAttribute:
    """The error for a name that a module of the drop-in does not have.

    Args:
        module: its name in MediaPipe, as `mediapipe.solutions.pose`.
        name: what was looked up.
        known: the public names that it has.
    """
    if module == "mediapipe.solutions" and name in OTHER_SOLUTIONS:
        return MissingAttribute(not_here(name))
    hint = did_you_mean(name, known)
    return MissingAttribute(f"{module}: blazetrack has no '{name}' there (see {PAGE}); {hint}")
