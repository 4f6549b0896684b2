"""JSON Lines: one object per frame, every frame present."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from blazetrack.sinks.base import TextSink, check_finite
from blazetrack.types import Frame, Poses

__all__ = ["JsonlSink", "to_record"]


class JsonlSink(TextSink):
    """A `.jsonl` file with the object of `to_record` on each line."""

    def text(self, frame: Frame, poses: Poses) -> str:
        check_finite(self.name, frame, poses)
        return json.dumps(to_record(frame, poses), separators=(",", ":")) + "\n"


def to_record(frame: Frame, poses: Poses) -> dict[str, Any]:
    """One frame as plain lists and numbers.

    Rounded to what the numbers are worth: pixels to 3 decimals, metres to 5, probabilities to 4,
    seconds to 6.
    """
    columns = zip(
        poses.ids.tolist(),
        np.round(poses.scores, 4).tolist(),
        np.round(poses.landmarks_px, 3).tolist(),
        np.round(poses.visibility, 4).tolist(),
        np.round(poses.presence, 4).tolist(),
        np.round(poses.world_landmarks_m, 5).tolist(),
        strict=True,
    )
    keys = ("id", "score", "landmarks_px", "visibility", "presence", "world_landmarks_m")
    return {
        "frame": frame.index,
        "time_s": round(float(frame.time_s), 6),
        "width": frame.width,
        "height": frame.height,
        "poses": [dict(zip(keys, person, strict=True)) for person in columns],
    }
