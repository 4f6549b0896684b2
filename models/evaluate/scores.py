"""PCK, PCKh, PDJ, PCP and OKS of a landmark model on aligned crops.

Models run through the runtime's own code (`Crop`, `Landmarker`, `project`), so that the scores are
those of the model in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.backends import Model
from blazetrack.errors import InputError
from blazetrack.metrics import mean_of, oks, pck, pcp, pdj, torso_size
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.tracking.landmarks import Landmarker
from blazetrack.tracking.refine_keypoints import KeypointRois, RefineKeypoints
from blazetrack.types import Frame
from models.data.annotated import AnnotatedImage
from models.data.body_measures import TORSO_PER_RADIUS
from models.data.transforms.person_crop import region

__all__ = [
    "PDJ_THRESHOLDS",
    "GroundTruth",
    "LandmarkScores",
    "Predictions",
    "ground_truth",
    "in_skeleton",
    "predict_crops",
    "score_landmarks",
    "torso_sizes",
]

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]

# In parts of the torso; the mean over them is the area under the curve.
PDJ_THRESHOLDS = np.round(np.arange(0.05, 0.501, 0.05), 2)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Keypoints of M people by a model.

    Attributes:
        skeleton: the K keypoints.
        points_px: `(M, K, 2)` float64, NaN for people who are not found.
        scores: `(M,)` float64 in 0..1, NaN if unknown.
    """

    skeleton: Skeleton
    points_px: Float
    scores: Float

    def above(self, min_score: float) -> Predictions:
        """The same, without people whose score is not above `min_score`."""
        found = np.nan_to_num(self.scores, nan=1.0) > min_score
        points = np.where(found[:, None, None], self.points_px, np.nan)
        return Predictions(self.skeleton, points, self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """Labels of M people.

    Attributes:
        skeleton: the K keypoints.
        points_px: `(M, K, 2)` float64; undefined where not labelled.
        labelled: `(M, K)` bool.
        radius_px: `(M,)` float64, of their circles: unit of length for skeletons without torso.
    """

    skeleton: Skeleton
    points_px: Float
    labelled: Mask
    radius_px: Float | None = None


@dataclass(frozen=True, slots=True)
class LandmarkScores:
    """Scores of a model; None where the labels do not suffice.

    Attributes:
        people: number of people.
        found: share with a score above the minimum.
        measured: number of people with a fully labelled torso, which PCK needs.
        pck: share of keypoints within 0.2 of the torso.
        pckh: share within 0.5 of the head.
        pdj: mean of PCK over 0.05, 0.10 … 0.50 of the torso.
        pcp: share of limbs with both ends within half their length.
        oks: mean object keypoint similarity; the area is that of the box around the labels.
        joints: `pck` per keypoint.
        pdj_at_02: share within 0.2 of the torso's diameter, from left shoulder to right hip
            (PDJ of arXiv 1312.4659, section 4.1).
    """

    people: int
    found: float
    measured: int
    pck: float | None
    pckh: float | None
    pdj: float | None
    pcp: float | None
    oks: float | None
    joints: dict[str, float]
    pdj_at_02: float | None = None


def predict_crops(
    model: Model,
    samples: Sequence[AnnotatedImage],
    refine: bool = True,
    refinement: Model | None = None,
) -> Predictions:
    """Run a model on the aligned crop of each sample, without a minimum score.

    Args:
        model: a landmark model.
        samples: M people with their alignment.
        refine: refine landmarks by the heatmap, if the model has one.
        refinement: a refinement model for the next stage, as in the graph `pose_cascade`.
    """
    skeleton = model.info.skeleton or BLAZEPOSE33
    crop, landmarks = Crop(model), Landmarker(model, -1.0, None if refine else False)
    points = np.full((len(samples), len(skeleton), 2), np.nan)
    scores = np.full(len(samples), np.nan)
    for i, sample in enumerate(samples):
        frame = Frame(sample.image)
        crops = crop(frame, region(sample.alignment_px))
        found = landmarks(crops)
        if refinement is not None:
            around = Crop(refinement)(frame, KeypointRois(refinement)(found, crops))
            found = RefineKeypoints(refinement)(found, crops, around)
        poses = project(found, crops)
        if len(poses):  # none for a score of NaN
            points[i], scores[i] = poses.landmarks_px[0, :, :2], poses.scores[0]
    return Predictions(skeleton, points, scores)


def ground_truth(samples: Sequence[AnnotatedImage]) -> GroundTruth:
    """The labels of people of one skeleton."""
    skeletons = {sample.skeleton.name for sample in samples}
    if len(skeletons) != 1:
        raise InputError(f"evaluate: expected people of one skeleton, got {sorted(skeletons)}")
    points = np.concatenate([sample.points_px[..., :2] for sample in samples]).astype(np.float64)
    labelled = np.concatenate([sample.labelled for sample in samples])
    ends = np.concatenate([sample.alignment_px for sample in samples]).astype(np.float64)
    radius = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    return GroundTruth(samples[0].skeleton, points, labelled, radius)


def score_landmarks(
    predictions: Predictions, truth: GroundTruth, min_score: float = 0.5
) -> LandmarkScores:
    """All scores that the labels suffice for; keypoints of people who are not found are wrong.

    Raises:
        InputError: the model and the labels have no keypoint in common.
    """
    above = predictions.above(min_score)
    predicted, shared = in_skeleton(above, truth.skeleton)
    labelled = truth.labelled & shared
    found = np.asarray(np.isfinite(above.points_px).all(axis=(1, 2)))
    torso, head = torso_sizes(truth), _head_sizes(truth)
    by_torso, by_head = (labelled & np.isfinite(size)[:, None] for size in (torso, head))
    right = pck(predicted, truth.points_px, torso)
    joints = zip(truth.skeleton.names, mean_of(right, by_torso)[1].tolist(), strict=True)
    at = pdj(predicted, truth.points_px, torso, PDJ_THRESHOLDS)
    return LandmarkScores(
        people=len(found),
        found=float(found.mean()),
        measured=int(np.isfinite(torso).sum()),
        pck=_mean(right, by_torso),
        pckh=_mean(pck(predicted, truth.points_px, head, 0.5), by_head),
        pdj=float(np.mean([mean_of(one, by_torso)[0] for one in at])) if by_torso.any() else None,
        pcp=_pcp(predicted, truth, labelled),
        oks=_oks(predicted, truth, labelled),
        joints={name: share for name, share in joints if np.isfinite(share)},
        pdj_at_02=_pdj_at_02(predicted, truth, labelled),
    )


def in_skeleton(predictions: Predictions, skeleton: Skeleton) -> tuple[Float, Mask]:
    """Predictions in another skeleton `(M, K, 2)`, and the mask `(K,)` of common keypoints."""
    pairs = predictions.skeleton.map_to(skeleton)
    if not pairs:
        raise InputError(
            f"evaluate: {predictions.skeleton.name} of the model and {skeleton.name} of the labels"
            " have no keypoint in common"
        )
    here, there = np.array(pairs).T
    points = np.full((len(predictions.points_px), len(skeleton), 2), np.nan)
    points[:, there] = predictions.points_px[:, here]
    shared = np.zeros(len(skeleton), bool)
    shared[there] = True
    return points, shared


def torso_sizes(truth: GroundTruth) -> Float:
    """`(M,)` size of the torso in pixels; NaN where one of its four points is not labelled.

    For skeletons without a torso that of a person is assumed, `TORSO_PER_RADIUS` of the circle.
    """
    torso = truth.skeleton.torso
    if torso is None:
        unknown = np.full(len(truth.points_px), np.nan)
        return unknown if truth.radius_px is None else TORSO_PER_RADIUS * truth.radius_px
    whole = truth.labelled[:, list(torso)].all(axis=1)
    size = torso_size(truth.points_px, torso)
    return np.where(whole & (size > 0), size, np.nan)


def _head_sizes(truth: GroundTruth) -> Float:
    """`(M,)` distance from neck to head top in pixels; NaN where not labelled."""
    names = truth.skeleton.names
    if not {"neck", "head_top"} <= set(names):
        return np.full(len(truth.points_px), np.nan)
    ends = [names.index("neck"), names.index("head_top")]
    size = np.linalg.norm(truth.points_px[:, ends[0]] - truth.points_px[:, ends[1]], axis=-1)
    return np.where(truth.labelled[:, ends].all(axis=1) & (size > 0), size, np.nan)


def _mean(correct: Mask, known: Mask) -> float | None:
    return mean_of(correct, known)[0] if known.any() else None


def _pdj_at_02(predicted: Float, truth: GroundTruth, labelled: Mask) -> float | None:
    """PDJ at 0.2 of one diagonal of the torso, as published; `pck` takes the mean of two."""
    torso = truth.skeleton.torso
    if torso is None:
        return None
    ends = [torso[0], torso[3]]
    size = np.linalg.norm(truth.points_px[:, ends[0]] - truth.points_px[:, ends[1]], axis=-1)
    known = labelled & (truth.labelled[:, ends].all(axis=1) & (size > 0))[:, None]
    return _mean(pck(predicted, truth.points_px, size), known)


def _pcp(predicted: Float, truth: GroundTruth, labelled: Mask) -> float | None:
    """PCP over the limbs common to model and labels."""
    edges = truth.skeleton.edges
    if not edges:
        return None
    known = np.stack([labelled[:, a] & labelled[:, b] for a, b in edges], axis=1)
    return _mean(pcp(predicted, truth.points_px, edges), known)


def _oks(predicted: Float, truth: GroundTruth, labelled: Mask) -> float | None:
    """Mean OKS, only for COCO's keypoints, which have published tolerances."""
    if truth.skeleton.names != COCO17.names or not labelled.any():
        return None
    points = np.where(labelled[..., None], truth.points_px, np.nan)
    some = labelled.sum(axis=1) > 1
    sides = np.nanmax(points[some], axis=1) - np.nanmin(points[some], axis=1)
    area = np.maximum(sides.prod(axis=1), 1.0)
    return float(oks(predicted[some], points[some], labelled[some], area).mean())
