"""A cascade from configs to the graph: stage 1, stage 2 on its errors, export, `pose_cascade`."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")
pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

from blazetrack import PoseTracker  # noqa: E402
from blazetrack.errors import InputError  # noqa: E402
from blazetrack.sources.synthetic import SyntheticSource  # noqa: E402
from blazetrack.store import Store  # noqa: E402
from models.train.config import load_settings  # noqa: E402
from models.train.trainer import train  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

CONFIG = """
network:
  name: NAME
  options: {side: 32, width: [8, 8, 8, 8, 8], dense: [32], stride: 1, dropout: 0.0}
data:
  packs: PACKS
  train: {drawn: {kind: synthetic, count: 8}}
  dev: {other: {kind: synthetic, count: 3, seed: 1}}
  workers: 1
run: {steps: 6, batch: 8, log_steps: 3, dev_steps: 6}
"""
STAGES = {"deeppose": "", "deeppose_refinement": "  previous: PREVIOUS\n  error_people: 8\n"}


def config(name: str, folder: Path, previous: str) -> Path:
    text = CONFIG.replace("NAME", name).replace("PACKS", str(folder / "packs"))
    text = text.replace("  workers", STAGES[name].replace("PREVIOUS", previous) + "  workers")
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the runs of both stages."""
    folder = tmp_path_factory.mktemp("cascade")
    for name in STAGES:
        settings = load_settings(config(name, folder, str(folder / "deeppose")))
        assert train(settings, folder / name) == 0
    return folder


def test_training_of_stage_2_evaluates_the_refinement(runs: Path) -> None:
    with (runs / "deeppose_refinement" / "dev.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert float(row["other remaining"]) > 0
    assert 0 <= float(row["other closer"]) <= 1


def test_exported_stages_run_in_the_graph(runs: Path, tmp_path: Path, weights: Store) -> None:
    from models.export.tflite import main as export_command

    for name in STAGES:
        export_command(runs / name, tmp_path / f"{name}.tflite")
    found = weights.find(tmp_path / "deeppose_refinement.tflite")
    assert (found.refines, found.info.kind) == ("deeppose", "refinement")
    stage_1 = tmp_path / "deeppose.tflite"
    options = {"min_tracking_score": 0.0, "min_pose_score": 0.0}
    with PoseTracker(stage_1, graph="pose_cascade", store=weights, options=options) as tracker:
        for frame in SyntheticSource("jacks", frames=2, size=(256, 256)):
            tracker(frame)
        # Each person's crop once, each of its keypoints once.
        people = tracker.models["landmarks"].runs
        assert people > 0
        assert tracker.models["refinement"].runs == 33 * people


def test_previous_stage_of_another_kind_is_one_line(runs: Path, tmp_path: Path) -> None:
    path = config("deeppose_refinement", tmp_path, str(runs / "deeppose_refinement"))
    with pytest.raises(InputError, match=r"data\.previous: expected a landmark model, got"):
        train(load_settings(path), tmp_path / "run")


def test_previous_stage_is_required(tmp_path: Path) -> None:
    path = config("deeppose_refinement", tmp_path, "x")
    text = "\n".join(
        line for line in path.read_text("utf-8").splitlines() if "previous" not in line
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"data\.previous: Field required"):
        load_settings(path)


def test_errors_of_the_stage_before_are_in_parts_of_the_side(runs: Path) -> None:
    from models.data.readers.synthetic import synthetic
    from models.data.transforms.augment import AugmentSettings
    from models.train.previous_stage import open_stage, stage_errors

    people = synthetic(4)
    model = open_stage(str(runs / "deeppose"))
    errors = stage_errors(model, [people], people[0].skeleton, AugmentSettings.none().cut, 4)
    assert errors.shape == (4, 33, 2)
    known = errors[np.isfinite(errors).all(axis=-1)]
    assert 0.01 < np.abs(known).mean() < 0.5
