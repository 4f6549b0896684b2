"""Fusion of human labels with a network's predictions of the same person.

Labelled x and y stay. A point without a label is added where its neighbouring joints (wrist and
elbow for a hand, ankle and knee for a foot, the face's own points or the head for the face) agree
with their labels. Predictions are `Poses` with one row per run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Poses
from models.common.config_base import Strict
from models.data.annotated import PER_KEYPOINT, AnnotatedImage
from models.distill.agreement import (
    CHAINS,
    FACE,
    HEAD,
    SWAPS,
    LabelledJoints,
    agreement_states,
    blend_weights,
    distances,
    left_right_swaps,
    mean_error,
)

__all__ = ["FusionResult", "FusionSettings", "fuse"]

Float = NDArray[np.float64]

PARTNERS = np.array(BLAZEPOSE33.partners)
# Predicted points move along with the error of the labelled joint beside them (COCO faces with one
# point held out: 90 % within 0.115 torso so, 0.159 without); elbows, knees and what lies between
# two joints are best moved by half of it.
TIED = 1.0
LOOSELY_TIED = 0.5
SHOULDERS = BLAZEPOSE33.torso[:2] if BLAZEPOSE33.torso else ()
BODY = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)  # shoulders … wrists, hips … ankles
END_POINTS = ("pinky", "index", "thumb", "heel", "foot_index")


class FusionSettings(Strict):
    """Limits of agreement, and weights of added labels; distances in torsos.

    Attributes:
        min_joints: people with fewer labelled joints get no pseudo-labels.
        good: up to this mean error of the first five runs no more runs are made.
        keep: above this mean error a person gets no pseudo-labels.
        joint: a joint that is farther off does not agree.
        face: the same for the face and the head.
        softness, near_softness: see `agreement.blend_weights`.
        weight: of a point whose neighbouring joints are labelled and agree.
        loose_weight: of a point with fewer such joints, and none that disagrees.
        swapped_labels: data sets (the first part of `source`) whose left and right may be swapped;
            experts' labels of people seen from behind are better than the network.
        swap_gain: labels count as swapped if exchanging them reduces the mean error by so much,
            and the runs are consistent; they are exchanged.
        doubt_gain: from here on, or where runs are not consistent, their weight is reduced
        doubt_weight: to this.
        sure_score: runs are consistent if all first runs have at least this score …
        sure_spread: … and differ by less than this.
        min_score: without any label, the minimum of the median score.
    """

    # Serialised under the names of the release before: they are part of the keys of packs.
    min_joints: int = Field(default=4, ge=1, serialization_alias="least_joints")
    good: float = Field(default=0.12, ge=0)
    keep: float = Field(default=0.3, ge=0)
    joint: float = Field(default=0.35, ge=0)
    face: float = Field(default=0.2, ge=0)
    softness: float = Field(default=0.02, gt=0)
    near_softness: float = Field(default=0.05, gt=0)
    weight: float = Field(default=0.5, ge=0, le=1)
    loose_weight: float = Field(default=0.2, ge=0, le=1)
    swapped_labels: tuple[str, ...] = ("lspet",)
    swap_gain: float = Field(default=0.25, ge=0)
    doubt_gain: float = Field(default=0.15, ge=0)
    doubt_weight: float = Field(default=0.3, ge=0, le=1)
    sure_score: float = Field(default=0.9, ge=0, le=1)
    sure_spread: float = Field(default=0.12, ge=0)
    min_score: float = Field(default=0.5, ge=0, le=1, serialization_alias="least_score")


@dataclass(frozen=True, slots=True)
class FusionResult:
    """Statistics of one person.

    Attributes:
        kept: the network agrees well enough to add labels.
        error: mean distance of the labelled joints from the predictions, in torsos; NaN without
            any.
        single_error: the same for a single run on the upright crop.
        runs: number of runs of the network.
        swapped: labels that were exchanged: `all`, `arms`, `legs` or empty.
        doubted: labels whose weight is reduced, in the same words.
        added: number of points with x and y of the network.
    """

    kept: bool
    error: float
    single_error: float
    runs: int
    swapped: str = ""
    doubted: str = ""
    added: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Prediction:
    """All runs over one person as one.

    Attributes:
        points_px: `(33, 3)` float64.
        world_m: `(33, 3)` float64.
        visibility: `(33,)` float64.
        alignment_px: `(2, 2)` float64.
        states: `(34,)` int8, see `agreement_states`.
        error: mean distance of the labelled joints, in torsos.
    """

    points_px: Float
    world_m: Float
    visibility: Float
    alignment_px: Float
    states: NDArray[np.int8]
    error: float


def fuse(
    sample: AnnotatedImage, runs: Poses, first: Poses, settings: FusionSettings
) -> tuple[AnnotatedImage, FusionResult]:
    """Labels and predictions of one person as one image in `blazepose33`.

    Args:
        sample: one person in any skeleton that shares names with BlazePose; without any label the
            runs are compared with each other.
        runs: all runs over the person, one row each.
        first: those that show whether runs are consistent: the upright crop, then others near it.
        settings: limits and weights.
    """
    person, truth = sample.to_skeleton(BLAZEPOSE33), LabelledJoints.of(sample)
    guided = len(truth) > 0
    if not guided:
        truth = LabelledJoints.between(runs.landmarks_px, sample.alignment_px[0])
    single = float(mean_error(distances(first.landmarks_px[:1], truth))[0])
    swapped = doubted = ""
    if sample.source.partition("/")[0] in settings.swapped_labels:
        swapped, doubted = _find_swap(truth, runs, first, settings)
        moved, unsure = SWAPS.get(swapped, ()), SWAPS.get(doubted, ())
        truth = truth.swapped(moved)
        person = _exchanged(person, moved, unsure, settings.doubt_weight)
    predicted = _merged(runs, truth, settings)
    kept = predicted.error <= settings.keep
    kept &= guided or float(np.median(first.scores)) >= settings.min_score
    result = FusionResult(kept, predicted.error, single, len(runs), swapped, doubted)
    if not kept:
        return person, result
    weights = _weights(predicted.states, person.labelled[0], settings, guided)
    if not sample.has_torso[0]:
        person = replace(person, alignment_px=predicted.alignment_px[None].astype(np.float32))
    return _completed(person, predicted, weights), replace(result, added=int((weights > 0).sum()))


def _find_swap(
    truth: LabelledJoints, runs: Poses, first: Poses, settings: FusionSettings
) -> tuple[str, str]:
    """Which labels have left and right swapped: certainly, and possibly."""
    way, gain = "", settings.doubt_gain
    plain = distances(runs.landmarks_px, truth)
    here = plain[mean_error(plain).argmin()]
    lowest = np.inf
    for name, points in left_right_swaps(truth).items():
        other = distances(runs.landmarks_px, truth.swapped(points))
        total, rows = mean_error(other), np.flatnonzero(np.isin(truth.point, points))
        there = other[total.argmin()]
        better = float(mean_error(here[None], rows)[0] - mean_error(there[None], rows)[0])
        if better >= settings.doubt_gain and total.min() < min(lowest, settings.keep):
            way, gain, lowest = name, better, float(total.min())
    sure = gain >= settings.swap_gain and _consistent(first, truth.unit_px, settings)
    return (way, "") if sure else ("", way)


def _consistent(first: Poses, unit_px: float, settings: FusionSettings) -> bool:
    """Whether runs over nearly the same region, some mirrored, all predict the same person."""
    body = first.landmarks_px[:, BODY, :2]
    spread = np.linalg.norm(body - np.median(body, axis=0), axis=-1).mean(axis=1) / unit_px
    return bool((first.scores >= settings.sure_score).all() and spread.max() < settings.sure_spread)


def _exchanged(
    person: AnnotatedImage, swapped: Sequence[int], doubted: Sequence[int], doubt_weight: float
) -> AnnotatedImage:
    """Labels of `swapped` points exchanged, weights of `doubted` ones limited."""
    rows = np.arange(len(BLAZEPOSE33))
    rows[list(swapped)] = PARTNERS[list(swapped)]
    weights = person.weights[:, rows]
    weights[:, list(doubted)] = np.minimum(weights[:, list(doubted)], np.float32(doubt_weight))
    labels = {name: getattr(person, name)[:, rows] for name in PER_KEYPOINT}
    return replace(person, **{**labels, "weights": weights})


def _merged(runs: Poses, truth: LabelledJoints, settings: FusionSettings) -> _Prediction:
    off = distances(runs.landmarks_px, truth)
    share = blend_weights(off, truth, settings.softness, settings.near_softness)
    whole = np.exp((mean_error(off).min() - mean_error(off)) / settings.softness)
    points = np.einsum("rk,rkc->kc", share, runs.landmarks_px)
    merged = distances(points[None], truth)
    return _Prediction(
        points_px=points,
        world_m=np.einsum("rk,rkc->kc", share, runs.world_landmarks_m),
        visibility=(share * runs.visibility).sum(axis=0),
        alignment_px=np.einsum("r,rpc->pc", whole / whole.sum(), runs.alignment_px),
        states=agreement_states(merged[0], truth, settings.joint, settings.face),
        error=float(mean_error(merged)[0]),
    )


def _weights(
    states: NDArray[np.int8], labelled: NDArray[np.bool_], settings: FusionSettings, guided: bool
) -> Float:
    """`(33,)` weight of each predicted point, 0 where it is doubtful or labelled already."""
    weights = np.zeros(len(BLAZEPOSE33))
    for point, chain in enumerate(CHAINS):
        if labelled[point]:
            continue
        if not guided:
            weights[point] = settings.weight * (states[point] == 1)
            continue
        around = states[list(chain)] if chain else states[[*FACE, HEAD]]
        if not chain and not around.any():  # a face without labels: the shoulders stand in
            around = np.append(states[list(SHOULDERS)], 0).astype(np.int8)
        if (around < 0).any() or not (around > 0).any():
            continue
        enough = (around > 0).all() if chain else states[[*FACE, HEAD]].any()
        weights[point] = settings.weight if enough else settings.loose_weight
    return weights


def _completed(person: AnnotatedImage, predicted: _Prediction, weights: Float) -> AnnotatedImage:
    """The person with predicted points of weight above 0, and with depth, metres, visibility."""
    labelled, added = person.labelled[0], weights > 0
    moved = predicted.points_px + 0.0
    moved[:, :2] += _offsets(person, predicted)
    agreed = added | (labelled & (predicted.states[:-1] > 0))
    points = person.points_px[0].astype(np.float64)
    points[added, :2] = moved[added, :2]
    points[:, 2] = np.where(np.isnan(points[:, 2]) & agreed, moved[:, 2], points[:, 2])
    size = np.array(person.image.shape[1::-1])
    outside = added & ((points[:, :2] < 0) | (points[:, :2] > size - 1)).any(axis=1)
    seen = np.where(outside, 0.0, predicted.visibility)
    unseen = np.isnan(person.visibility) & agreed
    unmeasured = np.isnan(person.world_m).any(axis=-1) & agreed
    world = np.where(unmeasured[..., None], predicted.world_m, person.world_m)
    return replace(
        person,
        points_px=points[None].astype(np.float32),
        visibility=np.where(unseen, seen, person.visibility).astype(np.float32),
        weights=np.where(added, weights, person.weights).astype(np.float32),
        world_m=world.astype(np.float32),
    )


def _offsets(person: AnnotatedImage, predicted: _Prediction) -> Float:
    """`(33, 2)` corrections of predicted points by the errors of labelled joints beside them."""
    known = person.labelled[0] & (predicted.states[:-1] > 0)
    errors = person.points_px[0, :, :2] - predicted.points_px[:, :2]
    errors = np.where(known[:, None], errors, 0.0)
    offsets = np.zeros_like(errors)
    for point, chain in enumerate(CHAINS):
        if not chain:
            beside, part = [p for p in FACE if known[p]], TIED
        elif BLAZEPOSE33.names[point].partition("_")[2] in END_POINTS:
            beside, part = [p for p in chain[:1] if known[p]], TIED
        else:
            beside, part = [p for p in chain if known[p]], LOOSELY_TIED
        if beside:
            offsets[point] = part * errors[beside].mean(axis=0)
    return offsets
