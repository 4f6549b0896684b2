"""The stages of one model, each scored: steps, stages of a network, and stages of a cascade.

- A file that was exported with `--stages` has the outputs `heatmap_1`, `landmarks_1` … of its
  earlier stages.
- The heatmap head with decoding `windows` has a coarse and a refined stage.
- A refinement model beside the file whose card names it is one stage more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from blazetrack.backends import Model, open_interpreter, open_model
from blazetrack.errors import InputError
from blazetrack.store import Store
from models.common.tables import Style, print_table
from models.evaluate.datasets import EvaluationSet
from models.evaluate.landmarks import LandmarkResult
from models.evaluate.load_model import EvaluatedModel
from models.evaluate.scores import ground_truth, predict_crops, score_landmarks
from models.zoo.stages import stage_of

__all__ = [
    "Stage",
    "StageScores",
    "evaluate_stages",
    "print_stages",
    "share_text",
    "stage_scores",
    "stages_of",
]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a model.

    Attributes:
        name: `stage 1`, `coarse`, `last` ….
        model: with the outputs of that stage.
        refinement: of the keypoints that it finds, or None.
    """

    name: str
    model: Model
    refinement: Model | None = None


@dataclass(frozen=True, slots=True)
class StageScores:
    """PCK@0.2 of the stages of one model on one data set.

    Attributes:
        model: its name.
        data: name of the data set.
        pck: of each stage by its name, in order.
    """

    model: str
    data: str
    pck: Mapping[str, float | None]

    @property
    def gain(self) -> float | None:
        """The last stage minus the first."""
        first, *_, last = self.pck.values()
        return None if first is None or last is None else last - first


def stages_of(
    evaluated: EvaluatedModel, threads: int = 1, store: Store | None = None
) -> list[Stage]:
    """The stages of a TFLite file in order; one for a model without stages.

    Raises:
        InputError: the model is no file.
    """
    path, info = evaluated.path, evaluated.model.info
    if path is None:
        raise InputError(
            f"evaluate: --stages is for .tflite files (models.export --stages), got"
            f" {evaluated.label}"
        )
    stages = []
    for number, outputs in enumerate(_earlier_outputs(path, info.outputs), start=1):
        earlier = replace(info, outputs=outputs)
        stages.append(Stage(f"stage {number}", open_model(path, earlier, threads=threads)))
    if info.head_options.get("decoding") == "windows":
        coarse = replace(info, head_options={**info.head_options, "decoding": "quarter"})
        stages.append(Stage("coarse", open_model(path, coarse, threads=threads)))
        return [*stages, Stage("refined", evaluated.model)]
    store = store or Store()
    refined = store.refinement_of(store.describe(path))
    if refined is not None:
        refinement = open_model(refined.path, refined.info, threads=threads)
        first = Stage(f"stage {len(stages) + 1}", evaluated.model)
        return [*stages, first, Stage(f"stage {len(stages) + 2}", evaluated.model, refinement)]
    return [*stages, Stage("last" if stages else "", evaluated.model)]


def evaluate_stages(
    evaluated: EvaluatedModel, people: EvaluationSet, min_score: float = 0.5, threads: int = 1
) -> dict[str, LandmarkResult]:
    """Scores of each stage on aligned crops, by the name of the stage."""
    truth, results = ground_truth(people.samples), {}
    for stage in stages_of(evaluated, threads):
        found = predict_crops(stage.model, people.samples, evaluated.refine, stage.refinement)
        label = f"{evaluated.label} {stage.name}".rstrip()
        scores = score_landmarks(found, truth, min_score)
        results[stage.name] = LandmarkResult(label, "crops", found, scores)
    return results


def stage_scores(model: str, data: str, results: Mapping[str, LandmarkResult]) -> StageScores:
    """The row of a model for `print_stages`; results as of `evaluate_stages`."""
    return StageScores(model, data, {name: one.scores.pck for name, one in results.items()})


def print_stages(rows: Sequence[StageScores], style: Style) -> None:
    """Print PCK@0.2 of each stage, and the gain of the last over the first with its sign.

    Models of one stage are left out; without others nothing is printed.
    """
    cells = []
    for row in rows:
        if len(row.pck) > 1:
            names, shares = ", ".join(row.pck), ", ".join(map(share_text, row.pck.values()))
            gain = "–" if row.gain is None else f"{row.gain:+.3f}"
            cells.append([row.model, row.data, names, shares, gain])
    if cells:
        print_table(["stages of", "on", "stage", "PCK@0.2", "last − first"], cells, style)


def share_text(value: float | None) -> str:
    """A share with three digits; a dash for None."""
    return "–" if value is None else f"{value:.3f}"


def _earlier_outputs(path: Path, outputs: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """For each earlier stage of a file, the outputs of the head with those of that stage."""
    names = set(open_interpreter(path).output_shapes)
    numbers = {stage_of(name)[1] for name in names if stage_of(name)[0] in outputs.values()}
    for number in sorted(number for number in numbers if number is not None):
        staged = {meaning: f"{name}_{number}" for meaning, name in outputs.items()}
        yield {
            meaning: staged[meaning] if staged[meaning] in names else name
            for meaning, name in outputs.items()
        }
