"""Scores of landmark models on labelled people: on aligned crops, and on a clip by the tracker.

PCK counts a keypoint as correct within 0.2 of the torso, the mean of its two labelled diagonals;
people without a fully labelled torso are left out of it. A person with a score up to `--min-score`
is not found, and all keypoints of a person who is not found are wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from blazetrack import PoseTracker
from blazetrack.types import Frame
from models.common.tables import Style, print_table
from models.evaluate.datasets import EvaluationSet
from models.evaluate.load_model import EvaluatedModel, tflite_path
from models.evaluate.scores import (
    LandmarkScores,
    Predictions,
    ground_truth,
    predict_crops,
    score_landmarks,
)
from models.evaluate.worst_cases import write_contact_sheet

__all__ = [
    "LandmarkResult",
    "evaluate_landmarks",
    "print_landmarks",
    "track_frames",
    "write_sheets",
]


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkResult:
    """One row of the table.

    Attributes:
        model: its name.
        way: `crops`, aligned by the labels, or `tracker`, the whole pipeline over a clip.
    """

    model: str
    way: str
    predictions: Predictions
    scores: LandmarkScores


def evaluate_landmarks(
    evaluated: EvaluatedModel, people: EvaluationSet, min_score: float = 0.5, threads: int = 1
) -> list[LandmarkResult]:
    """Evaluate a model on aligned crops, and on a clip also as a tracker."""
    truth = ground_truth(people.samples)
    ways = {"crops": predict_crops(evaluated.model, people.samples, evaluated.refine)}
    if people.frames is not None:
        ways["tracker"] = _track(evaluated, people, threads)
    return [
        LandmarkResult(evaluated.label, way, one, score_landmarks(one, truth, min_score))
        for way, one in ways.items()
    ]


def _track(evaluated: EvaluatedModel, people: EvaluationSet, threads: int) -> Predictions:
    """Predictions of the whole pipeline for the one person of a clip."""
    options = {} if evaluated.refine else {"refine": False}
    with (
        tflite_path(evaluated) as path,
        PoseTracker(path, threads=threads, options=options) as tracker,
    ):
        return track_frames(tracker, people.frames or ())


def track_frames(
    tracker: PoseTracker, frames: Sequence[Frame], *, static: bool = False
) -> Predictions:
    """Predictions of the whole pipeline, of the first person in each frame.

    Args:
        tracker: with any graph; reset first.
        frames: of one clip, or unrelated.
        static: the frames are unrelated: reset before each.
    """
    points = np.full((len(frames), len(tracker.skeleton), 2), np.nan)
    scores = np.full(len(frames), np.nan)
    for i, frame in enumerate(frames):
        if static or i == 0:
            tracker.reset()
        poses = tracker(frame)
        if len(poses):
            points[i], scores[i] = poses.landmarks_px[0, :, :2], poses.scores[0]
    return Predictions(tracker.skeleton, points, scores)


def print_landmarks(
    results: Sequence[LandmarkResult], data: str, style: Style, joints: bool = False
) -> None:
    """Print the table; with `joints` a second one of PCK per keypoint."""
    if style is Style.json:
        content = [
            {"model": one.model, "data": data, "way": one.way, **asdict(one.scores)}
            for one in results
        ]
        print(json.dumps(content, indent=1))
        return
    head = ["model", "on", "people", "found", "PCK@0.2", "PCKh@0.5", "PDJ", "PCP", "OKS"]
    print_table(head, [_cells(one, data) for one in results], style)
    if joints:
        names = list(dict.fromkeys(name for one in results for name in one.scores.joints))
        cells = [
            [name, *(_share(one.scores.joints.get(name)) for one in results)] for name in names
        ]
        print_table(["PCK@0.2 of", *(f"{one.model}, {one.way}" for one in results)], cells, style)


def _cells(result: LandmarkResult, data: str) -> list[str]:
    it = result.scores
    shares = (it.found, it.pck, it.pckh, it.pdj, it.pcp, it.oks)
    people = f"{it.people}" if it.measured == it.people else f"{it.people} ({it.measured})"
    return [result.model, f"{data}, {result.way}", people, *map(_share, shares)]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def write_sheets(path: Path, results: Sequence[LandmarkResult], people: EvaluationSet) -> None:
    """Write a contact sheet of each result: `path`, or with names of model and way in its name."""
    truth = ground_truth(people.samples)
    for one in results:
        name = "_".join(f"{one.model} {one.way}".replace("(", "").replace(")", "").split())
        file = path if len(results) == 1 else path.with_name(f"{path.stem}.{name}{path.suffix}")
        write_contact_sheet(file, people.samples, one.predictions, truth)
        print(f"wrote {file}", file=sys.stderr)
