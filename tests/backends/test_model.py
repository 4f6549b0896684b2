from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from blazetrack.backends import FakeModel, Interpreter, Model, TfliteModel, open_interpreter
from blazetrack.errors import ModelError
from blazetrack.model_info import ModelInfo
from blazetrack.store import Store

INFO = ModelInfo("fake", "landmarks", (4, 6), (0, 1), "zero", {"score": "Identity_1"})


class Recorder(Interpreter):
    """Keeps the picture that it was given; has no outputs."""

    input_shape = (1, 16, 16, 3)
    output_shapes: ClassVar = {}

    def __init__(self) -> None:
        self.seen = np.empty((16, 16, 3), np.float32)

    def input_view(self) -> np.ndarray:
        return self.seen

    def invoke(self) -> None:
        pass

    def output_view(self, name: str) -> np.ndarray:
        raise AssertionError(name)


def at(path: Path) -> Callable[[frozenset[str]], Path]:
    """Take this very file, whatever is wanted of it."""
    return lambda meanings: path


def test_a_fake_model_answers_and_counts() -> None:
    model = FakeModel(INFO, lambda pixels: {"score": pixels.sum()})
    assert isinstance(model, Model)
    model.want("score", "anything")
    assert model.run(np.ones((4, 6, 3), np.uint8)) == {"score": 72}
    assert (model.runs, model.info) == (1, INFO)


def test_a_file_is_not_opened_before_it_is_needed() -> None:
    model = TfliteModel(INFO, at(Path("gone.tflite")))
    model.want("score")
    with pytest.raises(ModelError, match=r"gone.tflite"):
        model.run(np.zeros((4, 6, 3), np.uint8))


def test_an_output_that_the_model_does_not_have_is_explained() -> None:
    with pytest.raises(ModelError, match="model fake: has no output 'scor'; did you mean 'score'"):
        TfliteModel(INFO, at(Path("gone.tflite"))).want("scor")


def test_only_what_was_wanted_comes_back(weights: Store) -> None:
    stored = weights.find("full")
    model = TfliteModel(stored.info, at(stored.path), threads=1)
    model.want("score", "world")
    outputs = model.run(np.zeros((256, 256, 3), np.uint8))
    assert {name: value.shape for name, value in outputs.items()} == {
        "score": (1, 1),
        "world": (1, 117),
    }


def test_a_copied_answer_outlives_the_next_run(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = TfliteModel(stored.info, at(stored.path), threads=1)
    model.want("scores")
    black = model.run(np.zeros((224, 224, 3), np.uint8))["scores"].copy()
    white = model.run(np.full((224, 224, 3), 255, np.uint8))["scores"].copy()
    assert (black != white).any()
    assert (model.run(np.zeros((224, 224, 3), np.uint8))["scores"] == black).all()


def test_an_answer_is_the_interpreter_s_own_memory(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = TfliteModel(stored.info, at(stored.path), threads=1)
    model.want("scores")
    scores = model.run(np.zeros((224, 224, 3), np.uint8))["scores"]
    assert not scores.flags.owndata
    with pytest.raises(RuntimeError, match="reference to internal data"):
        model.run(np.zeros((224, 224, 3), np.uint8))


@pytest.mark.parametrize("low_high", [(0, 1), (-1, 1), (0, 255)])
def test_pixels_are_brought_into_the_model_s_range(
    low_high: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = Recorder()
    monkeypatch.setattr("blazetrack.backends.model.open_interpreter", lambda *rest: interpreter)
    model = TfliteModel(replace(INFO, input_hw=(16, 16), input_range=low_high), at(Path("any")))
    every = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    model.run(every)
    low, high = low_high
    seen = interpreter.seen.reshape(256, 3)
    assert (seen[0, 0], seen[255, 0]) == pytest.approx(low_high, abs=1e-6)
    # MediaPipe rounds the step to float32 before it is used, and only then the value.
    want = (np.arange(256) * float(np.float32((high - low) / 255)) + low).astype(np.float32)
    assert (seen == want[:, None]).all()


def test_runs_are_counted_and_the_first_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazetrack.backends.model.open_interpreter", lambda *rest: Recorder())
    model = TfliteModel(replace(INFO, input_hw=(16, 16)), at(Path("any")))
    model.run(np.zeros((16, 16, 3), np.uint8))
    assert (model.runs, model.seconds) == (1, 0.0)
    model.run(np.zeros((16, 16, 3), np.uint8))
    assert model.runs == 2
    assert model.seconds > 0


def test_the_file_is_chosen_by_all_that_was_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[frozenset[str]] = []

    def locate(meanings: frozenset[str]) -> Path:
        asked.append(meanings)
        return Path("gone.tflite")

    model = TfliteModel(replace(INFO, outputs={"score": "a", "world": "b"}), locate)
    model.want("score")
    model.want("world")
    assert asked == []
    with pytest.raises(ModelError, match=r"gone.tflite"):
        model.open()
    assert asked == [frozenset({"score", "world"})]


def test_a_closed_model_opens_again(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = TfliteModel(stored.info, at(stored.path), threads=1)
    model.want("scores")
    first = model.run(np.zeros((224, 224, 3), np.uint8))["scores"].copy()
    model.close()
    model.close()
    assert (model.run(np.zeros((224, 224, 3), np.uint8))["scores"] == first).all()


def test_a_model_of_another_shape_is_refused(weights: Store) -> None:
    stored = weights.find("full")
    wrong = replace(stored.info, input_hw=(128, 128))
    with pytest.raises(ModelError, match=r"input of shape \(1, 128, 128, 3\), got \(1, 256, 256"):
        TfliteModel(wrong, at(stored.path)).open()


def test_a_model_with_other_outputs_is_refused(weights: Store) -> None:
    stored = weights.find("full")
    model = TfliteModel(replace(stored.info, outputs={"score": "Elsewhere"}), at(stored.path))
    model.want("score")
    with pytest.raises(ModelError, match=r"expected outputs \['Elsewhere'\], got Identity"):
        model.open()


def test_half_a_model_is_refused(weights: Store, tmp_path: Path) -> None:
    half = tmp_path / "half.tflite"
    content = weights.find("full").path.read_bytes()
    half.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"half.tflite: not a TFLite model that can be run"):
        open_interpreter(half)
