"""Scores per stage, of files with toy networks."""

from __future__ import annotations

from pathlib import Path

import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")
pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

from blazetrack.backends import FakeModel  # noqa: E402
from blazetrack.errors import InputError  # noqa: E402
from blazetrack.model_info import ModelInfo  # noqa: E402
from blazetrack.store.manifest import Card  # noqa: E402
from blazetrack.store.prune_outputs import count  # noqa: E402
from models.common.tables import Style  # noqa: E402
from models.data.readers.synthetic import synthetic  # noqa: E402
from models.evaluate.datasets import EvaluationSet  # noqa: E402
from models.evaluate.load_model import EvaluatedModel, load_model  # noqa: E402
from models.evaluate.stages import (  # noqa: E402
    StageScores,
    evaluate_stages,
    print_stages,
    stage_scores,
    stages_of,
)
from models.evaluate.zoo import evaluate_zoo  # noqa: E402
from models.export.tflite import export  # noqa: E402
from models.zoo import ARCHITECTURES, build, deployed, model_info  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def file_of(name: str, folder: Path, refines: str = "") -> Path:
    """A tiny network of the zoo with fresh weights, exported with its stages."""
    keras.utils.set_random_seed(1)
    network = build(name, **{**ARCHITECTURES[name].tiny, "keypoints": 33})
    path, info = folder / f"{name}.tflite", model_info(deployed(network), name)
    export(deployed(network, stages=True), path, Card(info, "test", refines=refines))
    return path


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("error_feedback", ["stage 1", "stage 2", "last"]),
        ("efficient_localization", ["coarse", "refined"]),
        ("deeppose", [""]),
    ],
)
def test_stages_of_a_file_by_its_outputs_and_head(
    name: str, stages: list[str], tmp_path: Path
) -> None:
    found = stages_of(load_model(str(file_of(name, tmp_path))))
    assert [one.name for one in found] == stages
    if name == "error_feedback":
        outputs = [one.model.info.outputs["landmarks"] for one in found]
        assert outputs == ["landmarks_1", "landmarks_2", "landmarks"]


def test_evaluate_stages_scores_the_refinement_beside_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of("deeppose", tmp_path)
    file_of("deeppose_refinement", tmp_path, refines="deeppose")
    people = EvaluationSet("2 people", list(synthetic(2, size=96)))
    results = evaluate_stages(load_model(str(path)), people, min_score=-1.0)
    assert [one.model for one in results.values()] == [
        "deeppose.tflite stage 1",
        "deeppose.tflite stage 2",
    ]
    first, second = (one.predictions.points_px for one in results.values())
    assert (first != second).any()
    assert list(stage_scores("deeppose.tflite", "drawn", results).pck) == ["stage 1", "stage 2"]
    pck = {"stage 1": 0.5, "stage 2": 0.25}
    alone = StageScores("other", "drawn", {"": 0.5})
    print_stages([StageScores("deeppose.tflite", "drawn", pck), alone], Style.markdown)
    row = "| deeppose.tflite | drawn | stage 1, stage 2 | 0.500, 0.250 | -0.250 |"
    assert capsys.readouterr().out.strip().splitlines()[-1] == row


def test_stages_of_a_model_without_a_file_is_one_line() -> None:
    info = ModelInfo("run", "landmarks", (8, 8), (0, 1), "zero")
    other = EvaluatedModel("run", FakeModel(info, lambda one: {}), True, None)
    with pytest.raises(InputError, match=r"--stages is for \.tflite files"):
        stages_of(other)


def test_zoo_row_of_a_cascade_has_both_stages_and_the_cost_of_all_keypoints(tmp_path: Path) -> None:
    first = file_of("deeppose", tmp_path)
    people = EvaluationSet("2 people", list(synthetic(2, size=96)))
    alone = evaluate_zoo(people, "drawn", tmp_path)[1]
    second = file_of("deeppose_refinement", tmp_path, refines="deeppose")
    mean, row = evaluate_zoo(people, "drawn", tmp_path)
    assert (mean.system, row.system) == ("mean pose", first.stem)
    assert (len(alone.stages), len(row.stages)) == (1, 2)
    assert row.multiply_adds == alone.multiply_adds + 33 * count(second).multiply_adds
