"""The door to the interpreters, with interpreters made for the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.backends import BACKENDS, default_threads, installed, open_interpreter, tflite
from blazetrack.errors import BackendError, ModelError

PATH = Path("some.tflite")
TAKES_A_PICTURE = [{"index": 7, "shape": np.array([1, 4, 6, 3]), "dtype": np.float32}]


class Pretender:
    """What the TFLite packages call `Interpreter`: doubles the mean of its input."""

    made: dict[str, Any]
    inputs = TAKES_A_PICTURE

    def __init__(self, **options: Any) -> None:
        type(self).made = options

    def allocate_tensors(self) -> None:
        self.tensors = {7: np.zeros((1, 4, 6, 3), np.float32), 3: np.zeros((1, 1), np.float32)}

    def get_input_details(self) -> list[dict[str, Any]]:
        return self.inputs

    def get_output_details(self) -> list[dict[str, Any]]:
        return [{"name": "Identity", "index": 3, "shape": np.array([1, 1])}]

    def tensor(self, index: int) -> Callable[[], np.ndarray]:
        return lambda: self.tensors[index]

    def invoke(self) -> None:
        self.tensors[3][:] = self.tensors[7].mean() * 2


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say which backends can be loaded, and what each loads."""

    def set_up(**classes: type) -> None:
        def loader(name: str) -> Callable[[], type]:
            def load() -> type:
                if name not in classes:
                    raise ImportError(f"No module named '{name}'")
                return classes[name]

            return load

        table = {name: (name, name.replace("_", "-"), loader(name)) for name in BACKENDS}
        monkeypatch.setattr(tflite, "_LOADERS", table)

    return set_up


def test_auto_takes_the_first_that_is_there(offer: Callable[..., None]) -> None:
    other = type("Other", (Pretender,), {})
    offer(litert=Pretender, tensorflow=other)
    open_interpreter(PATH)
    assert Pretender.made["model_path"] == str(PATH)
    offer(tensorflow=other)
    open_interpreter(PATH)
    assert other.made["model_path"] == str(PATH)


def test_one_can_be_asked_for_by_name(offer: Callable[..., None]) -> None:
    other = type("Other", (Pretender,), {})
    offer(litert=Pretender, tflite_runtime=other)
    open_interpreter(PATH, "tflite_runtime")
    assert other.made["model_path"] == str(PATH)


def test_an_unknown_name_is_explained(offer: Callable[..., None]) -> None:
    offer(litert=Pretender)
    with pytest.raises(BackendError, match="backend: no 'litrt'; did you mean 'litert'"):
        open_interpreter(PATH, "litrt")


def test_without_any_it_says_what_it_tried(offer: Callable[..., None]) -> None:
    offer()
    with pytest.raises(BackendError) as caught:
        open_interpreter(PATH)
    for name in BACKENDS:
        assert f"No module named '{name}'; pip install {name.replace('_', '-')}" in str(
            caught.value
        )


def test_one_that_is_missing_is_not_replaced_by_another(offer: Callable[..., None]) -> None:
    offer(litert=Pretender)
    with pytest.raises(BackendError, match=r"tried tensorflow .*pip install tensorflow"):
        open_interpreter(PATH, "tensorflow")


def test_threads_reach_the_interpreter(offer: Callable[..., None]) -> None:
    offer(litert=Pretender)
    open_interpreter(PATH, threads=3)
    assert Pretender.made["num_threads"] == 3
    open_interpreter(PATH)
    assert Pretender.made["num_threads"] == default_threads()


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_too_few(threads: int) -> None:
    with pytest.raises(BackendError, match=f"threads must be 1 or more, got {threads}"):
        open_interpreter(PATH, threads=threads)


def test_the_default_is_a_few_of_the_cores_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(64)), raising=False)
    assert default_threads() == 4
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0}, raising=False)
    assert default_threads() == 1
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert default_threads() == 1


def test_an_interpreter_tells_its_shapes_and_runs(offer: Callable[..., None]) -> None:
    offer(litert=Pretender)
    interpreter = open_interpreter(PATH)
    assert interpreter.input_shape == (1, 4, 6, 3)
    assert interpreter.output_shapes == {"Identity": (1, 1)}
    interpreter.input_view()[:] = np.full((4, 6, 3), 0.25)
    interpreter.invoke()
    assert interpreter.output_view("Identity").item() == 0.5


@pytest.mark.parametrize(
    "inputs",
    [TAKES_A_PICTURE * 2, [], [{**TAKES_A_PICTURE[0], "dtype": np.uint8}]],
    ids=["two", "none", "bytes"],
)
def test_a_model_with_other_inputs_is_refused(
    offer: Callable[..., None], inputs: list[dict[str, Any]]
) -> None:
    offer(litert=type("Other", (Pretender,), {"inputs": inputs}))
    with pytest.raises(ModelError, match=r"some.tflite: expected one float32 input, got"):
        open_interpreter(PATH)


def test_what_is_installed_is_told_without_importing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflite, "find_spec", lambda module: module == "tensorflow" or None)
    assert installed() == ("tensorflow",)


@pytest.mark.skipif(not installed(), reason="no TFLite interpreter is installed")
@pytest.mark.parametrize("content", [b"hello", b"", b"\x20\0\0\0TFL3" + b"x" * 400])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(
        ModelError, match=r"bad.tflite: not a TFLite model that can be run"
    ) as caught:
        open_interpreter(path)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not installed(), reason="no TFLite interpreter is installed")
def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone.tflite: not a TFLite model"):
        open_interpreter(tmp_path / "gone.tflite")
