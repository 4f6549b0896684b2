"""JSON Lines: one object per frame, also for frames without people."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from blazetrack.mask_rle import encode_mask
from blazetrack.sinks.base import TextSink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["JsonlSink", "to_record"]


class JsonlSink(TextSink):
    """A `.jsonl` file with the object of `to_record` on each line.

    Args:
        path: the file.
        skeleton: the keypoint set; named in each line whose poses have as many keypoints.
    """

    def __init__(self, path: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        super().__init__(path, skeleton)

    def text(self, frame: Frame, poses: Poses) -> str:
        fits = poses.landmarks_px.shape[1] == len(self.skeleton)
        record = to_record(frame, poses, self.skeleton if fits else None)
        return json.dumps(record, separators=(",", ":")) + "\n"


def to_record(frame: Frame, poses: Poses, skeleton: Skeleton | None = None) -> dict[str, Any]:
    """One frame as plain lists and numbers, with the name of the skeleton if it is given.

    `file` is there for a frame that was read from one, `mask` in the RLE of COCO for a person with
    a mask (pixels over 0.5). Rounded to their precision: pixels to 3 decimals, metres to 5,
    probabilities to 4, seconds to 6.
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
    people = [dict(zip(keys, person, strict=True)) for person in columns]
    if poses.masks is not None:
        for person, mask in zip(people, poses.masks, strict=True):
            person["mask"] = encode_mask(mask > 0.5)
    return {
        "frame": frame.index,
        "time_s": round(float(frame.time_s), 6),
        "width": frame.width,
        "height": frame.height,
        **({"file": frame.file} if frame.file else {}),
        **({} if skeleton is None else {"skeleton": skeleton.name}),
        "poses": people,
    }
