from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blazetrack.backends import FakeModel, Model, TfliteModel, open_interpreter
from blazetrack.errors import ModelError
from blazetrack.store import Store
from blazetrack.types import ModelInfo

INFO = ModelInfo("fake", "landmarks", (4, 6), (0, 1), "zero", {"score": "Identity_1"})


def test_a_fake_model_answers_and_counts() -> None:
    model = FakeModel(INFO, lambda tensor: {"score": tensor.sum()})
    assert isinstance(model, Model)
    model.want("score", "anything")
    assert model.run(np.ones((4, 6, 3), np.float32)) == {"score": 72}
    assert (model.runs, model.info) == (1, INFO)


def test_a_file_is_not_opened_before_it_is_needed() -> None:
    model = TfliteModel(INFO, Path("gone.tflite"))
    model.want("score")
    with pytest.raises(ModelError, match=r"gone.tflite"):
        model.run(np.zeros((4, 6, 3), np.float32))


def test_an_output_that_the_model_does_not_have_is_explained() -> None:
    with pytest.raises(ModelError, match="model fake: has no output 'scor'; did you mean 'score'"):
        TfliteModel(INFO, Path("gone.tflite")).want("scor")


def test_only_what_was_wanted_comes_back(weights: Store) -> None:
    stored = weights.find("full")
    model = TfliteModel(stored.info, stored.path, threads=1)
    model.want("score", "world")
    outputs = model.run(np.zeros((256, 256, 3), np.float32))
    assert {name: value.shape for name, value in outputs.items()} == {
        "score": (1, 1),
        "world": (1, 117),
    }


def test_answers_are_the_caller_s_to_keep(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = TfliteModel(stored.info, stored.path, threads=1)
    model.want("scores")
    black = model.run(np.full((224, 224, 3), -1, np.float32))["scores"]
    before = black.copy()
    white = model.run(np.ones((224, 224, 3), np.float32))["scores"]
    assert (black == before).all()
    assert (black != white).any()


def test_a_closed_model_opens_again(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = TfliteModel(stored.info, stored.path, threads=1)
    model.want("scores")
    first = model.run(np.zeros((224, 224, 3), np.float32))["scores"]
    model.close()
    model.close()
    assert (model.run(np.zeros((224, 224, 3), np.float32))["scores"] == first).all()


def test_a_model_of_another_shape_is_refused(weights: Store) -> None:
    stored = weights.find("full")
    wrong = replace(stored.info, input_hw=(128, 128))
    with pytest.raises(ModelError, match=r"input of shape \(1, 128, 128, 3\), got \(1, 256, 256"):
        TfliteModel(wrong, stored.path).open()


def test_a_model_with_other_outputs_is_refused(weights: Store) -> None:
    stored = weights.find("full")
    model = TfliteModel(replace(stored.info, outputs={"score": "Elsewhere"}), stored.path)
    model.want("score")
    with pytest.raises(ModelError, match=r"expected outputs \['Elsewhere'\], got Identity"):
        model.open()


def test_half_a_model_is_refused(weights: Store, tmp_path: Path) -> None:
    half = tmp_path / "half.tflite"
    content = weights.find("full").path.read_bytes()
    half.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"half.tflite: not a TFLite model that can be run"):
        open_interpreter(half)
