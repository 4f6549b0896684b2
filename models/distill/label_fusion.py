"""What a teacher's readings of one person add to the labels that people made.

Labelled x and y stay. A point that nobody labelled is taken where the joints that carry it (wrist
and elbow for a hand, ankle and knee for a foot, the face's own points or the head for the face)
agree with their labels. All is plain numpy: readings come in as `Poses`, one row per run.
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
from models.data.sample import PoseSample
from models.distill.agreement import (
    ARMS,
    CHAINS,
    FACE,
    HEAD,
    LEGS,
    Truth,
    blend,
    distances,
    far,
    has_torso,
    mixed_up,
    states,
)

__all__ = ["TeacherSettings", "Verdict", "combine"]

Float = NDArray[np.float64]

PARTNERS = np.array(BLAZEPOSE33.partners)
# Points that move with the labelled joint they hang on when the teacher had that one a little off
# (COCO faces with one point held out: 90 % within 0.115 torso so, 0.159 without); elbows, knees
# and what lies between two joints are best half moved.
TIED = 1.0
LOOSELY_TIED = 0.5
SHOULDERS = BLAZEPOSE33.torso[:2] if BLAZEPOSE33.torso else ()
BODY = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)  # shoulders … wrists, hips … ankles
SIDES = {"": (), "all": tuple(range(len(BLAZEPOSE33))), "arms": ARMS, "legs": LEGS}
HANGING = ("pinky", "index", "thumb", "heel", "foot_index")


class TeacherSettings(Strict):
    """What counts as agreement, and what the teacher's word weighs; distances in torsos.

    Attributes:
        least_joints: people with fewer labelled joints are not taught.
        good: from this mean distance on the first five runs suffice.
        keep: above this mean distance nothing is believed of a person.
        joint: a joint that is farther off does not agree.
        face: the same for the face and the head.
        softness: see `agreement.blend`.
        near_softness: see `agreement.blend`.
        weight: of a point whose carrying joints are labelled and agree.
        loose_weight: of a point with fewer such joints, and none that disagrees.
        swapped_labels: data sets (the first part of `source`) whose left and right may be mixed
            up; experts' labels of people seen from behind are better than the network.
        swap_gain: labels are mixed up if exchanging them brings them so much nearer on average,
            and the teacher is sure; sides are put right.
        doubt_gain: from here on, or where the teacher is not sure, they only weigh less.
        doubt_weight: of such labels.
        sure_score: the teacher is sure if all first runs find a person so surely …
        sure_spread: … and differ so little from each other.
        least_score: without any label, the median score of a person who is believed.
    """

    least_joints: int = Field(default=4, ge=1)
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
    least_score: float = Field(default=0.5, ge=0, le=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one person.

    Attributes:
        kept: the teacher was believed.
        far: mean distance of the labelled joints from the teacher's, in torsos; NaN without any.
        far_once: the same for a single run on the upright crop.
        runs: how often the network ran.
        swapped: labels put right: `all`, `arms`, `legs` or nothing.
        doubted: labels that weigh less now, in the same words.
        taught: how many points the teacher gave x and y.
    """

    kept: bool
    far: float
    far_once: float
    runs: int
    swapped: str = ""
    doubted: str = ""
    taught: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """All runs over one person as one.

    Attributes:
        points_px: `(33, 3)` float64.
        world_m: `(33, 3)` float64.
        visibility: `(33,)` float64.
        alignment_px: `(2, 2)` float64.
        says: `(34,)` int8, see `agreement.states`.
        far: mean distance of the labelled joints, in torsos.
    """

    points_px: Float
    world_m: Float
    visibility: Float
    alignment_px: Float
    says: NDArray[np.int8]
    far: float


def combine(
    sample: PoseSample, readings: Poses, first: Poses, settings: TeacherSettings
) -> tuple[PoseSample, Verdict]:
    """Labels and readings of one person as one sample of `blazepose33`.

    Args:
        sample: in any skeleton that shares names with BlazePose; without any label the runs are
            asked whether they agree with each other.
        readings: all runs over the person, one row each.
        first: those that tell whether the teacher is sure: the upright crop, then others near it.
        settings: what it takes to be believed.
    """
    person, truth = sample.to_skeleton(BLAZEPOSE33), Truth.of(sample)
    guided = len(truth) > 0
    if not guided:
        truth = Truth.between(readings.landmarks_px, sample.alignment_px)
    once = float(far(distances(first.landmarks_px[:1], truth))[0])
    swapped = doubted = ""
    if sample.source.partition("/")[0] in settings.swapped_labels:
        swapped, doubted = _sides(truth, readings, first, settings)
        truth = truth.swapped(SIDES[swapped])
        person = _put_right(person, SIDES[swapped], SIDES[doubted], settings.doubt_weight)
    reading = _as_one(readings, truth, settings)
    kept = reading.far <= settings.keep
    kept &= guided or float(np.median(first.scores)) >= settings.least_score
    verdict = Verdict(kept, reading.far, once, len(readings), swapped, doubted)
    if not kept:
        return person, verdict
    trust = _grades(reading.says, person.labelled, settings, guided)
    upright = has_torso(sample.skeleton, sample.labelled)
    alignment = sample.alignment_px if upright else reading.alignment_px.astype(np.float32)
    taught = replace(_taught(person, reading, trust), alignment_px=alignment)
    return taught, replace(verdict, taught=int((trust > 0).sum()))


