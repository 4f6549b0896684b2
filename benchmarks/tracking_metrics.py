"""How well are people followed? Truths and answers of a clip → IDF1, MOTA, switches, recall.

The rules:

- **Likeness** of a true person and an answer is OKS over COCO's 17 keypoints, those of them that
  can be seen; the person's area is 0.53 of the box around the true points, as large as COCO's
  outlines are in their boxes on average. They match from 0.5 on.
- **Counted** are people who are whole in the picture and enough of whose points can be seen: nine
  tenths, unless told otherwise.
  The others are neither missed nor do they make a false alarm, the habit of the MOT challenges:
  an answer that matches no counted person is left out if it is like one of the others, over the
  points that can be seen or over all 17, for a hidden person may well be guessed.
- **Pairs** are made frame by frame: most likeness in sum, but a pair of the frame before stays as
  long as it matches.
- IDF1, MOTA and switches are those of `trackers.eval` (Roboflow), a port of TrackEval, on what is
  left. A switch is a counted person who is paired with another id than at the last time.
- A fragmentation is a counted person who was paired, was missed while counted, and is paired
  again: being hidden or away breaks nothing.
- **Recall of the seen** is over people who are whole and nine tenths of whose points can be seen.
- A **double** is a false alarm that is like a counted person: a second skeleton on one body.
- PCK@0.2 is over all 33 points of paired people that can be seen, by their torso.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.answers import Found
from blazetrack.errors import MissingExtra
from blazetrack.metrics import OKS_SIGMAS_COCO17, oks, pck, torso_size
from blazetrack.skeleton import BLAZEPOSE33, COCO17
from blazetrack.synthetic import Truth

__all__ = ["BOX_TO_AREA", "ClipScore", "judge_clip", "likeness", "require_trackers", "total"]

ALIKE = 0.5
SEEN = 0.9
PCK_PART = 0.2
BOX_TO_AREA = 0.53
"""Outline by box area, the mean over COCO's people (the custom of pose data without outlines)."""

_PAIRS = BLAZEPOSE33.map_to(COCO17)
_POINTS = [ours for ours, _ in _PAIRS]
_SIGMAS = OKS_SIGMAS_COCO17[[theirs for _, theirs in _PAIRS]]
_TORSO = BLAZEPOSE33.torso

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class ClipScore:
    """What was counted in one clip; clips add up in `total`.

    Attributes:
        clear: the CLEAR figures of `trackers.eval`.
        identity: its identity figures.
        fragmentations: how often somebody was missed in between.
        seen: frames times people that were in full view.
        seen_found: of those, paired.
        doubles: false alarms on somebody who already has a skeleton.
        excused: answers that were left out.
        likeness: of every pair.
        right: keypoints of paired people that are near enough.
        points: keypoints of paired people that can be seen.
    """

    clear: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    fragmentations: int = 0
    seen: int = 0
    seen_found: int = 0
    doubles: int = 0
    excused: int = 0
    likeness: list[float] = field(default_factory=list)
    right: int = 0
    points: int = 0


def judge_clip(
    truths: Sequence[Truth], answers: Sequence[Found], part_seen: float = SEEN
) -> ClipScore:
    """Score one clip by the rules above.

    Args:
        truths: frame by frame.
        answers: as many.
        part_seen: people of whom less can be seen are not counted.
    """
    from trackers.eval import compute_clear_metrics, compute_identity_metrics

    score, held, runs = ClipScore(), dict[int, int](), _Runs()
    true_ids, ids, alikes = [], [], []
    for truth, found in zip(truths, answers, strict=True):
        counted = truth.whole & (_part_seen(truth) >= part_seen)
        seen = likeness(truth, found, truth.visible)
        rows = np.flatnonzero(counted)
        pairs = _pair(seen[rows], truth.ids[rows], found.ids, held)
        held = {int(truth.ids[rows[i]]): int(found.ids[j]) for i, j in pairs}
        free = [j for j in range(len(found)) if j not in {j for _, j in pairs}]
        other = np.maximum(seen, likeness(truth, found, np.ones_like(truth.visible)))[~counted]
        excused = {free[j] for _, j in _pair(other[:, free])}
        kept = [j for j in range(len(found)) if j not in excused]
        true_ids.append(truth.ids[rows])
        ids.append(found.ids[kept])
        alikes.append(seen[rows][:, kept])
        score.excused += len(excused)
        score.doubles += sum(bool((seen[rows, j] >= ALIKE).any()) for j in free if j not in excused)
        runs.add(truth.ids[rows], set(held))
        _add_pairs(score, truth, found, [(rows[i], j) for i, j in pairs], seen)
    score.fragmentations = runs.broken
    score.clear = compute_clear_metrics(true_ids, ids, alikes, ALIKE)
    score.identity = compute_identity_metrics(true_ids, ids, alikes, ALIKE)
    return score


