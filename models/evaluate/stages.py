"""The stages of one model, each scored: steps, stages of a network, and stages of a cascade.

- A file that was exported with `--stages` has the outputs `heatmap_1`, `landmarks_1` … of its
  earlier stages.
- The heatmap head with decoding `windows` has a coarse and a refined stage.
- A refinement model beside the file whose card names it is one stage more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from blazetrack.backends import Model, open_interpreter, open_model
from blazetrack.errors import InputError
from blazetrack.store import Store
from models.evaluate.datasets import EvaluationSet
from models.evaluate.landmarks import LandmarkResult
from models.evaluate.load_model import EvaluatedModel
from models.evaluate.scores import ground_truth, predict_crops, score_landmarks
from models.zoo.stages import stage_of

__all__ = ["Stage", "evaluate_stages", "gains", "stages_of"]


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
) -> list[LandmarkResult]:
    """Scores of each stage on aligned crops."""
    truth, results = ground_truth(people.samples), []
    for stage in stages_of(evaluated, threads):
        found = predict_crops(stage.model, people.samples, evaluated.refine, stage.refinement)
        label = f"{evaluated.label} {stage.name}".rstrip()
        results.append(
            LandmarkResult(label, "crops", found, score_landmarks(found, truth, min_score))
        )
    return results


def gains(results: list[LandmarkResult]) -> list[str]:
    """Each later stage against the first in PCK@0.2, with its sign: one line each."""
    first, *later = results
    lines = []
    for one in later:
        if first.scores.pck is not None and one.scores.pck is not None:
            gain = one.scores.pck - first.scores.pck
            lines.append(f"{one.model} over {first.model}: PCK@0.2 {gain:+.3f}")
    return lines


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
