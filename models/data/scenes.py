"""Whole pictures for the detector: who is in them, and where nobody knows.

A person is a head box, the alignment and the mid-shoulder. The head box is a square around the
middle of the head with half the radius of the person's circle as its side: measured on 443 COCO
people, the box of the published detector has little to do with the face's size either (its side
is 1.0 torso in the median, 10 % above 1.8 for small people), and boxes of a few pixels would not
overlap enough to be merged. People whom labels do not describe well enough, crowds, and what the
published detector finds besides the labels, become regions that count neither way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.skeleton import Skeleton
from blazetrack.sources.images import read_picture
from models.common.person_finder import Found
from models.data.lazy_sequence import Rows
from models.data.readers.coco import Annotation, CocoFile
from models.data.sample import PoseSample
from models.data.shards import Shards
from models.data.transforms.person_crop import alignment_from_points
from models.distill.agreement import EARS_UP_THE_HEAD

__all__ = [
    "BySource",
    "People",
    "PersonScenes",
    "PictureScenes",
    "Scene",
    "head_of",
    "person_of",
    "with_found",
]

Float = NDArray[np.float64]

HEAD_PER_RADIUS = 0.5
# The same head part counts once, however many of its points a data set has.
HEAD_PARTS = (
    ("nose",),
    ("left_eye", "right_eye"),
    ("left_ear", "right_ear"),
)
# A finding is a labelled person if the middles of the heads are this near, in sides of the larger
# box, or the mid-hips, in radii of the larger circle.
SAME_HEAD, SAME_HIPS = 0.75, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """N people in a picture.

    Attributes:
        heads_px: `(N, 4)` float64, x0 y0 x1 y1.
        alignment_px: `(N, 2, 2)` float64: mid-hip, and the point on the circle above the head.
        shoulders_px: `(N, 2)` float64: mid-shoulder.
    """

    heads_px: Float
    alignment_px: Float
    shoulders_px: Float

    def __len__(self) -> int:
        return len(self.heads_px)

    @classmethod
    def none(cls) -> People:
        """Nobody."""
        return cls(np.zeros((0, 4)), np.zeros((0, 2, 2)), np.zeros((0, 2)))

    @classmethod
    def joined(cls, parts: Sequence[People]) -> People:
        """All of several groups."""
        if not parts:
            return cls.none()
        return cls(
            np.concatenate([part.heads_px for part in parts]),
            np.concatenate([part.alignment_px for part in parts]),
            np.concatenate([part.shoulders_px for part in parts]),
        )

    def take(self, rows: Any) -> People:
        """The people at `rows`."""
        return People(self.heads_px[rows], self.alignment_px[rows], self.shoulders_px[rows])

    @property
    def diameters_px(self) -> Float:
        """`(N,)`, of their circles: about how tall they stand."""
        center, rim = self.alignment_px[:, 0], self.alignment_px[:, 1]
        diameters: Float = 2 * np.hypot(*(rim - center).T)
        return diameters


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture with its people.

    Attributes:
        image: `(H, W, 3)` uint8, RGB.
        people: who is labelled.
        ignore_px: `(M, 4)` float64, x0 y0 x1 y1: what the detector says there counts neither way.
    """

    image: NDArray[np.uint8]
    people: People
    ignore_px: Float


def head_of(
    points_px: NDArray[np.floating], labelled: NDArray[np.bool_], skeleton: Skeleton
) -> Float | None:
    """`(2,)` the middle of the head: between eyes, ears and nose, or up the line from the neck.

    Args:
        points_px: `(K, 2)` or `(K, 3)`.
        labelled: `(K,)` bool.
        skeleton: what the K rows are.
    """
    names = skeleton.names

    def middle(wanted: Sequence[str]) -> Float | None:
        rows = [names.index(name) for name in wanted if name in names]
        rows = [row for row in rows if labelled[row]]
        return points_px[rows, :2].astype(np.float64).mean(axis=0) if rows else None

    parts = [place for part in HEAD_PARTS if (place := middle(part)) is not None]
    if parts:
        mean: Float = np.mean(parts, axis=0)
        return mean
    neck, top = middle(["neck"]), middle(["head_top"])
    if neck is None or top is None:
        return None
    return neck + EARS_UP_THE_HEAD * (top - neck)


def person_of(sample: PoseSample, taught: PoseSample | None = None) -> People:
    """The person of a sample as one row; none where head, shoulders or hips are not known.

    Args:
        sample: the labels of people.
        taught: the same person with a teacher's labels, in `blazepose33`.
    """
    for labels in (taught, sample):
        if labels is not None and (found := _person(labels, sample)) is not None:
            return found
    return People.none()


def _person(labels: PoseSample, sample: PoseSample) -> People | None:
    torso = labels.skeleton.torso
    if torso is None or not labels.labelled[list(torso)].all():
        return None
    head = head_of(labels.points_px, labels.labelled, labels.skeleton)
    if head is None:
        head = head_of(sample.points_px, sample.labelled, sample.skeleton)
    if head is None:
        return None
    shoulders = labels.points_px[list(torso[:2]), :2].astype(np.float64).mean(axis=0)
    alignment = labels.alignment_px.astype(np.float64)
    half = 0.5 * HEAD_PER_RADIUS * float(np.hypot(*(alignment[1] - alignment[0])))
    box = np.concatenate([head - half, head + half])
    return People(box[None], alignment[None], shoulders[None])


