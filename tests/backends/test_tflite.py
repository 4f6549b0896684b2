"""Choice and loading of TFLite interpreters, with fake interpreter classes."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from blazetrack.backends import default_threads, installed, open_interpreter, tflite
from blazetrack.errors import BackendError, BackendWarning, ModelError

TFLITE = tuple(tflite._LOADERS)
PATH = Path("some.tflite")
ROOT = Path(__file__).parents[2]
IMAGE_INPUT = [{"index": 7, "shape": np.array([1, 4, 6, 3]), "dtype": np.float32}]


class FakeInterpreter:
    """A fake `Interpreter` of a TFLite package: doubles the mean of its input."""

    made: dict[str, Any]
    inputs = IMAGE_INPUT

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
def provide(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Choose which backends can be loaded, and the class of each."""

    def set_up(**classes: type) -> None:
        for name, made in classes.items():
            monkeypatch.setitem(sys.modules, f"fake_{name}", SimpleNamespace(Interpreter=made))
        for name in set(TFLITE) - set(classes):
            monkeypatch.delitem(sys.modules, f"fake_{name}", raising=False)
        rows = {n: (n.replace("_", "-"), f"fake_{n}", "Interpreter") for n in TFLITE}
        monkeypatch.setattr(tflite, "_LOADERS", rows)

    return set_up


def test_open_auto_takes_the_first_installed(provide: Callable[..., None]) -> None:
    other = type("Other", (FakeInterpreter,), {})
    provide(litert=FakeInterpreter, tensorflow=other)
    open_interpreter(PATH)
    assert FakeInterpreter.made["model_path"] == str(PATH)
    provide(tensorflow=other)
    open_interpreter(PATH)
    assert other.made["model_path"] == str(PATH)


def test_open_by_name_takes_that_backend(provide: Callable[..., None]) -> None:
    other = type("Other", (FakeInterpreter,), {})
    provide(litert=FakeInterpreter, tflite_runtime=other)
    open_interpreter(PATH, "tflite_runtime")
    assert other.made["model_path"] == str(PATH)


def test_open_unknown_backend_is_refused(provide: Callable[..., None]) -> None:
    provide(litert=FakeInterpreter)
    with pytest.raises(BackendError, match="backend: no 'litrt'; did you mean 'litert'"):
        open_interpreter(PATH, "litrt")


def test_open_without_backends_lists_all(provide: Callable[..., None]) -> None:
    provide()
    with pytest.raises(BackendError) as caught:
        open_interpreter(PATH)
    for name in TFLITE:
        assert f"No module named 'fake_{name}'; pip install {name.replace('_', '-')}" in str(
            caught.value
        )


def test_open_missing_backend_is_not_replaced(provide: Callable[..., None]) -> None:
    provide(litert=FakeInterpreter)
    with pytest.raises(BackendError, match=r"tried tensorflow .*pip install tensorflow"):
        open_interpreter(PATH, "tensorflow")


def test_open_passes_threads(provide: Callable[..., None]) -> None:
    provide(litert=FakeInterpreter)
    open_interpreter(PATH, threads=3)
    assert FakeInterpreter.made["num_threads"] == 3
    open_interpreter(PATH)
    assert FakeInterpreter.made["num_threads"] == default_threads()


@pytest.mark.parametrize("threads", [0, -1])
def test_open_without_threads_is_refused(threads: int) -> None:
    with pytest.raises(BackendError, match=f"threads must be 1 or more, got {threads}"):
        open_interpreter(PATH, threads=threads)


def test_default_threads_is_at_most_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(64)), raising=False)
    assert default_threads() == 4
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0}, raising=False)
    assert default_threads() == 1
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert default_threads() == 1


def test_interpreter_runs_and_has_shapes(provide: Callable[..., None]) -> None:
    provide(litert=FakeInterpreter)
    interpreter = open_interpreter(PATH)
    assert interpreter.input_shape == (1, 4, 6, 3)
    assert interpreter.output_shapes == {"Identity": (1, 1)}
    interpreter.input_view()[:] = np.full((4, 6, 3), 0.25)
    interpreter.invoke()
    assert interpreter.output_view("Identity").item() == 0.5


@pytest.mark.parametrize(
    ("inputs", "got"),
    [(IMAGE_INPUT * 2, r"\[1, 4, 6, 3\] float32, \[1, 4, 6, 3\] float32"), ([], "none")],
)
def test_model_without_exactly_one_input_is_refused(
    provide: Callable[..., None], inputs: list[dict[str, Any]], got: str
) -> None:
    provide(litert=type("Other", (FakeInterpreter,), {"inputs": inputs}))
    with pytest.raises(ModelError, match=rf"some.tflite: expected one input, got {got}$"):
        open_interpreter(PATH)


def test_installed_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflite, "find_spec", lambda module: module == "tensorflow" or None)
    assert installed() == ("tensorflow",)


@pytest.mark.skipif(not installed(), reason="no TFLite interpreter is installed")
@pytest.mark.parametrize("content", [b"hello", b"", b"\x20\0\0\0TFL3" + b"x" * 400])
def test_open_other_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(
        ModelError, match=r"bad.tflite: not a TFLite model that can be run"
    ) as caught:
        open_interpreter(path)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not installed(), reason="no TFLite interpreter is installed")
def test_open_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone.tflite: not a TFLite model"):
        open_interpreter(tmp_path / "gone.tflite")


class FakeNodes:
    """The native part of an interpreter: the names of its nodes."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def NumNodes(self) -> int:
        return len(self._names)

    def NodeName(self, index: int) -> str:
        return self._names[index]


@pytest.mark.parametrize(
    ("nodes", "warns"),
    [
        (("CONV_2D", "ADD"), True),
        (("DEPTHWISE_CONV_2D",), True),
        (("CONV_2D", "ADD", "DELEGATE"), False),
        (("ADD", "MEAN"), False),  # nothing that XNNPACK must run
    ],
)
def test_interpreter_without_xnnpack_warns_once(
    nodes: tuple[str, ...], warns: bool, provide: Callable[..., None]
) -> None:
    class Interpreter(FakeInterpreter):
        _interpreter = FakeNodes(*nodes)

    provide(litert=Interpreter)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        open_interpreter(PATH)
    lines = [str(one.message) for one in caught if one.category is BackendWarning]
    assert len(lines) == warns
    assert all(line.startswith("backend: XNNPACK is off") for line in lines)


@pytest.mark.skipif(find_spec("ai_edge_litert") is None, reason="needs ai-edge-litert")
def test_interpreter_of_a_shipped_model_uses_xnnpack_here() -> None:
    for name in ("blaze_lite", "blaze_detector_lite"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            open_interpreter(ROOT / "models" / "weights" / f"{name}.tflite", "litert", 1)


@pytest.mark.skipif(find_spec("ai_edge_litert") is None, reason="needs ai-edge-litert")
def test_interpreter_of_a_shipped_model_warns_where_xnnpack_is_off() -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    path = ROOT / "models" / "weights" / "blaze_detector_lite.tflite"
    without = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), experimental_op_resolver_type=without)
    with pytest.warns(BackendWarning, match="XNNPACK is off"):
        tflite.TfliteInterpreter(interpreter, path)
