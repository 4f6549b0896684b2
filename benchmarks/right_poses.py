"""Pictures and drawn crowds with labelled people, and which poses are right.

A pose is right if it has an OKS of at least 0.5 with a labelled person, over the labelled ones of
COCO's 17 keypoints; of drawn people over the visible ones or over all. The area of a person is 0.53
of the box. A wrong pose whose middle is in the box of a crowd, or of a person without labelled
keypoints, does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.tracking_metrics import BOX_TO_AREA
from blazetrack.errors import InputError
from blazetrack.metrics import oks
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.sources import open_source
from blazetrack.sources.images import list_pictures, read_picture
from blazetrack.synthetic import Truth
from blazetrack.types import Frame
from models.data.readers.coco import Annotation, read_coco

__all__ = [
    "MIN_OKS",
    "LabelledFrame",
    "People",
    "crowd_frames",
    "empty_pictures",
    "labelled_pictures",
    "pose_oks",
]

MIN_OKS = 0.5
FPS = 30

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Labelled people of a picture.

    Attributes:
        points_px: `(T, 17, 2)` float64, COCO's keypoints.
        labelled: `(T, 17)` bool.
        boxes_px: `(T, 4)` float64.
        ignored_px: `(I, 4)` float64, boxes of people without keypoints.
    """

    points_px: Float
    labelled: NDArray[np.bool_]
    boxes_px: Float
    ignored_px: Float

    @classmethod
    def none(cls) -> People:
        """No people."""
        return cls(
            np.zeros((0, 17, 2)), np.zeros((0, 17), bool), np.zeros((0, 4)), np.zeros((0, 4))
        )

    @property
    def extents_px(self) -> Float:
        """`(T + I, 4)` all boxes."""
        return np.concatenate([self.boxes_px, self.ignored_px])


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """A picture, or a frame of a clip, with its people.

    Attributes:
        frame: the picture.
        people: all of its people.
        clip: number of the clip; None for a single picture.
    """

    frame: Frame
    people: People
    clip: int | None = None


def pose_oks(points_px: Float, skeleton: Skeleton, people: People) -> Float:
    """`(N,)` highest OKS of each pose with a person; NaN where the pose does not count.

    Args:
        points_px: `(N, K, 2)`.
        skeleton: the K keypoints.
        people: of the picture.
    """
    here, there = np.array(skeleton.map_to(COCO17)).T
    poses = np.full((len(points_px), len(COCO17), 2), np.nan)
    poses[:, there] = points_px[:, here]
    common = np.isin(np.arange(len(COCO17)), there)
    count = len(people.points_px)
    best = np.zeros(len(poses))
    if count:
        size = people.boxes_px[:, 2:] - people.boxes_px[:, :2]
        area = BOX_TO_AREA * size.prod(axis=1)
        for row, pose in enumerate(poses):
            predicted = np.repeat(pose[None], count, axis=0)
            best[row] = oks(predicted, people.points_px, people.labelled & common, area).max()
    middle = np.median(poses[:, there], axis=1)[:, None]
    low, high = people.ignored_px[:, :2], people.ignored_px[:, 2:]
    ignored = ((middle >= low) & (middle <= high)).all(axis=-1).any(axis=-1)
    return np.where(ignored & (best < MIN_OKS), np.nan, best)


def labelled_pictures(labels: Path, step: int = 1) -> Iterator[LabelledFrame]:
    """Every `step`-th picture of a COCO file with all its people.

    Raises:
        InputError: the file is missing or broken.
        SourceError: a picture cannot be read.
    """
    file = read_coco(labels)
    by_picture: dict[int, list[Annotation]] = {number: [] for number in file.pictures}
    for one in file.annotations:
        by_picture[one.picture].append(one)
    for number in list(file.pictures)[::step]:
        people = _people(by_picture[number])
        yield LabelledFrame(Frame(read_picture(file.pictures[number])), people)


def empty_pictures(folder: Path) -> Iterator[LabelledFrame]:
    """The pictures of a folder, all without people."""
    for path in list_pictures(folder):
        yield LabelledFrame(Frame(read_picture(path)), People.none())


def crowd_frames(seeds: Sequence[int], seconds: float, fps: int = FPS) -> Iterator[LabelledFrame]:
    """All frames of clips of drawn people, as in `benchmarks.crowds`."""
    for seed in seeds:
        text = f"synthetic:crowd?people={2 + seed % 5}&seed={seed}&fps={fps}&size=1280x720"
        source: Any = open_source(f"{text}&frames={round(seconds * fps)}")  # with truth
        for frame in source:
            yield LabelledFrame(frame, _drawn(source.truth(frame.index)), seed)


def _people(annotations: Sequence[Annotation]) -> People:
    points = np.array([one.points_px for one in annotations], np.float64).reshape(-1, 17, 2)
    boxes = np.array([one.box_px for one in annotations], np.float64).reshape(-1, 4)
    labelled = np.isfinite(points).all(axis=2)
    usable = labelled.any(axis=1) & ~np.array([one.crowd for one in annotations], bool)
    if not np.isfinite(boxes).all():
        raise InputError("score: expected a box for every person of the labels, one has none")
    return People(np.nan_to_num(points[usable]), labelled[usable], boxes[usable], boxes[~usable])


def _drawn(truth: Truth) -> People:
    """Each drawn person twice: with the visible points, and with all of them."""
    ours, theirs = np.array(BLAZEPOSE33.map_to(COCO17)).T
    points = np.zeros((len(truth), len(COCO17), 2))
    points[:, theirs] = truth.landmarks_px[:, ours]
    visible = np.zeros((len(truth), len(COCO17)), bool)
    visible[:, theirs] = truth.visible[:, ours]
    low, high = truth.landmarks_px.min(axis=1), truth.landmarks_px.max(axis=1)
    boxes = np.concatenate([low, high], axis=1)
    twice = [np.concatenate([one, one]) for one in (points, boxes)]
    return People(
        twice[0], np.concatenate([visible, np.ones_like(visible)]), twice[1], np.zeros((0, 4))
    )
