"""Person detection on whole pictures, in four orientations where people may be upside down."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Crop
from blazetrack.align.roi import whole_roi
from blazetrack.backends import FileModel, Model
from blazetrack.detect.detector import Detector
from blazetrack.geometry import apply
from blazetrack.store import Store
from blazetrack.types import Frame, Rows, rows

__all__ = ["FoundPeople", "PersonFinder", "fits", "people_found"]

Float = NDArray[np.float64]

# Detections whose centres are nearer than this part of the larger circle's radius are one person.
SAME_PERSON = 0.5
# Limits of a correct detection (the project's own rule, for all detectors).
NEAR_TORSOS, SIZE_FACTOR, WITHIN_DEG = 0.5, 1.6, 30.0


@dataclass(frozen=True, slots=True, eq=False)
class FoundPeople(Rows):
    """N detected people in one picture, best first.

    Attributes:
        boxes_px: `(N, 4)` float64, x0 y0 x1 y1 of the heads.
        alignment_px: `(N, 2, 2)` float64: mid-hip, and the point on the circle above the head.
        shoulders_px: `(N, 2)` float64: mid-shoulder.
        scores: `(N,)` float64.
    """

    boxes_px: Float = field(metadata=rows(4))
    alignment_px: Float = field(metadata=rows(2, 2))
    shoulders_px: Float = field(metadata=rows(2))
    scores: Float = field(metadata=rows())


class PersonFinder:
    """A detector as the pipeline runs it on a whole picture.

    Args:
        model: a detector whose first three points are mid-hip, circle and mid-shoulder.
        min_score, min_iou: see `Detector`.
    """

    def __init__(self, model: Model, min_score: float = 0.5, min_iou: float = 0.3) -> None:
        self._crop = Crop(model)
        self._detector = Detector(model, min_score, min_iou)

    @classmethod
    def published(
        cls, min_score: float = 0.5, *, store: Store | None = None, threads: int | None = 1
    ) -> PersonFinder:
        """The published `pose_detector`."""
        store = store or Store()
        found = store.find("pose_detector")
        model = FileModel(found.info, partial(store.variant, found), threads=threads)
        return cls(model, min_score)

    def find(self, image: NDArray[np.uint8]) -> FoundPeople:
        """People in `(H, W, 3)` uint8."""
        frame = Frame(image)
        crops = self._crop(frame, whole_roi(frame))
        found = self._detector(crops)
        height, width = crops.pixels.shape[1:3]
        corners = found.boxes_unit.reshape(-1, 2, 2)
        unit = np.concatenate([corners, found.keypoints_unit[:, :3]], axis=1).astype(np.float64)
        points = apply(crops.to_image[found.row], unit * np.array([width, height]))
        return FoundPeople(
            points[:, :2].reshape(-1, 4), points[:, 2:4], points[:, 4], found.scores.astype(float)
        )

    def find_turned(self, image: NDArray[np.uint8]) -> FoundPeople:
        """People in the picture as it is, rotated by quarter turns; each once."""
        height, width = image.shape[:2]
        parts = []
        for quarters in range(4):
            found = self.find(np.ascontiguousarray(np.rot90(image, quarters)))
            parts.append(_turned_back(found, quarters, (width, height)))
        found = FoundPeople.joined(parts)
        return _each_once(found.take(np.argsort(-found.scores, kind="stable")))


def _turned_back(found: FoundPeople, quarters: int, image_wh: tuple[int, int]) -> FoundPeople:
    """Detections in `np.rot90(image, quarters)`, in pixels of the image."""
    right, bottom = image_wh[0] - 1.0, image_wh[1] - 1.0
    affine = np.array(
        [
            [[1, 0, 0], [0, 1, 0]],
            [[0, -1, right], [1, 0, 0]],
            [[-1, 0, right], [0, -1, bottom]],
            [[0, 1, 0], [-1, 0, bottom]],
        ],
        np.float64,
    )[quarters]
    corners = apply(affine, found.boxes_px.reshape(-1, 2, 2))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    alignment = apply(affine, found.alignment_px)
    return FoundPeople(boxes, alignment, apply(affine, found.shoulders_px), found.scores)


def _each_once(found: FoundPeople) -> FoundPeople:
    center, rim = found.alignment_px[:, 0], found.alignment_px[:, 1]
    radius = np.hypot(*(rim - center).T)
    kept: list[int] = []
    for row in range(len(found)):
        apart = np.hypot(*(center[kept] - center[row]).T)
        if not (apart < SAME_PERSON * np.maximum(radius[kept], radius[row])).any():
            kept.append(row)
    return found.take(kept)


def fits(
    found_alignment: Float, truth_alignment: NDArray[np.floating], torso_px: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """`(F, T)` bool: the detection is a correct start for tracking the person.

    The centre is within 0.5 torso, the circle's size within a factor of 1.6, its angle within 30°.

    Args:
        found_alignment: `(F, 2, 2)` px: mid-hip, and the point on the circle above the head.
        truth_alignment: `(T, 2, 2)` px.
        torso_px: `(T,)`, see `blazetrack.metrics.torso_size`.
    """
    apart = found_alignment[:, None, 0] - truth_alignment[None, :, 0]
    near = np.hypot(*np.moveaxis(apart, -1, 0)) <= NEAR_TORSOS * torso_px
    found, truth = (ends[:, 1] - ends[:, 0] for ends in (found_alignment, truth_alignment))
    sizes = [np.maximum(np.hypot(*ways.T), 1e-9) for ways in (found, truth)]
    alike = np.abs(np.log(sizes[0][:, None] / sizes[1])) <= np.log(SIZE_FACTOR)
    turned = np.arctan2(found[:, 0], -found[:, 1])[:, None] - np.arctan2(truth[:, 0], -truth[:, 1])
    upright = np.abs((turned + np.pi) % (2 * np.pi) - np.pi) <= np.radians(WITHIN_DEG)
    fit: NDArray[np.bool_] = near & alike & upright
    return fit


def people_found(
    found_alignment: Float, truth_alignment: NDArray[np.floating], torso_px: NDArray[np.floating]
) -> NDArray[np.int64]:
    """`(F,)` the person of each detection, -1 for none; a person has at most one detection.

    Args: see `fits`; detections come best score first, and each takes the nearest free person.
    """
    apart = found_alignment[:, None, 0] - truth_alignment[None, :, 0]
    distance = np.hypot(*np.moveaxis(apart, -1, 0))
    distance[~fits(found_alignment, truth_alignment, torso_px)] = np.inf
    of = np.full(len(distance), -1, np.int64)
    for row in range(len(distance)):
        if np.isfinite(distance[row]).any():
            of[row] = distance[row].argmin()
            distance[:, of[row]] = np.inf
    return of