def _sides(
    truth: Truth, readings: Poses, first: Poses, settings: TeacherSettings
) -> tuple[str, str]:
    """Which labels have left and right mixed up: for sure, and perhaps."""
    way, gain = "", settings.doubt_gain
    plain = distances(readings.landmarks_px, truth)
    here = plain[far(plain).argmin()]
    least = np.inf
    for name, points in mixed_up(truth).items():
        other = distances(readings.landmarks_px, truth.swapped(points))
        total, rows = far(other), np.flatnonzero(np.isin(truth.point, points))
        there = other[total.argmin()]
        better = float(far(here[None], rows)[0] - far(there[None], rows)[0])
        if better >= settings.doubt_gain and total.min() < min(least, settings.keep):
            way, gain, least = name, better, float(total.min())
    sure = gain >= settings.swap_gain and _is_sure(first, truth.unit_px, settings)
    return (way, "") if sure else ("", way)


def _is_sure(first: Poses, unit_px: float, settings: TeacherSettings) -> bool:
    """Whether runs over nearly the same region, some mirrored, all see the same person."""
    body = first.landmarks_px[:, BODY, :2]
    spread = np.linalg.norm(body - np.median(body, axis=0), axis=-1).mean(axis=1) / unit_px
    return bool((first.scores >= settings.sure_score).all() and spread.max() < settings.sure_spread)


def _put_right(
    person: PoseSample, swapped: Sequence[int], doubted: Sequence[int], doubt_weight: float
) -> PoseSample:
    rows = np.arange(len(BLAZEPOSE33))
    rows[list(swapped)] = PARTNERS[list(swapped)]
    weights = person.weights[rows]
    weights[list(doubted)] = np.minimum(weights[list(doubted)], np.float32(doubt_weight))
    return replace(
        person,
        points_px=person.points_px[rows],
        visibility=person.visibility[rows],
        weights=weights,
        world_m=person.world_m[rows],
    )


def _as_one(readings: Poses, truth: Truth, settings: TeacherSettings) -> _Reading:
    off = distances(readings.landmarks_px, truth)
    share = blend(off, truth, settings.softness, settings.near_softness)
    whole = np.exp((far(off).min() - far(off)) / settings.softness)
    points = np.einsum("rk,rkc->kc", share, readings.landmarks_px)
    merged = distances(points[None], truth)
    return _Reading(
        points_px=points,
        world_m=np.einsum("rk,rkc->kc", share, readings.world_landmarks_m),
        visibility=(share * readings.visibility).sum(axis=0),
        alignment_px=np.einsum("r,rpc->pc", whole / whole.sum(), readings.alignment_px),
        says=states(merged[0], truth, settings.joint, settings.face),
        far=float(far(merged)[0]),
    )


def _grades(
    says: NDArray[np.int8], labelled: NDArray[np.bool_], settings: TeacherSettings, guided: bool
) -> Float:
    """`(33,)` weight of each point as the teacher's, 0 where it is not believed or not needed."""
    trust = np.zeros(len(BLAZEPOSE33))
    for point, chain in enumerate(CHAINS):
        if labelled[point]:
            continue
        if not guided:
            trust[point] = settings.weight * (says[point] == 1)
            continue
        votes = says[list(chain)] if chain else says[[*FACE, HEAD]]
        if not chain and not votes.any():  # a face without labels: the shoulders must carry it
            votes = np.append(says[list(SHOULDERS)], 0).astype(np.int8)
        if (votes < 0).any() or not (votes > 0).any():
            continue
        enough = (votes > 0).all() if chain else says[[*FACE, HEAD]].any()
        trust[point] = settings.weight if enough else settings.loose_weight
    return trust


def _taught(person: PoseSample, reading: _Reading, trust: Float) -> PoseSample:
    """The person with what the teacher may add."""
    labelled, added = person.labelled, trust > 0
    read = reading.points_px + 0.0
    read[:, :2] += _pull(person, reading)
    believed = added | (labelled & (reading.says[:-1] > 0))
    points = person.points_px.astype(np.float64)
    points[added, :2] = read[added, :2]
    points[:, 2] = np.where(np.isnan(points[:, 2]) & believed, read[:, 2], points[:, 2])
    size = np.array(person.image.shape[1::-1])
    outside = added & ((points[:, :2] < 0) | (points[:, :2] > size - 1)).any(axis=1)
    seen = np.where(outside, 0.0, reading.visibility)
    unseen = np.isnan(person.visibility) & believed
    unmeasured = np.isnan(person.world_m).any(axis=1) & believed
    return replace(
        person,
        points_px=points.astype(np.float32),
        visibility=np.where(unseen, seen, person.visibility).astype(np.float32),
        weights=np.where(added, trust, person.weights).astype(np.float32),
        world_m=np.where(unmeasured[:, None], reading.world_m, person.world_m).astype(np.float32),
    )


def _pull(person: PoseSample, reading: _Reading) -> Float:
    """`(33, 2)` how far labelled joints draw the points that hang on them."""
    known = person.labelled & (reading.says[:-1] > 0)
    apart = np.where(known[:, None], person.points_px[:, :2] - reading.points_px[:, :2], 0.0)
    pull = np.zeros_like(apart)
    for point, chain in enumerate(CHAINS):
        if not chain:
            held, part = [p for p in FACE if known[p]], TIED
        elif BLAZEPOSE33.names[point].partition("_")[2] in HANGING:
            held, part = [p for p in chain[:1] if known[p]], TIED
        else:
            held, part = [p for p in chain if known[p]], LOOSELY_TIED
        if held:
            pull[point] = part * apart[held].mean(axis=0)
    return pull
