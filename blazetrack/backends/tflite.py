"""The TFLite interpreters that Python packages offer, behind one small class.

`ai-edge-litert`, `tflite-runtime` and `tensorflow` ship the same interpreter API under three
names; only the way to import it differs, so a backend is one small function in `_LOADERS`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends.base import Array, Interpreter
from blazetrack.errors import BackendError, ModelError, did_you_mean

__all__ = ["BACKENDS", "TfliteInterpreter", "default_threads", "installed", "open_interpreter"]


def _litert() -> Any:
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter


def _tflite_runtime() -> Any:
    from tflite_runtime.interpreter import Interpreter

    return Interpreter


def _tensorflow() -> Any:
    import tensorflow

    return tensorflow.lite.Interpreter


# Name → (package to look for, pip name, loader); `auto` tries them in this order.
_LOADERS = {
    "litert": ("ai_edge_litert", "ai-edge-litert", _litert),
    "tflite_runtime": ("tflite_runtime", "tflite-runtime", _tflite_runtime),
    "tensorflow": ("tensorflow", "tensorflow", _tensorflow),
}
BACKENDS = tuple(_LOADERS)


def installed() -> tuple[str, ...]:
    """Names of the backends whose package is present, best first; nothing is imported."""
    return tuple(name for name, (module, _, _) in _LOADERS.items() if find_spec(module))


def default_threads() -> int:
    """The cores that this process may use, at most 4: more do not help one small network."""
    try:
        cores = len(os.sched_getaffinity(0))  # respects taskset and containers; Linux only
    except AttributeError:
        cores = os.cpu_count() or 1
    return min(4, cores)


def open_interpreter(
    path: Path, backend: str = "auto", threads: int | None = None
) -> TfliteInterpreter:
    """Load a `.tflite` file.

    Args:
        path: the file.
        backend: `auto` (the first present of `BACKENDS`) or one of them by name.
        threads: cores for one run; None is `default_threads()`.

    Raises:
        BackendError: no interpreter is installed, or not the one asked for.
        ModelError: the file is missing or is no TFLite model.
    """
    if threads is not None and threads < 1:
        raise BackendError(f"backend: threads must be 1 or more, got {threads}")
    make = _interpreter_class(backend)
    threads = default_threads() if threads is None else threads
    try:
        return TfliteInterpreter(make(model_path=str(path), num_threads=threads), path)
    except (ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise ModelError(f"model {path}: not a TFLite model that can be run: {reason}") from error


def _interpreter_class(backend: str) -> Any:
    if backend != "auto" and backend not in _LOADERS:
        known = ("auto", *BACKENDS)
        raise BackendError(f"backend: no '{backend}'; {did_you_mean(backend, known)}")
    failures = []
    for name in BACKENDS if backend == "auto" else (backend,):
        _, pip_name, load = _LOADERS[name]
        try:
            return load()
        except ImportError as error:
            failures.append(f"{name} ({error}; pip install {pip_name})")
    raise BackendError(
        f"backend: no TFLite interpreter could be loaded; tried {', '.join(failures)}"
    )


class TfliteInterpreter(Interpreter):
    """One loaded TFLite model; not safe to use from two threads at once."""

    def __init__(self, interpreter: Any, path: Path) -> None:
        interpreter.allocate_tensors()
        inputs = interpreter.get_input_details()
        if len(inputs) != 1 or inputs[0]["dtype"] != np.float32:
            got = ", ".join(f"{i['shape'].tolist()} {i['dtype'].__name__}" for i in inputs)
            raise ModelError(f"model {path}: expected one float32 input, got {got}")
        self._interpreter = interpreter
        self._input = inputs[0]["index"]
        self._input_shape = tuple(int(n) for n in inputs[0]["shape"])
        details = interpreter.get_output_details()
        self._outputs = {o["name"]: o["index"] for o in details}
        self._shapes = {o["name"]: tuple(int(n) for n in o["shape"]) for o in details}

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._input_shape

    @property
    def output_shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self._shapes

    def input_view(self) -> NDArray[np.float32]:
        view: NDArray[np.float32] = self._interpreter.tensor(self._input)()[0]
        return view

    def invoke(self) -> None:
        self._interpreter.invoke()

    def output_view(self, name: str) -> Array:
        view: Array = self._interpreter.tensor(self._outputs[name])()
        return view
