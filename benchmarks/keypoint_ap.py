"""OKS-AP, precision and recall of people in pictures, by COCO's own code.

The rules are those of COCO's keypoint evaluation (`pycocotools`): predictions match in descending
order of score, people without points and crowds are ignored, at most 20 predictions count in a
picture. Three rules are added. People below a stated height are ignored like crowds (COCO uses
areas), and so are unmatched predictions below that height. Where labels hold no area, it is 0.53 of
the box, the mean ratio of COCO's outlines to their boxes.

Precision and recall are at an OKS of 0.5. Because the highest scores match first, a higher score
threshold removes predictions and changes no other match: one evaluation serves all thresholds.
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

from benchmarks.reference.results import FrameResult
from benchmarks.tracking_metrics import BOX_TO_AREA
from blazetrack.errors import MissingExtra
from blazetrack.skeleton import BLAZEPOSE33, COCO17

__all__ = ["MAX_PEOPLE", "PeopleScore", "require_pycocotools", "score_images"]

MAX_PEOPLE = 20
"""Predictions that count in one picture: COCO's number for keypoints."""

_ORDER = [ours for ours, _ in sorted(BLAZEPOSE33.map_to(COCO17), key=lambda pair: pair[1])]


@dataclass(frozen=True, slots=True, eq=False)
class PeopleScore:
    """Result over all pictures.

    Attributes:
        ap: mean precision over OKS 0.50 to 0.95.
        ap50: mean precision at OKS 0.5.
        people: number that counts.
        scores: `(P,)` float64, of the predictions that count, descending.
        correct: `(P,)` bool, which of them match a person at OKS 0.5.
    """

    ap: float
    ap50: float
    people: int
    scores: NDArray[np.float64]
    correct: NDArray[np.bool_]

    @property
    def recall(self) -> float:
        """Share of people who were found."""
        return float(self.correct.sum() / max(self.people, 1))

    @property
    def precision(self) -> float:
        """Share of predictions that match a person."""
        return float(self.correct.mean()) if len(self.correct) else 0.0

    def at_precision(self, minimum: float) -> tuple[float, float] | None:
        """The highest recall with at least this precision, and its score threshold.

        Returns:
            None where no threshold reaches that precision.
        """
        count = np.arange(1, len(self.correct) + 1)
        last = np.append(self.scores[:-1] > self.scores[1:], True)  # equal scores stay together
        good = np.flatnonzero(
            last[: len(count)] & (np.cumsum(self.correct) / count >= minimum - 1e-9)
        )
        if not len(good):
            return None
        best = int(good[-1])  # recall only grows with more predictions
        return float(self.correct[: best + 1].sum() / max(self.people, 1)), float(self.scores[best])


def require_pycocotools() -> None:
    """Raise before minutes are spent on pictures, if `pycocotools` is not installed."""
    if find_spec("pycocotools") is None:
        raise MissingExtra("pycocotools", "benchmark")


def score_images(
    labels: Mapping[str, Any], predictions: Mapping[int, FrameResult], min_height_px: float = 96.0
) -> PeopleScore:
    """Score predictions.

    Args:
        labels: as in a COCO file of person keypoints: `images`, `annotations`, `categories`.
        predictions: picture id → people; a picture without an entry has none.
        min_height_px: minimum height of the box of a person who counts.
    """
    from pycocotools.cocoeval import COCOeval

    true = [_label(one, min_height_px) for one in labels["annotations"]]
    found = [one for picture, people in predictions.items() for one in _rows(picture, people)]
    for number, one in enumerate(found, start=1):  # id 0 would mean unmatched
        one["id"] = number
    with contextlib.redirect_stdout(io.StringIO()):  # suppress its progress output
        evaluation = COCOeval(_index(labels, true), _index(labels, found), "keypoints")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0.0, 1e10]], ["all"]
        evaluation.params.maxDets = [MAX_PEOPLE]
        evaluation.evaluate()
        pictures = [one for one in evaluation.evalImgs if one is not None]
        small = {one["id"] for one in found if one["height"] < min_height_px}
        for picture in pictures:
            low = np.array([number in small for number in picture["dtIds"]], bool)
            picture["dtIgnore"] = np.logical_or(
                picture["dtIgnore"], (picture["dtMatches"] == 0) & low
            )
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, 0]  # (T, R); −1 where no person counts
    scores, correct = _curve(pictures)
    return PeopleScore(
        _mean(precision),
        _mean(precision[:1]),
        sum(int((np.asarray(picture["gtIgnore"]) == 0).sum()) for picture in pictures),
        scores,
        correct,
    )


def _curve(pictures: list[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores and matches at OKS 0.5 of the predictions that count, by descending score."""
    scores, correct = [np.zeros(0)], [np.zeros(0, bool)]
    for picture in pictures:
        counts = ~np.asarray(picture["dtIgnore"][0], bool)
        scores.append(np.asarray(picture["dtScores"], np.float64)[counts])
        correct.append(np.asarray(picture["dtMatches"][0] > 0)[counts])
    every = np.concatenate(scores)
    order = np.argsort(-every, kind="stable")
    return every[order], np.concatenate(correct)[order]


def _label(one: Mapping[str, Any], min_height_px: float) -> dict[str, Any]:
    """A label for the evaluation, which ignores people with zero keypoints."""
    _, _, width, height = one["bbox"]
    return {
        "iscrowd": 0,
        **one,
        "area": one.get("area", BOX_TO_AREA * width * height),
        "num_keypoints": 0 if height < min_height_px else one["num_keypoints"],
    }


def _rows(picture: int, found: FrameResult) -> list[dict[str, Any]]:
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
