"""Exported files: equal to their networks, named, described, and whole or not written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

from blazetrack import PoseTracker
from blazetrack.errors import ModelError
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.store import Store
from blazetrack.store.manifest import Card
from blazetrack.store.tflite_file import load_interpreter
from models.export import tflite as exporting
from models.export.model_card import info_of, write_model
from models.export.tflite import compare, export, strangers, to_tflite
from models.train.checkpoint import load_network
from models.zoo import NETWORKS, build, deployed

# Keras 3 on NumPy 2.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def network(tiny_run: Path) -> object:
    return deployed(load_network(tiny_run)[0])


@pytest.fixture(scope="module")
def content(network: object) -> bytes:
    return to_tflite(network)


def test_a_file_gives_what_its_network_gives(network: object, content: bytes) -> None:
    differences = compare(network, content)
    assert {one.output for one in differences} == {"landmarks", "score", "world"}
    assert max(max(one.noise, one.people) for one in differences) < 1e-4


def test_norms_are_folded_and_xnnpack_takes_every_operator(content: bytes) -> None:
    operators = load_interpreter(content, delegates=False)._get_ops_details()
    kinds = [operator["op_name"] for operator in operators]
    assert "MUL" not in kinds
    assert kinds.count("CONV_2D") > 5
    assert strangers(content) == []


def test_tensors_and_signature_are_called_by_meaning(content: bytes) -> None:
    interpreter = load_interpreter(content)
    assert [one["name"] for one in interpreter.get_input_details()] == ["image"]
    assert {one["name"] for one in interpreter.get_output_details()} == {
        "landmarks", "score", "world",
    }  # fmt: skip
    signature = interpreter.get_signature_list()["serving_default"]
    assert signature["inputs"] == ["image"]
    assert sorted(signature["outputs"]) == ["landmarks", "score", "world"]


def test_a_detector_is_exported_too() -> None:
    network = deployed(build("blazeface", **NETWORKS["blazeface"].tiny))
    content = to_tflite(network)
    assert {one.output for one in compare(network, content)} == {"boxes", "scores"}
    assert strangers(content) == []
    info = info_of(network, "mine")
    assert (info.kind, info.border, info.skeleton) == ("detector", "zero", None)
    assert info.anchors is not None


def test_16_bit_weights_halve_the_file_and_cost_little(network: object, content: bytes) -> None:
    small = to_tflite(network, float16=True)
    assert len(small) < 0.75 * len(content)
    assert max(max(one.noise, one.people) for one in compare(network, small)) < 1e-2


def test_an_export_runs_in_the_pipeline(
    network: object, tmp_path: Path, weights: Store, people: object
) -> None:
    path = tmp_path / "mine.tflite"
    card = Card(info_of(network, "mine"), "a test", "", 0, "Apache-2.0", "For tests.")
    export(network, path, card)
    found = Store(tmp_path / "home").find(path)
    assert (found.info.name, found.info.input_hw) == ("mine", (32, 32))
    assert (found.licence, found.sentence) == ("Apache-2.0", "For tests.")
    assert found.info.skeleton == BLAZEPOSE33
    with PoseTracker(path, store=weights) as tracker:
        tracker.process(np.zeros((64, 64, 3), np.uint8), 0.0)


def test_a_keypoint_set_of_ones_own_travels_beside_the_file(tmp_path: Path) -> None:
    network = deployed(build("blazepose", **NETWORKS["blazepose"].tiny))
    mine = Skeleton("robot", ("a", "b", "c", "d", "e"), ((0, 1),), None, ((1, 2),))
    path = tmp_path / "robot.tflite"
    write_model(path, to_tflite(network), Card(info_of(network, "robot", mine), "a test"))
    with PoseTracker(path, graph="pose_image", store=Store(tmp_path / "home")) as tracker:
        assert tracker.skeleton == mine
    with pytest.raises(ModelError, match="has 5 keypoints, blazepose33 names 33"):
        info_of(network, "robot")


def test_a_file_that_differs_is_not_written(
    network: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    path = tmp_path / "mine.tflite"
    path.write_bytes(b"older")
    with pytest.raises(ModelError, match="would differ from Keras by more than"):
        export(network, path, Card(info_of(network, "mine"), "a test"))
    assert path.read_bytes() == b"older"


def test_nan_is_a_difference(network: object, content: bytes) -> None:
    class Broken:
        input_shape = network.input_shape  # type: ignore[attr-defined]

        def __call__(self, picture: np.ndarray, training: bool) -> dict[str, np.ndarray]:
            outputs = network(picture, training=training)  # type: ignore[operator]
            return {name: np.asarray(value) * np.nan for name, value in outputs.items()}

    assert all(np.isnan(one.noise) for one in compare(Broken(), content))


def test_another_framework_is_told(network: object, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ModelError, match="KERAS_BACKEND=tensorflow"):
        to_tflite(network)
