"""Models of files: opening, input conversion, outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from blazetrack import backends
from blazetrack.backends import (
    FakeModel,
    FileModel,
    Interpreter,
    Model,
    open_interpreter,
    open_model,
)
from blazetrack.errors import ModelError, RenamedWarning
from blazetrack.model_info import ModelInfo
from blazetrack.store import Store

INFO = ModelInfo("fake", "landmarks", (4, 6), (0, 1), "zero", {"score": "Identity_1"})


class Recorder(Interpreter):
    """Keeps its input; has no outputs."""

    output_shapes: ClassVar = {}

    def __init__(
        self,
        shape: tuple[int, ...] = (16, 16, 3),
        dtype: str = "float32",
        quantization: tuple[float, int] = (0.0, 0),
    ) -> None:
        self.seen = np.empty(shape, dtype)
        self.input_shape, self.input_dtype = (1, *shape), dtype
        self.input_quantization = quantization

    def input_view(self) -> np.ndarray:
        return self.seen

    def invoke(self) -> None:
        pass

    def output_view(self, name: str) -> np.ndarray:
        raise AssertionError(name)


def at(path: Path) -> Callable[[frozenset[str]], Path]:
    """Locate this file for any outputs."""
    return lambda meanings: path


def test_fake_model_runs_and_counts() -> None:
    model = FakeModel(INFO, lambda pixels: {"score": pixels.sum()})
    assert isinstance(model, Model)
    model.want("score", "anything")
    assert model.run(np.ones((4, 6, 3), np.uint8)) == {"score": 72}
    assert (model.runs, model.info) == (1, INFO)


def test_file_model_opens_at_the_first_run() -> None:
    model = FileModel(INFO, at(Path("gone.tflite")))
    model.want("score")
    with pytest.raises(ModelError, match=r"gone.tflite"):
        model.run(np.zeros((4, 6, 3), np.uint8))


def test_want_unknown_output_is_refused() -> None:
    with pytest.raises(ModelError, match="model fake: has no output 'scor'; did you mean 'score'"):
        FileModel(INFO, at(Path("gone.tflite"))).want("scor")


def test_run_returns_the_announced_outputs(weights: Store) -> None:
    stored = weights.find("full")
    model = FileModel(stored.info, at(stored.path), threads=1)
    model.want("score", "world")
    outputs = model.run(np.zeros((256, 256, 3), np.uint8))
    assert {name: value.shape for name, value in outputs.items()} == {
        "score": (1, 1),
        "world": (1, 117),
    }


def test_run_copied_output_outlives_the_next_run(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = FileModel(stored.info, at(stored.path), threads=1)
    model.want("scores")
    black = model.run(np.zeros((224, 224, 3), np.uint8))["scores"].copy()
    white = model.run(np.full((224, 224, 3), 255, np.uint8))["scores"].copy()
    assert (black != white).any()
    assert (model.run(np.zeros((224, 224, 3), np.uint8))["scores"] == black).all()


def test_run_output_is_the_interpreter_s_memory(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = FileModel(stored.info, at(stored.path), threads=1)
    model.want("scores")
    scores = model.run(np.zeros((224, 224, 3), np.uint8))["scores"]
    assert not scores.flags.owndata
    with pytest.raises(ModelError, match="reference to internal data"):
        model.run(np.zeros((224, 224, 3), np.uint8))


@pytest.mark.parametrize("low_high", [(0, 1), (-1, 1), (0, 255)])
def test_run_scales_pixels_to_the_input_range(
    low_high: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = Recorder()
    monkeypatch.setattr("blazetrack.backends.model.open_interpreter", lambda *rest: interpreter)
    model = FileModel(replace(INFO, input_hw=(16, 16), input_range=low_high), at(Path("any")))
    every = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    model.run(every)
    low, high = low_high
    seen = interpreter.seen.reshape(256, 3)
    assert (seen[0, 0], seen[255, 0]) == pytest.approx(low_high, abs=1e-6)
    # MediaPipe rounds the step to float32 before it is used, and only then the value.
    want = (np.arange(256) * float(np.float32((high - low) / 255)) + low).astype(np.float32)
    assert (seen == want[:, None]).all()


def test_run_counts_runs_and_does_not_time_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazetrack.backends.model.open_interpreter", lambda *rest: Recorder())
    model = FileModel(replace(INFO, input_hw=(16, 16)), at(Path("any")))
    model.run(np.zeros((16, 16, 3), np.uint8))
    assert (model.runs, model.seconds) == (1, 0.0)
    model.run(np.zeros((16, 16, 3), np.uint8))
    assert model.runs == 2
    assert model.seconds > 0


def test_file_model_locates_by_all_announced_outputs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requested: list[frozenset[str]] = []

    def locate(meanings: frozenset[str]) -> Path:
        requested.append(meanings)
        return Path("gone.tflite")

    model = FileModel(replace(INFO, outputs={"score": "a", "world": "b"}), locate)
    model.want("score")
    model.want("world")
    assert requested == []
    with pytest.raises(ModelError, match=r"gone.tflite"):
        model.open()
    assert requested == [frozenset({"score", "world"})]


def test_closed_model_opens_again(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = FileModel(stored.info, at(stored.path), threads=1)
    model.want("scores")
    first = model.run(np.zeros((224, 224, 3), np.uint8))["scores"].copy()
    model.close()
    model.close()
    assert (model.run(np.zeros((224, 224, 3), np.uint8))["scores"] == first).all()


def test_open_with_another_input_shape_is_refused(weights: Store) -> None:
    stored = weights.find("full")
    wrong = replace(stored.info, input_hw=(128, 128))
    with pytest.raises(ModelError, match=r"input of shape \(1, 128, 128, 3\), got \(1, 256, 256"):
        FileModel(wrong, at(stored.path)).open()


def test_open_with_other_outputs_is_refused(weights: Store) -> None:
    stored = weights.find("full")
    model = FileModel(replace(stored.info, outputs={"score": "Elsewhere"}), at(stored.path))
    model.want("score")
    with pytest.raises(ModelError, match="has no output tensor 'Elsewhere'; known: Identity, "):
        model.open()


def test_open_truncated_file_is_refused(weights: Store, tmp_path: Path) -> None:
    half = tmp_path / "half.tflite"
    content = weights.find("full").path.read_bytes()
    half.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"half.tflite: not a TFLite model that can be run"):
        open_interpreter(half)


RAMP = np.stack([np.arange(256, dtype=np.uint8).reshape(16, 16) // n for n in (1, 2, 3)], axis=2)


def written(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> np.ndarray:
    """The input tensor after a run on `RAMP`."""
    monkeypatch.setattr("blazetrack.backends.model.open_interpreter", lambda *rest: recorder)
    open_model(Path("any"), replace(INFO, input_hw=(16, 16), **changes)).run(RAMP)
    return recorder.seen


def test_run_with_mean_and_std_normalizes_each_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    seen = written(Recorder(), monkeypatch, mean=mean, std=std)
    assert seen == pytest.approx((RAMP / 255 - mean) / std, abs=1e-5)


def test_run_with_bgr_swaps_channels_before_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    mean = (103.9, 116.8, 123.7)
    seen = written(Recorder(), monkeypatch, input_range=(0, 255), channels="bgr", mean=mean)
    assert seen == pytest.approx(RAMP[..., ::-1].astype(float) - mean, abs=1e-4)


def test_run_with_nchw_writes_planes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = written(Recorder((3, 16, 16)), monkeypatch, layout="nchw", input_range=(0, 255))
    assert (seen == RAMP.transpose(2, 0, 1)).all()


@pytest.mark.parametrize(
    ("dtype", "quantization", "expected"),
    [
        ("uint8", (0.0, 0), RAMP),
        ("uint8", (1.0, 0), RAMP),
        ("int8", (1.0, -128), RAMP.astype(int) - 128),
        ("uint8", (2.0, 10), np.minimum(np.rint(RAMP / 2) + 10, 255)),
        ("int8", (0.0, 0), np.minimum(RAMP, 127)),
    ],
)
def test_run_with_integer_input_quantizes(
    monkeypatch: pytest.MonkeyPatch,
    dtype: Any,
    quantization: tuple[float, int],
    expected: np.ndarray,
) -> None:
    recorder = Recorder(dtype=dtype, quantization=quantization)
    seen = written(recorder, monkeypatch, input_range=(0, 255), input_dtype=dtype)
    assert seen.dtype == dtype
    assert (seen == expected).all()


def test_open_with_another_input_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="expected a float32 input, got uint8; correct"):
        written(Recorder(dtype="uint8"), monkeypatch)


def test_open_with_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"shape \(1, 3, 16, 16\), got \(1, 16, 16, 3\)"):
        written(Recorder(), monkeypatch, layout="nchw")


def test_run_on_several_crops_stacks_the_outputs(weights: Store) -> None:
    stored = weights.find("pose_detector")
    model = open_model(stored.path, stored.info, threads=1)
    model.want("scores")
    crops = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    alone = [model.run(crop)["scores"].copy() for crop in crops]
    assert (model.run(crops)["scores"] == np.concatenate(alone)).all()


def test_old_name_of_the_class_works_with_a_warning() -> None:
    with pytest.warns(RenamedWarning, match="'TfliteModel' is now 'FileModel'"):
        assert backends.TfliteModel is FileModel
