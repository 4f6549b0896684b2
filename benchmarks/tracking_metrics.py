"""Tracking metrics of a clip: IDF1, MOTA, ID switches, recall and more.

The rules:

- **Matching** uses OKS over the visible ones of COCO's 17 keypoints; a person's area is 0.53 of the
  box around the true points, the mean ratio of COCO's outlines to their boxes. A pair matches from
  0.5 on.
- **Counted** are people who are whole in the picture with at least 0.9 of their points visible
  (`min_visible`). The others are ignored, as in the MOT challenges: neither missed nor a false
  alarm. A prediction that matches no counted person is ignored if it matches one of the others,
  over the visible points or over all 17, because an occluded person may be extrapolated.
- **Assignment** is made frame by frame and maximises the sum of OKS, but a pair of the frame before
  is kept as long as it matches.
- IDF1, MOTA and ID switches are those of `trackers.eval` (Roboflow), a port of TrackEval, without
  the ignored people and predictions. A switch is a counted person matched with another id than at
  the last match.
- A **fragmentation** is a counted person who was matched, was missed while counted, and is matched
  again; occlusion and absence are no fragmentation.
- **Recall, full view** is over whole people with at least 0.9 of their points visible.
- A **duplicate** is a false alarm that matches a counted person: a second skeleton on one body.
- PCK@0.2 is over all visible ones of the 33 points of matched people, relative to torso size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.results import FrameResult
from blazetrack.errors import MissingExtra
from blazetrack.metrics import OKS_SIGMAS_COCO17, oks, pck, torso_size
from blazetrack.skeleton import BLAZEPOSE33, COCO17
from blazetrack.synthetic import Truth

__all__ = ["BOX_TO_AREA", "ClipScore", "oks_matrix", "require_trackers", "score_clip", "total"]

MIN_OKS = 0.5
MIN_VISIBLE = 0.9
PCK_SHARE = 0.2
BOX_TO_AREA = 0.53
"""Outline area ÷ box area, the mean over COCO's people; used for data without outlines."""

_PAIRS = BLAZEPOSE33.map_to(COCO17)
_POINTS = [ours for ours, _ in _PAIRS]
_SIGMAS = OKS_SIGMAS_COCO17[[theirs for _, theirs in _PAIRS]]
_TORSO = BLAZEPOSE33.torso

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class ClipScore:
    """Counts of one clip; `total` adds clips up.

    Attributes:
        clear: the CLEAR figures of `trackers.eval`.
        identity: its identity figures.
        fragmentations: number of fragmentations.
        full_view: people in full view, summed over frames.
        full_view_matched: those of them that are matched.
        duplicates: false alarms that match a counted person.
        ignored: predictions that are ignored.
        oks: of every match.
        correct: visible keypoints of matched people within the PCK distance.
        points: visible keypoints of matched people that the model has.
    """

    clear: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    fragmentations: int = 0
    full_view: int = 0
    full_view_matched: int = 0
    duplicates: int = 0
    ignored: int = 0
    oks: list[float] = field(default_factory=list)
    correct: int = 0
    points: int = 0


def score_clip(
    truths: Sequence[Truth], predictions: Sequence[FrameResult], min_visible: float = MIN_VISIBLE
) -> ClipScore:
    """Score one clip by the rules above.

    Args:
        truths: one per frame.
        predictions: one per frame.
        min_visible: minimum share of visible points of a counted person.
    """
    from trackers.eval import compute_clear_metrics, compute_identity_metrics

    score, previous, fragments = ClipScore(), dict[int, int](), _Fragments()
    true_ids, ids, scores = [], [], []
    for truth, predicted in zip(truths, predictions, strict=True):
        counted = truth.whole & (_visible_share(truth) >= min_visible)
        values = oks_matrix(truth, predicted, truth.visible)
        rows = np.flatnonzero(counted)
        pairs = _assign(values[rows], truth.ids[rows], predicted.ids, previous)
        previous = {int(truth.ids[rows[i]]): int(predicted.ids[j]) for i, j in pairs}
        matched = {j for _, j in pairs}
        free = [j for j in range(len(predicted)) if j not in matched]
        over_all = oks_matrix(truth, predicted, np.ones_like(truth.visible))
        ignored = {free[j] for _, j in _assign(np.maximum(values, over_all)[~counted][:, free])}
        kept = [j for j in range(len(predicted)) if j not in ignored]
        false_alarms = [j for j in free if j not in ignored]
        true_ids.append(truth.ids[rows])
        ids.append(predicted.ids[kept])
        scores.append(values[rows][:, kept])
        score.ignored += len(ignored)
        score.duplicates += sum(bool((values[rows, j] >= MIN_OKS).any()) for j in false_alarms)
        fragments.add(truth.ids[rows], set(previous))
        _add_pairs(score, truth, predicted, [(rows[i], j) for i, j in pairs], values)
    score.fragmentations = fragments.count
    score.clear = compute_clear_metrics(true_ids, ids, scores, MIN_OKS)
    score.identity = compute_identity_metrics(true_ids, ids, scores, MIN_OKS)
    return score


