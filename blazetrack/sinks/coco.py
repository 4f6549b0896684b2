"""COCO keypoint results, as `pycocotools` loads them: one list of people in JSON."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import PurePath

import numpy as np

from blazetrack.errors import SinkError
from blazetrack.results import to_coco
from blazetrack.sinks.base import TextSink
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["CocoSink", "image_id"]


class CocoSink(TextSink):
    """A `.json` file: the 17 keypoints of COCO of every person, with visibility and score.

    Besides the keys of COCO each person has its id as `track_id`, and of a frame from a file
    `file_name`; frames without people have no entry.

    Args:
        path: the file.
        skeleton: keypoint set of the poses.

    Raises:
        SinkError: not allowed to write, or the keypoint set lacks one of COCO's.
    """

    def __init__(self, path: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        if lacking := [name for name in COCO17.names if name not in skeleton.names]:
            raise SinkError(
                f"{os.fspath(path)}: expected the keypoints of COCO, got skeleton {skeleton.name} "
                f"without {', '.join(lacking[:4])}; write a .csv or .jsonl"
            )
        super().__init__(path, skeleton)
        self._is_empty = True
        self._images: dict[int, str] = {}

    def head(self) -> str:
        return "["

    def tail(self) -> str:
        return "\n]\n"

    def text(self, frame: Frame, poses: Poses) -> str:
        self.check_keypoints(poses)
        number = image_id(frame)
        self._warn_where_taken(number, frame)
        rounded = replace(
            poses,
            landmarks_px=np.round(poses.landmarks_px, 3),
            visibility=np.round(poses.visibility, 4),
            scores=np.round(poses.scores, 4),
            skeleton=self.skeleton,
        )
        lines = []
        for person, track_id in zip(to_coco(rounded, number), poses.ids.tolist(), strict=True):
            name = {"file_name": PurePath(frame.file).name} if frame.file else {}
            record = person | {"track_id": track_id} | name
            comma = "" if self._is_empty else ","
            lines.append(f"{comma}\n{json.dumps(record, separators=(',', ':'))}")
            self._is_empty = False
        return "".join(lines)

    def _warn_where_taken(self, number: int, frame: Frame) -> None:
        if not frame.still:
            return
        other = self._images.setdefault(number, frame.file)
        if other != frame.file and not self.warnings:
            self.warnings.append(
                f"{self.name}: image_id {number} stands for {other} and {frame.file}; name all "
                "pictures by numbers, or none"
            )


def image_id(frame: Frame) -> int:
    """The number in a picture's name, as in `000000000139.jpg`; else the number of the frame."""
    stem = PurePath(frame.file).stem
    return int(stem) if frame.still and stem.isdecimal() and len(stem) <= 18 else frame.index
