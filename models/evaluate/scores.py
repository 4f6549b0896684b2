"""How good a landmark model is: its answers on aligned crops beside the truth, in figures.

Every model is run by the code of the runtime itself (`Crop`, `Landmarker`, `project`), so a row of
the table is what a user of that model gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.align.roi import rois_from_alignment
from blazetrack.backends import Model
from blazetrack.errors import InputError
from blazetrack.metrics import mean_of, oks, pck, pcp, pdj, torso_size
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.track.landmarks import Landmarker
from blazetrack.types import Frame
from models.data.annotated import AnnotatedImage
from models.data.body_measures import TORSO_PER_RADIUS

__all__ = ["PDJ_PARTS", "Answers", "Figures", "Truth", "answer_crops", "figures", "truth_of"]

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Thresholds of PDJ in parts of the torso; their mean is the area under the curve.
PDJ_PARTS = np.round(np.arange(0.05, 0.501, 0.05), 2)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says of M people, in its own keypoints.

    Attributes:
        skeleton: what the K columns are.
        points_px: `(M, K, 2)` float64, NaN where nobody was found.
        scores: `(M,)` float64 in 0..1, NaN where nobody looked.
    """

    skeleton: Skeleton
    points_px: Float
    scores: Float

    def sure_of(self, min_score: float) -> Answers:
        """The same, with nobody found where the score is not above `min_score`."""
        found = np.nan_to_num(self.scores, nan=1.0) > min_score
        points = np.where(found[:, None, None], self.points_px, np.nan)
        return Answers(self.skeleton, points, self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Where the keypoints of M people are.

    Attributes:
        skeleton: what the K columns are.
        points_px: `(M, K, 2)` float64; anything where not labelled.
        labelled: `(M, K)` bool.
        radius_px: `(M,)` float64, of their circles: the yardstick of those who have no torso.
    """

    skeleton: Skeleton
    points_px: Float
    labelled: Mask
    radius_px: Float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of the table; None where the labels do not allow a figure.

    Attributes:
        people: how many were looked for.
        found: part of them that the model was sure of.
        measured: how many have a whole torso labelled, which PCK needs.
        pck: part of keypoints within 0.2 of the torso.
        pckh: part within 0.5 of the head.
        pdj: mean of PCK over 0.05, 0.10 … 0.50 of the torso.
        pcp: part of limbs with both ends within half their length.
        oks: mean object keypoint similarity; the area is that of the box around the labels.
        joints: `pck` per keypoint.
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


def answer_crops(model: Model, samples: Sequence[AnnotatedImage], refine: bool = True) -> Answers:
    """Run a model on the aligned crop of each sample, however unsure it is.

    Args:
        model: a landmark model.
        samples: M people with their alignment.
        refine: move landmarks to their heatmap's centre, where the model has heatmaps.
    """
    skeleton = model.info.skeleton or BLAZEPOSE33
    crop, landmarks = Crop(model), Landmarker(model, -1.0, None if refine else False)
    points = np.full((len(samples), len(skeleton), 2), np.nan)
    scores = np.full(len(samples), np.nan)
    for i, sample in enumerate(samples):
        rois = rois_from_alignment(sample.alignment_px.astype(float), np.zeros(1, np.int64))
        seen = crop(Frame(sample.image), rois)
        poses = project(landmarks(seen), seen)
        if len(poses):  # no row for a score of NaN
            points[i], scores[i] = poses.landmarks_px[0, :, :2], poses.scores[0]
    return Answers(skeleton, points, scores)


def truth_of(samples: Sequence[AnnotatedImage]) -> Truth:
    """The labels of people of one skeleton."""
    skeletons = {sample.skeleton.name for sample in samples}
    if len(skeletons) != 1:
        raise InputError(f"evaluate: expected people of one skeleton, got {sorted(skeletons)}")
    points = np.concatenate([sample.points_px[..., :2] for sample in samples]).astype(np.float64)
    labelled = np.concatenate([sample.labelled for sample in samples])
    ends = np.concatenate([sample.alignment_px for sample in samples]).astype(np.float64)
    radius = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    return Truth(samples[0].skeleton, points, labelled, radius)


def figures(answers: Answers, truth: Truth, min_score: float = 0.5) -> Figures:
    """All figures that the labels allow; who was not found counts as wrong.

    Raises:
        InputError: the model and the labels have no keypoint in common.
    """
    sure = answers.sure_of(min_score)
    predicted, shared = in_skeleton(sure, truth.skeleton)
    labelled = truth.labelled & shared
    found = np.asarray(np.isfinite(sure.points_px).all(axis=(1, 2)))
    torso = torso_of(truth)
    by_torso = _measured(predicted, truth, labelled, torso, 0.2)
    by_head = _measured(predicted, truth, labelled, _head_of(truth), 0.5)
    names = truth.skeleton.names
    joints = {} if by_torso is None else dict(zip(names, by_torso[1].tolist(), strict=True))
    return Figures(
        people=len(found),
        found=float(found.mean()),
        measured=int(np.isfinite(torso).sum()),
        pck=None if by_torso is None else by_torso[0],
        pckh=None if by_head is None else by_head[0],
        pdj=_area(predicted, truth, labelled, torso),
        pcp=_limbs(predicted, truth, labelled),
        oks=_likeness(predicted, truth, labelled),
        joints={name: part for name, part in joints.items() if np.isfinite(part)},
    )


def in_skeleton(answers: Answers, skeleton: Skeleton) -> tuple[Float, Mask]:
    """Answers as rows of another skeleton `(M, K, 2)`, and which of its K both name."""
    pairs = answers.skeleton.map_to(skeleton)
    if not pairs:
        raise InputError(
            f"evaluate: a model of {answers.skeleton.name} and labels of {skeleton.name} have no"
            " keypoint in common"
        )
    here, there = np.array(pairs).T
    points = np.full((len(answers.points_px), len(skeleton), 2), np.nan)
    points[:, there] = answers.points_px[:, here]
    shared = np.zeros(len(skeleton), bool)
    shared[there] = True
    return points, shared


def torso_of(truth: Truth) -> Float:
    """`(M,)` size of the torso in pixels; NaN where one of its four points is not labelled.

    What has no torso is measured as if it had a person's: `TORSO_PER_RADIUS` of its circle.
    """
    torso = truth.skeleton.torso
    if torso is None:
        nobody = np.full(len(truth.points_px), np.nan)
        return nobody if truth.radius_px is None else TORSO_PER_RADIUS * truth.radius_px
    whole = truth.labelled[:, list(torso)].all(axis=1)
    size = torso_size(truth.points_px, torso)
    return np.where(whole & (size > 0), size, np.nan)


def _head_of(truth: Truth) -> Float:
    """`(M,)` from neck to head top in pixels; NaN where not labelled."""
    names = truth.skeleton.names
    if not {"neck", "head_top"} <= set(names):
        return np.full(len(truth.points_px), np.nan)
    ends = [names.index("neck"), names.index("head_top")]
    size = np.linalg.norm(truth.points_px[:, ends[0]] - truth.points_px[:, ends[1]], axis=-1)
    return np.where(truth.labelled[:, ends].all(axis=1) & (size > 0), size, np.nan)


def _measured(
    predicted: Float, truth: Truth, labelled: Mask, size: Float, threshold: float
) -> tuple[float, Float] | None:
    known = labelled & np.isfinite(size)[:, None]
    if not known.any():
        return None
    return mean_of(pck(predicted, truth.points_px, size, threshold), known)


def _area(predicted: Float, truth: Truth, labelled: Mask, torso: Float) -> float | None:
    known = labelled & np.isfinite(torso)[:, None]
    if not known.any():
        return None
    correct = pdj(predicted, truth.points_px, torso, PDJ_PARTS)
    return float(np.mean([mean_of(one, known)[0] for one in correct]))


def _limbs(predicted: Float, truth: Truth, labelled: Mask) -> float | None:
    """PCP over the limbs that model and labels share."""
    edges = truth.skeleton.edges
    if not edges:
        return None
    known = np.stack([labelled[:, a] & labelled[:, b] for a, b in edges], axis=1)
    if not known.any():
        return None
    return mean_of(pcp(predicted, truth.points_px, edges), known)[0]


def _likeness(predicted: Float, truth: Truth, labelled: Mask) -> float | None:
    """Mean OKS, for COCO's keypoints: only those have published tolerances."""
    if truth.skeleton.names != COCO17.names or not labelled.any():
        return None
    points = np.where(labelled[..., None], truth.points_px, np.nan)
    some = labelled.sum(axis=1) > 1
    sides = np.nanmax(points[some], axis=1) - np.nanmin(points[some], axis=1)
    area = np.maximum(sides.prod(axis=1), 1.0)
    return float(oks(predicted[some], points[some], labelled[some], area).mean())
