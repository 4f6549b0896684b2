"""A new architecture is one file, one line and one config: trained, exported, evaluated and run."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")
pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

from blazetrack import PoseTracker  # noqa: E402
from blazetrack.store import Store  # noqa: E402
from blazetrack.store.tflite_file import load_interpreter  # noqa: E402
from models import zoo  # noqa: E402
from models.data.readers.synthetic import synthetic  # noqa: E402
from models.evaluate.datasets import EvaluationSet  # noqa: E402
from models.evaluate.landmarks import evaluate_landmarks  # noqa: E402
from models.evaluate.load_model import load_model  # noqa: E402
from models.quantize import representative_images  # noqa: E402
from models.train.config import load_settings  # noqa: E402
from models.train.trainer import train  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

FILES = {
    "heatmap": """
import keras
from models.zoo.heads.heatmap import heatmap_layer
from models.zoo.layers import conv_bn

SIZES = {}


def tiny_heatmap(side=64, keypoints=33):
    image = keras.Input((side, side, 3), name="image")
    x = conv_bn(conv_bn(image, 8, 3, 2), 16, 3, 2)
    first = heatmap_layer(x, keypoints, "heatmap_1")  # of an intermediate stage
    x = conv_bn(conv_bn(x, 16, 5), 16, 5)
    outputs = {"heatmap": heatmap_layer(x, keypoints), "heatmap_1": first}
    return keras.Model(image, outputs, name="tiny_heatmap")
""",
    "regression": """
import keras
from models.zoo.heads.regression import dense_layer
from models.zoo.layers import conv_bn

SIZES = {}


def tiny_regression(side=64, keypoints=33):
    image = keras.Input((side, side, 3), name="image")
    x = conv_bn(conv_bn(image, 8, 3, 2), 16, 3, 2)
    x = keras.layers.Flatten()(conv_bn(x, 8, 3, 2))
    landmarks, score = dense_layer(x, "landmarks", 3 * keypoints), dense_layer(x, "score", 1)
    return keras.Model(image, {"landmarks": landmarks, "score": score}, name="tiny_regression")
""",
}
LINES = {
    "heatmap": zoo.Architecture("heatmap", {"side": 32}, {"activation": "sigmoid"}),
    "regression": zoo.Architecture(
        "regression",
        {"side": 32},
        {"third": "z", "coordinates": "centred", "activation": "sigmoid"},
    ),
}
CONFIG = """
network: {name: tiny_HEAD}
data:
  packs: PACKS
  train: {drawn: {kind: synthetic, count: 16}}
  dev: {other: {kind: synthetic, count: 4, seed: 1}}
  workers: 1
run: {steps: 30, batch: 8, log_steps: 10, dev_steps: 30}
"""


@pytest.fixture(scope="module", params=["heatmap", "regression"])
def head(request: pytest.FixtureRequest) -> Iterator[str]:
    """A head with a network in the zoo."""
    name = f"tiny_{request.param}"
    module = ModuleType(f"models.zoo.{name}")
    exec(FILES[request.param], module.__dict__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        patch.setitem(zoo.ARCHITECTURES, name, LINES[request.param])
        yield str(request.param)


@pytest.fixture(scope="module")
def run(head: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained run."""
    folder = tmp_path_factory.mktemp(head)
    config = folder / "mine.yaml"
    text = CONFIG.replace("HEAD", head).replace("PACKS", str(folder / "packs"))
    config.write_text(text, encoding="utf-8")
    assert train(load_settings(config), folder / "run") == 0
    return folder / "run"


def signature_outputs(path: Path) -> set[str]:
    return set(
        load_interpreter(path.read_bytes()).get_signature_list()["serving_default"]["outputs"]
    )


def test_export_with_stages_keeps_their_outputs_beside_the_card(
    head: str, run: Path, tmp_path: Path
) -> None:
    from models.export.tflite import main as export_command

    path = tmp_path / "staged.tflite"
    export_command(run, path, stages=True)
    info = Store(tmp_path / "home").find(path).info
    extra = {"heatmap_1"} if head == "heatmap" else set()
    assert signature_outputs(path) == {*info.outputs, *extra}
    assert extra.isdisjoint(info.outputs)


def test_training_lowers_the_loss_and_evaluates(run: Path) -> None:
    with (run / "train.csv").open(encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]
    with (run / "dev.csv").open(encoding="utf-8") as file:
        assert "other pck" in next(csv.DictReader(file))


def test_run_is_evaluated(head: str, run: Path) -> None:
    people = EvaluationSet("2 people", list(synthetic(2, size=96)))
    result = evaluate_landmarks(load_model(str(run)), people, min_score=-1.0)[0]
    assert (result.scores.people, result.scores.found) == (2, 1.0)
    assert np.isfinite(result.predictions.points_px).all()


def test_export_runs_in_the_pipeline_from_its_card(
    head: str, run: Path, tmp_path: Path, weights: Store
) -> None:
    from models.export.tflite import main as export_command

    path = tmp_path / "mine.tflite"
    export_command(run, path)
    info = Store(tmp_path / "home").find(path).info
    assert (info.head, info.head_options) == (head, LINES[head].head_options)
    assert "heatmap_1" not in info.outputs
    assert len(representative_images(info, run, None, 4)) == 4
    assert signature_outputs(path).isdisjoint({"heatmap_1"})
    with PoseTracker(path, graph="pose_image", store=weights) as tracker:
        tracker.process(np.full((64, 64, 3), 90, np.uint8), 0.0)
