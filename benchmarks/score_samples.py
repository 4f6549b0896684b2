"""Poses to fit the coefficients of a score to, in right and in wrong regions.

Of every picture: the regions of its detections, and those that follow from the poses in them. Wrong
poses come from the best detection turned by 90°, 180° and 270°, and moved, resized and turned at
random, from a region anywhere in the picture, and from detections in the largest part of the
picture without people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.right_poses import MIN_OKS, LabelledFrame, People, pose_oks
from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.align.roi import free_rois, rois_from_detections, rois_from_poses, whole_roi
from blazetrack.backends.model import FileModel
from blazetrack.detect.detector import Detector
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.tracking.landmarks import Landmarker
from blazetrack.tracking.pose_score import pose_features
from blazetrack.types import Frame, Poses, Rois

__all__ = ["Looker", "Samples", "free_part", "sample_poses"]

Float = NDArray[np.float64]

MAX_PEOPLE = 6
MIN_DETECTION, MIN_PRESENCE = 0.2, 0.1  # as in the graph `pose_image`
MIN_PART_PX = 96
MAX_BOXES = 12  # in a picture with more people than this no part without people is searched
# Weight of poses that the pipeline does not give: in provoked wrong regions, and those that it
# drops for the network's own score.
PROVOKED = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Features of N poses.

    Attributes:
        features: `(N, F)` float64, in the order of `SCORE_FEATURES`.
        right: `(N,)` bool.
        weights: `(N,)` float64.
        usual: `(N,)` bool, poses as the pipeline gives them.
    """

    features: Float
    right: NDArray[np.bool_]
    weights: Float
    usual: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Iterable[Samples]) -> Samples:
        """The poses of all parts."""
        parts = list(parts)
        columns = [[getattr(part, one.name) for part in parts] for one in fields(cls)]
        return cls(*map(np.concatenate, columns))


class Looker:
    """Detector and landmark network by name or file, run in any region.

    Args:
        model: the landmark model.
        detector: None is the model's own.
        threads: of each network.
    """

    def __init__(self, model: str, detector: str | None = None, threads: int = 1) -> None:
        store = Store()
        stored = store.find(model)
        finder = store.find(detector or stored.detector or "pose_detector")
        self._models = [
            FileModel(one.info, partial(store.variant, one), "auto", threads)
            for one in (stored, finder)
        ]
        landmarks, detection = self._models
        self.skeleton = stored.info.skeleton or BLAZEPOSE33
        self.coefficients = stored.info.score_coefficients
        self._crop, self._landmarks = Crop(landmarks), Landmarker(landmarks, min_score=-1.0)
        self._whole_crop, self._detect = Crop(detection), Detector(detection, MIN_DETECTION)

    def detections(self, frame: Frame) -> Rois:
        """Regions of the detected people, best first."""
        whole = self._whole_crop(frame, whole_roi(frame))
        new = rois_from_detections(self._detect(whole), whole)
        return free_rois(new, max_people=MAX_PEOPLE)

    def poses(self, frame: Frame, rois: Rois) -> tuple[Poses, Float]:
        """The pose in each region, with the network's score, and features `(N, F)`."""
        crops = self._crop(frame, rois)
        landmarks = self._landmarks(crops)
        hw = crops.pixels.shape[1:3]
        return project(landmarks, crops), pose_features(landmarks, hw, self.skeleton)

    def close(self) -> None:
        """Close both models."""
        for model in self._models:
            model.close()


def sample_poses(
    looker: Looker, pictures: Iterable[LabelledFrame], weight: float = 1.0, *, provoke: bool = True
) -> Iterator[Samples]:
    """Samples of each picture.

    Args:
        looker: the networks.
        pictures: for training.
        weight: of the poses.
        provoke: also look in wrong regions and in the part without people.
    """
    rng = np.random.default_rng(1)
    for picture in pictures:
        frame, people = picture.frame, picture.people
        rois = looker.detections(frame)
        yield from _follow(looker, frame, rois, people, weight)
        if not provoke:
            continue
        for wrong in _wrong_regions(frame, rois.take(slice(1)), rng):
            yield _samples(looker, frame, wrong, people, weight * PROVOKED, usual=False)[0]
        part = free_part(frame, people)
        if part is not None:
            yield from _follow(looker, part, looker.detections(part), People.none(), weight)


def free_part(frame: Frame, people: People) -> Frame | None:
    """The largest upright part of a picture without people; None where there is hardly one."""
    boxes = people.extents_px
    if len(boxes) > MAX_BOXES:
        return None
    margin = 3.0
    low, high = boxes[:, :2] - margin, boxes[:, 2:] + margin
    edges = [
        np.unique(np.clip([0, size, *low[:, axis], *high[:, axis]], 0, size).astype(int))
        for axis, size in enumerate((frame.width, frame.height))
    ]
    spans = [
        [(a, b) for i, a in enumerate(one) for b in one[i + 1 :] if b - a >= MIN_PART_PX]
        for one in edges
    ]
    best, largest = None, 0
    for (x0, x1), (y0, y1) in product(*spans):
        area = (x1 - x0) * (y1 - y0)
        inside = (low < (x1, y1)) & (high > (x0, y0))
        if area > largest and not inside.all(axis=1).any():
            best, largest = (x0, y0, x1, y1), area
    if best is None:
        return None
    x0, y0, x1, y1 = best
    return Frame(np.ascontiguousarray(frame.image[y0:y1, x0:x1]))


def _follow(
    looker: Looker, frame: Frame, rois: Rois, people: People, weight: float
) -> Iterator[Samples]:
    """Samples of regions, and of the regions that follow from the poses in them."""
    if len(rois):
        found, poses = _samples(looker, frame, rois, people, weight, usual=True)
        yield found
        next_rois = rois_from_poses(poses, frame)
        if len(next_rois):
            yield _samples(looker, frame, next_rois, people, weight, usual=True)[0]


def _wrong_regions(frame: Frame, best: Rois, rng: np.random.Generator) -> Iterator[Rois]:
    if len(best):
        for quarter in (1, 2, 3):
            yield replace(best, angle_rad=best.angle_rad + quarter * np.pi / 2)
        yield replace(
            best,
            center_px=best.center_px + rng.normal(0.0, 0.3, (1, 2)) * best.side_px[:, None],
            size_px=best.size_px * np.exp(rng.normal(0.0, 0.4)),
            angle_rad=best.angle_rad + rng.normal(0.0, 0.5, 1),
        )
    side = rng.uniform(0.2, 0.9) * min(frame.width, frame.height)
    center = rng.uniform(0.0, 1.0, (1, 2)) * (frame.width, frame.height)
    angle = rng.uniform(-0.5, 0.5, 1)
    yield Rois(center, np.full((1, 2), side), angle, np.zeros(1, np.int64))


def _samples(
    looker: Looker, frame: Frame, rois: Rois, people: People, weight: float, *, usual: bool
) -> tuple[Samples, Poses]:
    poses, features = looker.poses(frame, rois)
    similarity = pose_oks(poses.landmarks_px[..., :2], looker.skeleton, people)
    present = poses.scores > MIN_PRESENCE
    samples = Samples(
        features,
        similarity >= MIN_OKS,
        np.where(present, weight, weight * PROVOKED),
        present & usual,
    )
    counts = np.isfinite(similarity) & np.isfinite(features).all(axis=1)
    kept = [getattr(samples, one.name)[counts] for one in fields(Samples)]
    return Samples(*kept), poses
