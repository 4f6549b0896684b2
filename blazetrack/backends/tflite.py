"""Choice of the backend, and the TFLite interpreters of three Python packages as one class.

`ai-edge-litert`, `tflite-runtime` and `tensorflow` ship the same interpreter API under three
names; only the import differs, so a backend is one row of `_LOADERS`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from blazetrack.backends.base import Array, Interpreter
from blazetrack.backends.openvino import open_openvino
from blazetrack.common.cores import usable_cores
from blazetrack.common.files import check_regular
from blazetrack.common.native_stderr import without_notices
from blazetrack.errors import BackendError, BackendWarning, ModelError, did_you_mean

__all__ = ["BACKENDS", "TfliteInterpreter", "default_threads", "installed", "open_interpreter"]


# Name → (pip name, module, its interpreter class); `auto` tries them in this order.
_LOADERS = {
    "litert": ("ai-edge-litert", "ai_edge_litert.interpreter", "Interpreter"),
    "tflite_runtime": ("tflite-runtime", "tflite_runtime.interpreter", "Interpreter"),
    "tensorflow": ("tensorflow", "tensorflow", "lite.Interpreter"),
}
BACKENDS = (*_LOADERS, "openvino")
_CONVOLUTIONS = {"CONV_2D", "DEPTHWISE_CONV_2D"}  # XNNPACK runs these, float and 8-bit
_DELEGATE = "DELEGATE"  # node of a TFLite interpreter that stands for nodes that XNNPACK runs


def installed() -> tuple[str, ...]:
    """Names of the backends whose package is present, best first; nothing is imported."""
    packages = {name: module.split(".")[0] for name, (_, module, _) in _LOADERS.items()}
    return tuple(name for name in BACKENDS if find_spec(packages.get(name, name)))


def default_threads() -> int:
    """The cores that this process may use, at most 4: more do not speed up one small network."""
    return min(4, usable_cores())


def open_interpreter(path: Path, backend: str = "auto", threads: int | None = None) -> Interpreter:
    """Load a `.tflite` file.

    Args:
        path: the file.
        backend: one of `BACKENDS`; `auto` is the first TFLite interpreter that is installed.
            `openvino` takes a device: `openvino:GPU`, see `open_openvino`.
        threads: cores for one run; None is `default_threads()`.

    Raises:
        BackendError: no interpreter is installed, or not the chosen one.
        ModelError: the file is missing or is no TFLite model.
    """
    if threads is not None and threads < 1:
        raise BackendError(f"backend: threads must be 1 or more, got {threads}")
    threads = default_threads() if threads is None else threads
    name, _, device = backend.partition(":")
    if name == "openvino":
        return open_openvino(path, device or "CPU", threads)
    check_regular(path, ModelError)
    try:
        with without_notices():
            make = _interpreter_class(backend)
            return TfliteInterpreter(make(model_path=str(path), num_threads=threads), path)
    except (ValueError, RuntimeError) as error:
        message = f"model {path}: not a TFLite model that can be run: {_reason(error)}"
        raise ModelError(message) from error


def _reason(error: Exception) -> str:
    """The first line of a message."""
    return next(iter(str(error).strip().splitlines()), "no reason given")


def _interpreter_class(backend: str) -> Any:
    if backend != "auto" and backend not in _LOADERS:
        known = ("auto", *BACKENDS)
        raise BackendError(f"backend: no '{backend}'; {did_you_mean(backend, known)}")
    failures = []
    for name in _LOADERS if backend == "auto" else (backend,):
        pip_name, module, attribute = _LOADERS[name]
        try:
            return attrgetter(attribute)(import_module(module))
        except ImportError as error:
            failures.append(f"{name} ({error}; pip install {pip_name})")
    raise BackendError(
        f"backend: no TFLite interpreter could be loaded; tried {', '.join(failures)}"
    )


class TfliteInterpreter(Interpreter):
    """One loaded TFLite model; not thread-safe."""

    def __init__(self, interpreter: Any, path: Path) -> None:
        interpreter.allocate_tensors()
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        if len(inputs) != 1:
            got = ", ".join(f"{i['shape'].tolist()} {i['dtype'].__name__}" for i in inputs)
            raise ModelError(f"model {path}: expected one input, got {got or 'none'}")
        self._interpreter, self._path = interpreter, path
        if not _uses_xnnpack(interpreter):
            warnings.warn(
                "backend: XNNPACK is off, as TFLite does not recognise this processor: models are "
                "slower, and 8-bit ones give other numbers; update the system, or choose "
                "another --backend",
                BackendWarning,
                stacklevel=3,
            )
        self._input, self._outputs = inputs[0], {one["name"]: one for one in outputs}
        self.input_shape = _shape(inputs[0])
        self.input_dtype = np.dtype(inputs[0]["dtype"]).name
        self.input_quantization = inputs[0].get("quantization", (0.0, 0))
        self.output_shapes = {one["name"]: _shape(one) for one in outputs}

    def input_view(self) -> Array:
        view: Array = self._interpreter.tensor(self._input["index"])()[0]
        return view

    def invoke(self) -> None:
        try:
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"model {self._path}: cannot be run: {_reason(error)}") from error

    def output_view(self, name: str) -> Array:
        details = self._outputs[name]
        view: Array = self._interpreter.tensor(details["index"])()
        if view.dtype.kind == "f":
            return view
        scale, zero = details.get("quantization", (0.0, 0))
        return (view.astype(np.float32) - np.float32(zero)) * np.float32(scale or 1.0)


def _uses_xnnpack(interpreter: Any) -> bool:
    """Whether XNNPACK runs a part of the network; true for one without convolutions.

    TFLite offers no public way; without its nodes the answer is true.
    """
    native: Any = getattr(interpreter, "_interpreter", None)
    if not hasattr(native, "NumNodes") or not hasattr(native, "NodeName"):
        return True
    names = {native.NodeName(index) for index in range(native.NumNodes())}
    return _DELEGATE in names or not names & _CONVOLUTIONS


def _shape(details: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(n) for n in details["shape"])