class PersonScenes(Rows[Scene]):
    """Pictures of one labelled person each, such as LSPET's and the drawn ones.

    Args:
        samples: of any skeleton.
        taught: the same people with a teacher's labels, by `source`. A picture whose person is
            not known well enough is ignored as a whole; `pack_scenes` leaves it out.
    """

    def __init__(
        self, samples: Sequence[PoseSample], taught: Mapping[str, PoseSample] | None = None
    ) -> None:
        self._samples, self._taught = samples, taught or {}

    def __len__(self) -> int:
        return len(self._samples)

    def row(self, index: int) -> Scene:
        sample = self._samples[index]
        people = person_of(sample, self._taught.get(sample.source))
        height, width = sample.image.shape[:2]
        whole = np.array([[0, 0, width, height]], np.float64)
        return Scene(sample.image, people, whole if not len(people) else np.zeros((0, 4)))


class PictureScenes(Rows[Scene]):
    """The pictures of a COCO file with all their people.

    Args:
        file: its annotations.
        taught: people with a teacher's labels, by `source`.
    """

    def __init__(self, file: CocoFile, taught: Mapping[str, PoseSample] | None = None) -> None:
        self._skeleton, self._taught = file.skeleton, taught or {}
        self._paths: list[Path] = list(file.pictures.values())
        by_picture: dict[int, list[Annotation]] = {number: [] for number in file.pictures}
        for found in file.annotations:
            by_picture[found.picture].append(found)
        self._annotations = list(by_picture.values())

    def __len__(self) -> int:
        return len(self._paths)

    def row(self, index: int) -> Scene:
        image = read_picture(self._paths[index])
        people, ignore = [], []
        for found in self._annotations[index]:
            person = self._person(found, image)
            if len(person):
                people.append(person)
            else:
                ignore.append(_around(found))
        return Scene(image, People.joined(people), _boxes(ignore))

    def _person(self, found: Annotation, image: NDArray[np.uint8]) -> People:
        if found.crowd:
            return People.none()
        known = found.keypoints[:, 2] > 0
        points = np.where(known[:, None], found.keypoints, np.nan).astype(np.float32)
        points[:, 2] = np.nan
        alignment = alignment_from_points(points, known.astype(np.float32), self._skeleton)
        if alignment is None:
            return People.none()
        unknown = np.full(len(points), np.nan, np.float32)
        sample = PoseSample(
            image=image,
            skeleton=self._skeleton,
            points_px=points,
            visibility=unknown,
            weights=known.astype(np.float32),
            world_m=np.full_like(points, np.nan),
            alignment_px=alignment,
            source=found.source,
        )
        return person_of(sample, self._taught.get(found.source))


def _around(found: Annotation) -> Float:
    """The box of a person whose labels are too few."""
    known = found.keypoints[found.keypoints[:, 2] > 0, :2].astype(np.float64)
    corners = np.concatenate([found.box_px.reshape(2, 2), known])
    corners = corners[np.isfinite(corners).all(axis=1)]
    if not len(corners):
        return np.full(4, np.nan)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def _boxes(boxes: Sequence[Float]) -> Float:
    stacked = np.array(boxes, np.float64).reshape(-1, 4)
    return stacked[np.isfinite(stacked).all(axis=1)]


def with_found(scene: Scene, found: Found) -> Scene:
    """The scene that also ignores people whom a detector found and nobody labelled."""
    people = scene.people
    ours = _same(found.boxes_px, people.heads_px, SAME_HEAD)
    theirs, mine = (_around_circle(a) for a in (found.alignment_px, people.alignment_px))
    ours |= _same(theirs, mine, 0.5 * SAME_HIPS)
    return replace(scene, ignore_px=np.concatenate([scene.ignore_px, found.boxes_px[~ours]]))


def _same(boxes: Float, known: Float, near: float) -> NDArray[np.bool_]:
    """`(F,)` which boxes have a known one whose middle is nearer than so many larger sides."""
    apart = boxes.reshape(-1, 1, 2, 2).mean(axis=2) - known.reshape(1, -1, 2, 2).mean(axis=2)
    side = np.maximum((boxes[:, 2] - boxes[:, 0])[:, None], known[:, 2] - known[:, 0])
    same: NDArray[np.bool_] = (np.hypot(apart[..., 0], apart[..., 1]) < near * side).any(axis=1)
    return same


def _around_circle(alignment_px: Float) -> Float:
    center, rim = alignment_px[:, 0], alignment_px[:, 1]
    radius = np.hypot(*(rim - center).T)[:, None]
    return np.concatenate([center - radius, center + radius], axis=1)


class BySource(Mapping[str, PoseSample]):
    """Samples of a pack by their `source`; decoded when they are asked for."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._rows = {source: row for row, source in enumerate(shards.sources)}

    def __getitem__(self, source: str) -> PoseSample:
        return self._shards[self._rows[source]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
