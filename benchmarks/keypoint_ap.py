"""How well are people found in pictures: OKS-AP, precision and recall, by COCO's own code.

The rules are those of COCO's keypoint evaluation (`pycocotools`): the surest answer chooses first,
people without points and crowds are neither missed nor a false alarm, at most 20 answers in a
picture. Two things are added. People less than a stated height, which COCO asks of areas, are left
out like crowds, and so are answers less high that match nobody. And where labels hold no area, it
is 0.53 of the box, as large as COCO's outlines are in their boxes on average.

Precision and recall are at an OKS of 0.5. Because the surest choose first, raising the least score
takes answers away and changes nobody else's match: one evaluation gives the figures at every score.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.answers import Found
from benchmarks.tracking_metrics import BOX_TO_AREA
from blazetrack.errors import MissingExtra
from blazetrack.skeleton import BLAZEPOSE33, COCO17

__all__ = ["MOST", "PeopleScore", "judge_pictures", "require_pycocotools"]

MOST = 20
"""Answers that count in one picture: COCO's number for keypoints."""

_ORDER = [ours for ours, _ in sorted(BLAZEPOSE33.map_to(COCO17), key=lambda pair: pair[1])]


@dataclass(frozen=True, slots=True, eq=False)
class PeopleScore:
    """What one side found in all pictures.

    Attributes:
        ap: mean precision over OKS 0.50 to 0.95.
        ap50: mean precision at OKS 0.5.
        people: how many count.
        scores: `(A,)` float64, of the answers that count, surest first.
        right: `(A,)` bool, which of them match somebody at OKS 0.5.
    """

    ap: float
    ap50: float
    people: int
    scores: NDArray[np.float64]
    right: NDArray[np.bool_]

    @property
    def recall(self) -> float:
        """Which part of the people was found."""
        return float(self.right.sum() / max(self.people, 1))

    @property
    def precision(self) -> float:
        """Which part of the answers is somebody."""
        return float(self.right.mean()) if len(self.right) else 0.0

    def at_precision(self, least: float) -> tuple[float, float] | None:
        """The best recall at this precision or a better one, and the least score that gives it.

        Returns:
            None where no least score reaches that precision.
        """
        count = np.arange(1, len(self.right) + 1)
        last = np.append(self.scores[:-1] > self.scores[1:], True)[
            : len(count)
        ]  # equal scores stay
        good = np.flatnonzero(last & (np.cumsum(self.right) / count >= least - 1e-9))
        if not len(good):
            return None
        best = int(good[-1])  # recall only grows with more answers
        return float(self.right[: best + 1].sum() / max(self.people, 1)), float(self.scores[best])


def require_pycocotools() -> None:
    """Say how to install what evaluates, before minutes are spent on the pictures."""
    if find_spec("pycocotools") is None:
        raise MissingExtra("pycocotools", "benchmark")


def judge_pictures(
    labels: Mapping[str, Any], answers: Mapping[int, Found], least_height_px: float = 96.0
) -> PeopleScore:
    """Score one side's answers.

    Args:
        labels: as in a COCO file of person keypoints: `images`, `annotations`, `categories`.
        answers: picture's id → who was found; a picture without an entry shows nobody.
        least_height_px: people whose box is less high do not count.
    """
    from pycocotools.cocoeval import COCOeval

    true = [_label(one, least_height_px) for one in labels["annotations"]]
    found = [one for picture, people in answers.items() for one in _answers(picture, people)]
    for number, one in enumerate(found, start=1):  # a match with number 0 would read as none
        one["id"] = number
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        judge = COCOeval(_index(labels, true), _index(labels, found), "keypoints")
        judge.params.areaRng, judge.params.areaRngLbl = [[0.0, 1e10]], ["all"]
        judge.params.maxDets = [MOST]
        judge.evaluate()
        pictures = [one for one in judge.evalImgs if one is not None]
        small = {one["id"] for one in found if one["height"] < least_height_px}
        for picture in pictures:
            low = np.array([number in small for number in picture["dtIds"]], bool)
            picture["dtIgnore"] = np.logical_or(
                picture["dtIgnore"], (picture["dtMatches"] == 0) & low
            )
        judge.accumulate()
    precision = judge.eval["precision"][:, :, 0, 0, 0]  # (T, R); −1 where nobody counts
    scores, right = _curve(pictures)
    return PeopleScore(
        _mean(precision),
        _mean(precision[:1]),
        sum(int((np.asarray(picture["gtIgnore"]) == 0).sum()) for picture in pictures),
        scores,
        right,
    )


def _curve(pictures: list[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores and matches at OKS 0.5 of the answers that count, surest first."""
    scores, right = [np.zeros(0)], [np.zeros(0, bool)]
    for picture in pictures:
        counts = ~np.asarray(picture["dtIgnore"][0], bool)
        scores.append(np.asarray(picture["dtScores"], np.float64)[counts])
        right.append(np.asarray(picture["dtMatches"][0] > 0)[counts])
    every = np.concatenate(scores)
    order = np.argsort(-every, kind="stable")
    return every[order], np.concatenate(right)[order]


def _label(one: Mapping[str, Any], least_height_px: float) -> dict[str, Any]:
    """A label as the evaluation reads it: who has no points counts for nothing."""
    _, _, width, height = one["bbox"]
    return {
        "iscrowd": 0,
        **one,
        "area": one.get("area", BOX_TO_AREA * width * height),
        "num_keypoints": 0 if height < least_height_px else one["num_keypoints"],
    }


def _answers(picture: int, found: Found) -> list[dict[str, Any]]:
    points = found.landmarks_px[:, _ORDER]
    rows = np.concatenate([points, np.ones((*points.shape[:2], 1))], axis=2)
    sides = np.ptp(points, axis=1)
    return [
        {
            "image_id": picture,
            "category_id": 1,
            "keypoints": row.ravel().tolist(),
            "score": float(score),
            "area": float(width * height),
            "height": float(height),
        }
        for row, score, (width, height) in zip(rows, found.scores, sides, strict=True)
    ]


def _index(labels: Mapping[str, Any], annotations: list[dict[str, Any]]) -> Any:
    from pycocotools.coco import COCO

    coco = COCO()
    coco.dataset = {
        "images": labels["images"],
        "categories": labels["categories"],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco


def _mean(precision: NDArray[np.float64]) -> float:
    known = precision[precision > -1]
    return float(known.mean()) if known.size else 0.0
