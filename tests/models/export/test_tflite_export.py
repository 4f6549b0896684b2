"""Exported files: equality with the network, tensor names, cards, errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

from blazetrack import PoseTracker
from blazetrack.errors import InputError, ModelError
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.store import Store
from blazetrack.store.manifest import Card
from blazetrack.store.tflite_file import load_interpreter
from models.export import tflite as exporting
from models.export.model_card import replaced_card, write_model
from models.export.tflite import compare, export, pixel_outputs, to_tflite, unsupported_ops
from models.train.checkpoint import load_network
from models.zoo import ARCHITECTURES, build, deployed, model_info

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


def test_compare_file_and_network_are_equal(network: object, content: bytes) -> None:
    differences = compare(network, content, model_info(network, "tiny"))
    assert {one.output for one in differences} == {"landmarks", "score", "world"}
    assert max(max(one.noise, one.people) for one in differences) < 1e-4


def test_to_tflite_folds_norms_and_uses_xnnpack_operators(content: bytes) -> None:
    operators = load_interpreter(content, delegates=False)._get_ops_details()
    kinds = [operator["op_name"] for operator in operators]
    assert "MUL" not in kinds
    assert kinds.count("CONV_2D") > 5
    assert unsupported_ops(content) == []


def test_to_tflite_names_tensors_by_meaning(content: bytes) -> None:
    interpreter = load_interpreter(content)
    assert [one["name"] for one in interpreter.get_input_details()] == ["image"]
    assert {one["name"] for one in interpreter.get_output_details()} == {
        "landmarks", "score", "world",
    }  # fmt: skip
    signature = interpreter.get_signature_list()["serving_default"]
    assert signature["inputs"] == ["image"]
    assert sorted(signature["outputs"]) == ["landmarks", "score", "world"]


def test_to_tflite_of_a_detector() -> None:
    network = deployed(build("blazeface", **ARCHITECTURES["blazeface"].tiny))
    content, info = to_tflite(network), model_info(network, "mine")
    assert {one.output for one in compare(network, content, info)} == {"boxes", "scores"}
    assert unsupported_ops(content) == []
    assert pixel_outputs(info) == {"boxes"}
    assert (info.kind, info.border, info.skeleton) == ("detector", "zero", None)
    assert info.anchors is not None


def test_to_tflite_float16_is_smaller_and_close(network: object, content: bytes) -> None:
    small = to_tflite(network, float16=True)
    assert len(small) < 0.75 * len(content)
    assert (
        max(
            max(one.noise, one.people)
            for one in compare(network, small, model_info(network, "tiny"))
        )
        < 1e-2
    )


def test_export_runs_in_the_pipeline(
    network: object, tmp_path: Path, weights: Store, people: object
) -> None:
    path = tmp_path / "mine.tflite"
    info = model_info(network, "mine")
    card = Card(info, "a test", licence="Apache-2.0", sentence="For tests.")
    export(network, path, card)
    found = Store(tmp_path / "home").find(path)
    assert (found.info.name, found.info.input_hw) == ("mine", (32, 32))
    assert (found.licence, found.sentence) == ("Apache-2.0", "For tests.")
    assert found.info.skeleton == BLAZEPOSE33
    with PoseTracker(path, store=weights) as tracker:
        tracker.process(np.zeros((64, 64, 3), np.uint8), 0.0)


def test_write_model_custom_skeleton_is_on_the_card(tmp_path: Path) -> None:
    network = deployed(build("blazepose", **ARCHITECTURES["blazepose"].tiny))
    mine = Skeleton("robot", ("a", "b", "c", "d", "e"), ((0, 1),), None, ((1, 2),))
    path = tmp_path / "robot.tflite"
    write_model(path, to_tflite(network), Card(model_info(network, "robot", mine), "a test"))
    with PoseTracker(path, graph="pose_image", store=Store(tmp_path / "home")) as tracker:
        assert tracker.skeleton == mine
    with pytest.raises(ModelError, match="expected at least 35 × 5 values"):
        model_info(network, "robot")


def test_replaced_card_has_the_texts_of_the_card_before(
    network: object, content: bytes, tmp_path: Path
) -> None:
    path, info = tmp_path / "mine.tflite", model_info(network, "mine")
    new = Card(replace(info, input_range=(-1.0, 1.0)), "runs/longer")
    with pytest.raises(InputError, match=r"--keep-card: expected .*mine\.tflite\.yaml"):
        replaced_card(path, new)
    write_model(path, content, Card(info, "a recipe", licence="MIT", refines="other"))
    write_model(path, content, replaced_card(path, new))
    found = Store(tmp_path / "home").find(path)
    assert (found.source, found.licence, found.refines) == ("a recipe", "MIT", "other")
    assert found.info.input_range == (-1.0, 1.0)
    with pytest.raises(InputError, match="give either those or --keep-card"):
        replaced_card(path, replace(new, sentence="Other."))


def test_export_difference_is_error_and_nothing_is_written(
    network: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    path = tmp_path / "mine.tflite"
    path.write_bytes(b"older")
    with pytest.raises(ModelError, match="would differ from Keras by more than"):
        export(network, path, Card(model_info(network, "mine"), "a test"))
    assert path.read_bytes() == b"older"


def test_compare_nan_is_a_difference(network: object, content: bytes) -> None:
    class Broken:
        def __call__(self, image: np.ndarray, training: bool) -> dict[str, np.ndarray]:
            outputs = network(image, training=training)  # type: ignore[operator]
            return {name: np.asarray(value) * np.nan for name, value in outputs.items()}

    assert all(
        np.isnan(one.noise) for one in compare(Broken(), content, model_info(network, "tiny"))
    )


def test_to_tflite_other_backend_is_error(network: object, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ModelError, match="KERAS_BACKEND=tensorflow"):
        to_tflite(network)