def require_trackers() -> None:
    """Say how to install what counts ids, before minutes are spent on a clip."""
    if find_spec("trackers") is None:
        raise MissingExtra("trackers", "benchmark")


def total(scores: Iterable[ClipScore]) -> dict[str, float]:
    """Name → figure over all clips; counts add up, shares are of the sums."""
    from trackers.eval import aggregate_clear_metrics, aggregate_identity_metrics

    scores = list(scores)
    clear = aggregate_clear_metrics([score.clear for score in scores])
    identity = aggregate_identity_metrics([score.identity for score in scores])
    alike = [value for score in scores for value in score.likeness]
    clips = max(len(scores), 1)
    return {
        "IDF1": identity["IDF1"],
        "MOTA": clear["MOTA"],
        "switches a clip": clear["IDSW"] / clips,
        "fragmentations a clip": sum(score.fragmentations for score in scores) / clips,
        "recall of the seen": _share(scores, "seen_found", "seen"),
        "recall of the counted": clear["CLR_Re"],
        "precision": clear["CLR_Pr"],
        "false alarms": clear["CLR_FP"],
        "of these doubles": sum(score.doubles for score in scores),
        "PCK@0.2 of the paired": _share(scores, "right", "points"),
        "OKS of the paired": float(np.mean(alike)) if alike else 0.0,
    }


def likeness(truth: Truth, found: Found, visible: Mask) -> Float:
    """`(T, N)` OKS of every true person and every answer over the `visible` `(T, 33)` points."""
    count, many = len(truth), len(found)
    area = BOX_TO_AREA * np.ptp(truth.landmarks_px, axis=1).prod(axis=1)
    return oks(
        np.tile(found.landmarks_px[:, _POINTS], (count, 1, 1)),
        truth.landmarks_px[:, _POINTS].repeat(many, axis=0),
        visible[:, _POINTS].repeat(many, axis=0),
        area.repeat(many),
        _SIGMAS,
    ).reshape(count, many)


class _Runs:
    """Who was paired in which frames, and how often that broke off."""

    def __init__(self) -> None:
        self._paired: dict[int, bool] = {}  # id → was paired when last counted
        self.broken = 0

    def add(self, ids: NDArray[np.int64], paired: set[int]) -> None:
        """The counted people of the next frame, and those of them that are paired."""
        for one in map(int, ids):
            if one in paired:
                self.broken += self._paired.get(one) is False
                self._paired[one] = True
            elif one in self._paired:
                self._paired[one] = False


def _pair(
    alike: Float,
    true_ids: NDArray[np.int64] | None = None,
    ids: NDArray[np.int64] | None = None,
    held: dict[int, int] | None = None,
) -> list[tuple[int, int]]:
    """Rows and columns that match, most likeness in sum; pairs that are `held` come first."""
    from scipy.optimize import linear_sum_assignment

    score = np.where(alike >= ALIKE, alike, 0.0)
    if held and true_ids is not None and ids is not None:
        before = np.array([held.get(int(one), -1) for one in true_ids], np.int64)
        score += 1000.0 * (score > 0) * (before[:, None] == ids)  # as CLEAR does
    rows, columns = linear_sum_assignment(-score)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if score[i, j] > 0]


def _add_pairs(
    score: ClipScore,
    truth: Truth,
    found: Found,
    pairs: Sequence[tuple[int, int]],
    alike: Float,
) -> None:
    """Count those in full view, and how good the keypoints of the paired are."""
    whole = truth.whole & (_part_seen(truth) >= SEEN)
    paired = [i for i, _ in pairs]
    score.seen += int(whole.sum())
    score.seen_found += int(whole[paired].sum())
    score.likeness += [float(alike[i, j]) for i, j in pairs]
    answers = found.landmarks_px[[j for _, j in pairs]]
    true, visible = truth.landmarks_px[paired], truth.visible[paired]
    assert _TORSO is not None
    correct = pck(answers, true, torso_size(true, _TORSO), PCK_PART)
    score.right += int((correct & visible).sum())
    score.points += int(visible.sum())


def _part_seen(truth: Truth) -> Float:
    """`(T,)` which part of each person's 33 points can be seen."""
    part: Float = truth.visible.mean(axis=1)
    return part


def _share(scores: Sequence[ClipScore], part: str, whole: str) -> float:
    count = sum(getattr(score, whole) for score in scores)
    return float(sum(getattr(score, part) for score in scores) / max(count, 1))