def require_trackers() -> None:
    """Raise before minutes are spent on clips, if the package `trackers` is not installed."""
    if find_spec("trackers") is None:
        raise MissingExtra("trackers", "benchmark")


def total(scores: Iterable[ClipScore]) -> dict[str, float]:
    """Name → figure over all clips; counts are summed, shares are of the sums."""
    from trackers.eval import aggregate_clear_metrics, aggregate_identity_metrics

    scores = list(scores)
    clear = aggregate_clear_metrics([score.clear for score in scores])
    identity = aggregate_identity_metrics([score.identity for score in scores])
    values = [value for score in scores for value in score.oks]
    clips = max(len(scores), 1)
    return {
        "IDF1": identity["IDF1"],
        "MOTA": clear["MOTA"],
        "ID switches per clip": clear["IDSW"] / clips,
        "fragmentations per clip": sum(score.fragmentations for score in scores) / clips,
        "recall, full view": _share(scores, "full_view_matched", "full_view"),
        "recall, counted": clear["CLR_Re"],
        "precision": clear["CLR_Pr"],
        "false alarms": clear["CLR_FP"],
        "duplicates among them": sum(score.duplicates for score in scores),
        "PCK@0.2 of matches": _share(scores, "correct", "points"),
        "OKS of matches": float(np.mean(values)) if values else 0.0,
    }


def oks_matrix(truth: Truth, predicted: FrameResult, visible: Mask) -> Float:
    """`(T, N)` OKS of every true person and prediction over the `visible` `(T, 33)` points."""
    count, many = len(truth), len(predicted)
    area = BOX_TO_AREA * np.ptp(truth.landmarks_px, axis=1).prod(axis=1)
    return oks(
        np.tile(predicted.landmarks_px[:, _POINTS], (count, 1, 1)),
        truth.landmarks_px[:, _POINTS].repeat(many, axis=0),
        visible[:, _POINTS].repeat(many, axis=0),
        area.repeat(many),
        _SIGMAS,
    ).reshape(count, many)


class _Fragments:
    """Counter of fragmentations: matched, then missed while counted, then matched again."""

    def __init__(self) -> None:
        self._matched: dict[int, bool] = {}  # id → matched when last counted
        self.count = 0

    def add(self, ids: NDArray[np.int64], matched: set[int]) -> None:
        """Add a frame: ids of the counted people, and of those of them that are matched."""
        for one in map(int, ids):
            if one in matched:
                self.count += self._matched.get(one) is False
                self._matched[one] = True
            elif one in self._matched:
                self._matched[one] = False


def _assign(
    values: Float,
    true_ids: NDArray[np.int64] | None = None,
    ids: NDArray[np.int64] | None = None,
    previous: dict[int, int] | None = None,
) -> list[tuple[int, int]]:
    """Matching rows and columns with the maximum sum of OKS; `previous` pairs come first."""
    from scipy.optimize import linear_sum_assignment

    score = np.where(values >= MIN_OKS, values, 0.0)
    if previous and true_ids is not None and ids is not None:
        before = np.array([previous.get(int(one), -1) for one in true_ids], np.int64)
        score += 1000.0 * (score > 0) * (before[:, None] == ids)  # as CLEAR does
    rows, columns = linear_sum_assignment(-score)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if score[i, j] > 0]


def _add_pairs(
    score: ClipScore,
    truth: Truth,
    predicted: FrameResult,
    pairs: Sequence[tuple[int, int]],
    values: Float,
) -> None:
    """Count people in full view, and the correct keypoints of matched people."""
    full_view = truth.whole & (_visible_share(truth) >= MIN_VISIBLE)
    matched = [i for i, _ in pairs]
    score.full_view += int(full_view.sum())
    score.full_view_matched += int(full_view[matched].sum())
    score.oks += [float(values[i, j]) for i, j in pairs]
    points = predicted.landmarks_px[[j for _, j in pairs]]
    true, visible = truth.landmarks_px[matched], truth.visible[matched]
    assert _TORSO is not None
    correct = pck(points, true, torso_size(true, _TORSO), PCK_SHARE)
    visible = visible & np.isfinite(points).all(axis=-1)  # NaN where the model has no such keypoint
    score.correct += int((correct & visible).sum())
    score.points += int(visible.sum())


def _visible_share(truth: Truth) -> Float:
    """`(T,)` share of each person's 33 points that is visible."""
    share: Float = truth.visible.mean(axis=1)
    return share


def _share(scores: Sequence[ClipScore], part: str, whole: str) -> float:
    count = sum(getattr(score, whole) for score in scores)
    return float(sum(getattr(score, part) for score in scores) / max(count, 1))
