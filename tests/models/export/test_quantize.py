"""Quantized files: operators that stay float, accuracy, errors."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")
pytest.importorskip("ai_edge_quantizer", reason="needs ai-edge-quantizer")

from blazetrack.errors import InputError, ModelError
from blazetrack.model_info import ModelInfo
from blazetrack.store.manifest import Card
from blazetrack.store.tflite_file import load_interpreter
from models.export.int8 import (
    Quantizer,
    last_layers,
    most_sensitive,
    quantize,
    softmax_tail,
)
from models.export.model_card import write_model
from models.export.tflite import to_tflite
from models.quantize import measure_ms, representative_images
from models.train.checkpoint import load_network
from models.zoo import ARCHITECTURES, build, deployed, model_info

ROOT = Path(__file__).parents[3]

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def exported(tiny_run: Path) -> tuple[bytes, ModelInfo]:
    network = deployed(load_network(tiny_run)[0])
    return to_tflite(network), model_info(network, "tiny")


@pytest.fixture(scope="module")
def pictures(tiny_run: Path, exported: tuple[bytes, ModelInfo]) -> list[np.ndarray]:
    return representative_images(exported[1], tiny_run, None, 6)


def run(content: bytes, picture: np.ndarray) -> dict[str, np.ndarray]:
    runner = load_interpreter(content).get_signature_runner()
    outputs: dict[str, np.ndarray] = runner(image=picture[None].astype(np.float32) / 255)
    return outputs


def kinds_of(content: bytes) -> dict[str, int]:
    kinds = [
        one["op_name"] for one in load_interpreter(content, delegates=False)._get_ops_details()
    ]
    return {kind: kinds.count(kind) for kind in kinds}


def test_representative_images_of_a_run(pictures: list[np.ndarray]) -> None:
    assert len(pictures) == 6
    assert pictures[0].shape == (32, 32, 3)
    assert pictures[0].dtype == np.uint8


def test_quantize_outputs_are_close(
    exported: tuple[bytes, ModelInfo], pictures: list[np.ndarray]
) -> None:
    content, info = exported
    small = quantize(content, pictures, info)
    want, got = run(content, pictures[0]), run(small, pictures[0])
    assert set(got) == set(want)
    assert all(value.dtype == np.float32 for value in got.values())
    assert np.abs(got["landmarks"] - want["landmarks"]).max() < 2  # pixels of 32
    assert np.abs(got["score"] - want["score"]).max() < 0.1


def test_quantize_last_layers_stay_float_by_default(
    exported: tuple[bytes, ModelInfo], pictures: list[np.ndarray]
) -> None:
    content, info = exported
    names = last_layers(content)
    assert {"landmarks", "score", "world"} <= set(names)
    assert len(names) == 4  # the score's sigmoid has a layer before it
    kept, whole = (quantize(content, pictures, info, all_layers=way) for way in (False, True))
    assert len(whole) < len(kept) < len(content)
    assert kinds_of(kept)["DEQUANTIZE"] == 1
    assert kinds_of(whole)["DEQUANTIZE"] == 3
    inner = [one["dtype"] for one in load_interpreter(kept, delegates=False).get_tensor_details()]
    assert np.int8 in inner


def test_quantize_softmax_tail_stays_float_by_default(pictures: list[np.ndarray]) -> None:
    tiny = {**ARCHITECTURES["blazepose_lite"].tiny, "keypoints": 33}
    network = deployed(build("blazepose_lite", **tiny))
    content, info = to_tflite(network), model_info(network, "tiny")
    names = softmax_tail(content)
    assert {"landmarks", "score", "world"} <= set(names)
    kept, whole = (quantize(content, pictures, info, all_layers=way) for way in (False, True))
    assert not has_int8(content, "SOFTMAX")
    assert not has_int8(kept, "SOFTMAX")
    assert has_int8(whole, "SOFTMAX")
    assert has_int8(kept, "DEPTHWISE_CONV_2D")
    want, got = (run(one, pictures[0])["landmarks"] for one in (content, kept))
    assert np.abs(got - want).max() < 2  # pixels of 32


def has_int8(content: bytes, kind: str) -> bool:
    """Whether operators of a kind have an int8 output."""
    interpreter = load_interpreter(content, delegates=False)
    tensors = {one["index"]: one["dtype"] for one in interpreter.get_tensor_details()}
    made = [one for one in interpreter._get_ops_details() if one["op_name"] == kind]
    assert made
    return any(tensors[one["outputs"][0]] == np.int8 for one in made)


def test_quantizer_percentile_narrows_ranges(
    exported: tuple[bytes, ModelInfo], pictures: list[np.ndarray]
) -> None:
    wide, narrow = (Quantizer(*exported[:1], pictures, exported[1], share) for share in (100, 50))
    ends = [work._ranges["world"] for work in (wide, narrow)]
    assert ends[0]["min"] < ends[1]["min"]
    assert ends[0]["max"] > ends[1]["max"]


def test_quantize_keep_float_keeps_most_sensitive_operators(
    exported: tuple[bytes, ModelInfo], pictures: list[np.ndarray]
) -> None:
    content, info = exported
    work = Quantizer(content, pictures, info)
    order = most_sensitive(work, content, pictures[:2], info, last_layers(content))
    assert len(order) > 5
    assert not set(order) & set(last_layers(content))
    plain, kept = (quantize(content, pictures, info, keep_float=count) for count in (0, 2))
    assert float_operators(kept) == float_operators(plain) + 2


def float_operators(content: bytes) -> int:
    """Number of operators with float outputs, without conversions."""
    interpreter = load_interpreter(content, delegates=False)
    tensors = {one["index"]: one["dtype"] for one in interpreter.get_tensor_details()}
    made = [one for one in interpreter._get_ops_details() if one["op_name"] != "DEQUANTIZE"]
    return sum(tensors[one["outputs"][0]] == np.float32 for one in made)


def test_quantized_file_runs_by_its_card(
    exported: tuple[bytes, ModelInfo], pictures: list[np.ndarray], tmp_path: Path
) -> None:
    from models.evaluate.load_model import load_model

    content, info = exported
    path = tmp_path / "tiny_int8.tflite"
    small = quantize(content, pictures, info)
    write_model(path, small, Card(replace(info, name="tiny_int8"), "a test"))
    model = load_model(str(path)).model
    model.want("landmarks", "score", "world")
    outputs = model.run(pictures[0])
    np.testing.assert_allclose(
        outputs["landmarks"], run(small, pictures[0])["landmarks"], rtol=1e-4, atol=1e-3
    )


def test_measure_ms_of_files(exported: tuple[bytes, ModelInfo]) -> None:
    assert all(value > 0 for value in measure_ms([exported[0]] * 2, rounds=2, runs=2))


def test_quantize_without_images_is_error(
    exported: tuple[bytes, ModelInfo], tmp_path: Path
) -> None:
    content, info = exported
    with pytest.raises(InputError, match="the representative set is empty"):
        quantize(content, [], info)
    with pytest.raises(InputError, match=r"the representative set is empty: no \.jpg"):
        representative_images(info, None, tmp_path, 5)


@pytest.mark.parametrize("both", [True, False])
def test_representative_images_needs_one_source(
    exported: tuple[bytes, ModelInfo], tmp_path: Path, both: bool
) -> None:
    folder = tmp_path if both else None
    with pytest.raises(InputError, match="one of them"):
        representative_images(exported[1], folder, folder, 5)


def test_representative_images_of_a_folder_are_resized(
    exported: tuple[bytes, ModelInfo], tmp_path: Path
) -> None:
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((20, 30, 3), 10 * i, np.uint8))
    shown = representative_images(exported[1], None, tmp_path, 2)
    assert [int(one[0, 0, 0]) for one in shown] == [0, 30]
    assert shown[0].shape == (32, 32, 3)
    with pytest.raises(InputError, match="no folder"):
        representative_images(exported[1], None, tmp_path / "none", 2)
    with pytest.raises(ModelError, match="holds no checkpoint"):
        representative_images(exported[1], tmp_path, None, 2)


def test_command_empty_folder_is_one_line(
    exported: tuple[bytes, ModelInfo], tmp_path: Path
) -> None:
    model, out = tmp_path / "tiny.tflite", tmp_path / "out.tflite"
    write_model(model, exported[0], Card(exported[1], "a test"))
    (tmp_path / "empty").mkdir()
    words = [model, out, "--pictures", tmp_path / "empty"]
    done = subprocess.run(
        [sys.executable, "-m", "models.quantize", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("models.quantize: quantize: the repr")
    assert not out.exists()
