"""The table of the zoo: systems of a folder, their stages, and the mean pose."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")
pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

from blazetrack.errors import InputError  # noqa: E402
from blazetrack.store import Store  # noqa: E402
from blazetrack.store.manifest import Card  # noqa: E402
from models.common.tables import Style  # noqa: E402
from models.data.readers.synthetic import synthetic  # noqa: E402
from models.evaluate.datasets import EvaluationSet  # noqa: E402
from models.evaluate.scores import ground_truth, score_landmarks  # noqa: E402
from models.evaluate.zoo import MEAN_POSE, evaluate_zoo, mean_pose, print_zoo  # noqa: E402
from models.export.model_card import write_model  # noqa: E402
from models.export.tflite import to_tflite  # noqa: E402
from models.zoo import ARCHITECTURES, build, deployed, model_info  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STAGED = "cpm"


@pytest.fixture(scope="module")
def people() -> EvaluationSet:
    return EvaluationSet("3 people", list(synthetic(3, size=96)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of two untrained systems, one of them with two stages."""
    place = tmp_path_factory.mktemp("zoo")
    keras.utils.set_random_seed(0)
    for name in (STAGED, "simple_baseline"):
        network = build(name, **{**ARCHITECTURES[name].tiny, "keypoints": 33})
        info = model_info(deployed(network), name)
        content = to_tflite(deployed(network, stages=True))
        write_model(place / f"{name}.tflite", content, Card(info, "untrained"))
    return place


@pytest.fixture(scope="module")
def rows(folder: Path, people: EvaluationSet) -> list[Any]:
    return evaluate_zoo(people, "drawn", folder, store=Store(folder / "home"))


def test_evaluate_zoo_has_the_mean_pose_and_each_system(rows: list[Any]) -> None:
    assert [row.system for row in rows] == [MEAN_POSE, STAGED, "simple_baseline"]
    assert all(row.scores.found == 1.0 for row in rows)
    for row in rows[1:]:
        assert row.parameters > 0
        assert row.multiply_adds > 0
        assert row.ms > 0


def test_evaluate_zoo_scores_each_stage_of_a_file_with_stages(rows: list[Any]) -> None:
    assert [list(row.stages) for row in rows] == [[], ["stage 1", "last"], [""]]
    assert rows[1].stages["last"] == rows[1].scores.pck


def test_evaluate_zoo_empty_folder_is_error(tmp_path: Path, people: EvaluationSet) -> None:
    with pytest.raises(InputError, match=r"no system in .*: train one of models/configs/zoo"):
        evaluate_zoo(people, "drawn", tmp_path, store=Store(tmp_path / "home"))


def test_print_zoo_prints_gain_of_the_last_stage_with_sign(
    rows: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    print_zoo([*rows, *(replace(row, data="again") for row in rows)], Style.markdown)
    text = capsys.readouterr().out
    for data in ("drawn", "again"):
        assert f"| on {data} | parameters | multiply-adds | ms | PCK@0.2 | PCKh@0.5 |" in text
    *_, head, _, first, second = text.strip().splitlines()
    assert head == "| stages of | on | stage | PCK@0.2 | last − first |"
    assert (first.split(" | ")[:3], second.split(" | ")[1]) == (
        [f"| {STAGED}", "drawn", "stage 1, last"],
        "again",
    )
    assert first.split("|")[-2].strip()[0] in "+-"
    print_zoo(rows, Style.json)
    content = json.loads(capsys.readouterr().out)
    assert [(one["system"], one["data"]) for one in content] == [
        (row.system, "drawn") for row in rows
    ]


def test_mean_pose_of_one_person_is_that_person() -> None:
    samples = list(synthetic(1, size=96))
    truth = ground_truth(samples)
    scores = score_landmarks(mean_pose(samples), truth)
    assert scores.pck == scores.pdj_at_02 == 1.0


def test_mean_pose_of_several_people_is_the_same_in_each_crop() -> None:
    samples = list(synthetic(4, size=96))
    predicted = mean_pose(samples)
    sizes = np.ptp(predicted.points_px, axis=1)
    sides = [np.hypot(*np.diff(one.alignment_px[0], axis=0)[0]) for one in samples]
    diagonals = np.hypot(*sizes.T) / sides
    assert np.isfinite(predicted.points_px).all()
    # Regions may be rotated; the extent along the axes varies a little with the angle.
    assert np.ptp(diagonals) < 0.5 * diagonals.mean()


def test_command_sheet_of_the_zoo_and_several_data_sets_of_others_are_errors() -> None:
    from models.evaluate.__main__ import main

    with pytest.raises(InputError, match="take single models, not the zoo"):
        main(["zoo"], on=["lspet_dev"], sheet=Path("x.png"))
    with pytest.raises(InputError, match="several --on are for the zoo only"):
        main(["full"], on=["lspet_dev", "coco_dev"])
