"""Real-time, on-device pose tracking: one picture goes in, people come out.

    from blazetrack import PoseTracker, open_source

    with PoseTracker("full") as tracker:
        for frame in open_source("clip.mp4"):
            poses = tracker(frame)

Nothing heavy is loaded until a name below is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from blazetrack._version import __version__

if TYPE_CHECKING:
    from blazetrack.angles import joint_angles
    from blazetrack.errors import BlazetrackError
    from blazetrack.pipeline import PoseTracker, track
    from blazetrack.render import draw_poses
    from blazetrack.sinks import open_sink
    from blazetrack.skeleton import Skeleton, get_skeleton
    from blazetrack.sources import open_source
    from blazetrack.types import Frame, Poses

__all__ = [
    "BlazetrackError",
    "Frame",
    "PoseTracker",
    "Poses",
    "Skeleton",
    "__version__",
    "draw_poses",
    "get_skeleton",
    "joint_angles",
    "open_sink",
    "open_source",
    "track",
]

_HOME = {
    "BlazetrackError": "errors",
    "Frame": "types",
    "PoseTracker": "pipeline",
    "Poses": "types",
    "Skeleton": "skeleton",
    "draw_poses": "render",
    "get_skeleton": "skeleton",
    "joint_angles": "angles",
    "open_sink": "sinks",
    "open_source": "sources",
    "track": "pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'blazetrack' has no attribute '{name}'")
    try:
        value = getattr(import_module(f"blazetrack.{_HOME[name]}"), name)
    except ImportError as error:
        from blazetrack.common.opencv import explain

        if (problem := explain(error)) is None:
            raise
        raise problem from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
