"""The tables of the zoo: every shipped system on a data set, its stages, and the mean pose.

Systems are the files of `models/weights/zoo` with a head for one person. Of a file exported with
`--stages` each stage is scored too, likewise coarse and refined maps, and the refinement model
beside a system. People are aligned by their labels, and none is left out for a low score, so that
the figures are those of the keypoints alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from blazetrack.backends import FileModel
from blazetrack.errors import InputError
from blazetrack.heads import head_of
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store, StoredModel
from blazetrack.store.prune_outputs import count
from models.common.tables import Style, print_table
from models.data.annotated import AnnotatedImage
from models.data.transforms.person_crop import region, to_image_of
from models.evaluate.datasets import EvaluationSet
from models.evaluate.load_model import EvaluatedModel
from models.evaluate.scores import (
    GroundTruth,
    LandmarkScores,
    Predictions,
    ground_truth,
    predict_crops,
    score_landmarks,
)
from models.evaluate.stages import StageScores, print_stages, share_text, stages_of

__all__ = ["MEAN_POSE", "WEIGHTS", "ZooRow", "evaluate_zoo", "mean_pose", "print_zoo"]

WEIGHTS = Path(__file__).parents[1] / "weights" / "zoo"
MEAN_POSE = "mean pose"
NO_MINIMUM = -1.0  # score above which a person counts as found


@dataclass(frozen=True, slots=True)
class ZooRow:
    """Scores of one system.

    Attributes:
        system: its name.
        data: name of the data set.
        scores: of the outputs that its head decodes, those of the last stage.
        stages: PCK@0.2 of each stage by name, the last included.
        parameters, multiply_adds: of the file without the outputs that are not read; None for the
            mean pose.
        ms: mean time of the networks for a crop of a person.
    """

    system: str
    data: str
    scores: LandmarkScores
    stages: Mapping[str, float | None] = field(default_factory=dict)
    parameters: int | None = None
    multiply_adds: int | None = None
    ms: float | None = None


def evaluate_zoo(
    people: EvaluationSet,
    data: str,
    folder: Path = WEIGHTS,
    threads: int = 1,
    store: Store | None = None,
) -> list[ZooRow]:
    """The mean pose, and each system of `folder` by name.

    Args:
        people: of the data set.
        data: its name.
        folder: of the files with their cards.
        threads: for TFLite.
        store: of the models; None is the user's cache.

    Raises:
        InputError: there is no system.
    """
    truth, store = ground_truth(people.samples), store or Store()
    scores = score_landmarks(mean_pose(people.samples), truth, NO_MINIMUM)
    rows = [ZooRow(MEAN_POSE, data, scores)]
    for path in sorted(folder.glob("*.tflite")):
        stored = store.find(path)
        if stored.info.kind == "landmarks" and not head_of(stored.info).several:
            rows.append(_evaluate(stored, people, truth, data, store, threads))
    if len(rows) == 1:
        raise InputError(
            f"zoo: no system in {folder}: train one of models/configs/zoo, and export it to there"
        )
    return rows


def _evaluate(
    stored: StoredModel,
    people: EvaluationSet,
    truth: GroundTruth,
    data: str,
    store: Store,
    threads: int,
) -> ZooRow:
    name = stored.path.stem
    model = FileModel(stored.info, partial(store.variant, stored), threads=threads)
    stages: dict[str, float | None] = {}
    for stage in stages_of(EvaluatedModel(name, model, True, stored.path), threads, store):
        found = predict_crops(stage.model, people.samples, refinement=stage.refinement)
        scores = score_landmarks(found, truth, NO_MINIMUM)
        stages[stage.name] = scores.pck
    costs = np.array(_costs(model))
    if isinstance(stage.refinement, FileModel):  # once for each keypoint
        parameters, *each = _costs(stage.refinement)
        keypoints = len(stored.info.skeleton or BLAZEPOSE33)
        costs += (parameters, *(keypoints * one for one in each))
    return ZooRow(name, data, scores, stages, int(costs[0]), int(costs[1]), float(costs[2]))


def _costs(model: FileModel) -> tuple[float, float, float]:
    """Parameters, multiply-adds and mean milliseconds of a run."""
    size, runs = count(model.path()), max(model.runs - 1, 1)
    return size.parameters, size.multiply_adds, model.seconds / runs * 1e3


def mean_pose(samples: Sequence[AnnotatedImage]) -> Predictions:
    """For every person the same pose in the crop: the mean of the labels of all these people.

    The best that a network could do that sees nothing but the alignment.
    """
    skeleton = samples[0].skeleton
    matrices = [to_image_of(region(sample.alignment_px), 1) for sample in samples]
    points = []
    for sample, matrix in zip(samples, matrices, strict=True):
        inverse = np.linalg.inv(np.vstack([matrix, (0.0, 0.0, 1.0)]))[:2]
        xy = sample.points_px[0, :, :2].astype(np.float64) @ inverse[:, :2].T + inverse[:, 2]
        points.append(np.where(sample.labelled[0, :, None], xy, np.nan))
    known = np.isfinite(points).any(axis=(0, 2))
    mean = np.full((len(skeleton), 2), 0.5)
    mean[known] = np.nanmean(np.array(points)[:, known], axis=0)
    placed = [mean @ matrix[:, :2].T + matrix[:, 2] for matrix in matrices]
    return Predictions(skeleton, np.stack(placed), np.ones(len(samples)))


def print_zoo(rows: Sequence[ZooRow], style: Style) -> None:
    """Print a table per data set, and one of the stages on all of them."""
    if style is Style.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
        return
    head = ["parameters", "multiply-adds", "ms", "PCK@0.2", "PCKh@0.5", "PDJ@0.2", "PCP@0.5", "OKS"]
    for data, same in groupby(rows, key=lambda row: row.data):
        cells = [
            [
                row.system,
                _number(row.parameters, 1e6, "M", 2),
                _number(row.multiply_adds, 1e6, "M", 0),
                _number(row.ms, 1.0, "", 1),
                *map(share_text, _shares(row.scores)),
            ]
            for row in same
        ]
        print_table([f"on {data}", *head], cells, style)
    staged = [StageScores(row.system, row.data, row.stages) for row in rows if row.stages]
    print_stages(sorted(staged, key=lambda row: row.model), style)


def _shares(scores: LandmarkScores) -> tuple[float | None, ...]:
    return scores.pck, scores.pckh, scores.pdj_at_02, scores.pcp, scores.oks


def _number(value: float | None, unit: float, suffix: str, digits: int) -> str:
    return "–" if value is None else f"{value / unit:.{digits}f} {suffix}".strip()
