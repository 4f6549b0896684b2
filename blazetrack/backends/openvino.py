"""TFLite files in OpenVINO, on an Intel CPU, GPU or NPU."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from blazetrack.backends.base import Array, Interpreter
from blazetrack.errors import BackendError, ModelError

__all__ = ["OpenvinoInterpreter", "open_openvino"]

_OLDEST = (2025, 4)  # 2025.0 finds no person with `blaze_detector_lite`
# By itself OpenVINO computes in bfloat16 where the CPU can, which moves the landmarks.
_FLOAT32 = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}


def open_openvino(path: Path, device: str, threads: int) -> OpenvinoInterpreter:
    """Load a `.tflite` file.

    Args:
        path: the file; its input and outputs must be float32, the layers between may be integer.
        device: `CPU`, `GPU`, `GPU.1` or `NPU`, in any case. An NPU computes in its own precision,
            the others in float32.
        threads: cores for one run, on the CPU.

    Raises:
        BackendError: OpenVINO or the device is missing, or the device cannot run the model.
        ModelError: the file is missing or is no TFLite model.
    """
    core = _core(_runtime())
    device, found = device.upper(), core.available_devices
    if device not in {*found, *(one.partition(".")[0] for one in found)}:
        raise BackendError(
            f"backend: openvino has no device '{device}' here; found {', '.join(found) or 'none'}"
        )
    options: dict[str, Any] = {} if device.startswith("NPU") else dict(_FLOAT32)
    if device == "CPU":
        options |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    model = _read(core, path)
    try:
        return OpenvinoInterpreter(core.compile_model(model, device, options), path)
    except RuntimeError as error:
        raise BackendError(
            f"backend: openvino cannot run {path} on {device}: {_reason(error)}"
        ) from error


def _runtime() -> Any:
    """The package, in a release that runs 8-bit models correctly."""
    install = "pip install 'blazetrack[openvino]'"
    try:
        package = import_module("openvino")
    except ImportError as error:
        raise BackendError(f"backend: openvino could not be loaded ({error}); {install}") from error
    if tuple(map(int, package.__version__.split(".")[:2])) < _OLDEST:
        wanted, got = "{}.{}".format(*_OLDEST), package.__version__.partition("-")[0]
        raise BackendError(f"backend: expected openvino {wanted} or later, got {got}; {install}")
    return package


@cache
def _core(package: Any) -> Any:
    """One for the process: after several were made and dropped, SIGTERM crashed it (2026.4.1)."""
    return package.Core()


def _read(core: Any, path: Path) -> Any:
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if head[4:] != b"TFL3":  # OpenVINO would try its other formats, with lines on stderr
            raise ValueError("bytes 4 to 8 are not TFL3")
        return core.read_model(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        message = f"model {path}: not a TFLite model that can be run: {_reason(error)}"
        raise ModelError(message) from error


def _reason(error: Exception) -> str:
    """The last line of a message: those before it name source files of OpenVINO."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else "no reason given"


class OpenvinoInterpreter(Interpreter):
    """One compiled model; not thread-safe."""

    def __init__(self, compiled: Any, path: Path) -> None:
        inputs, outputs = compiled.inputs, compiled.outputs
        if len(inputs) != 1:
            raise ModelError(f"model {path}: expected one input, got {len(inputs)}")
        types = sorted(
            {np.dtype(one.get_element_type().to_dtype()).name for one in inputs + outputs}
        )
        if types != ["float32"]:
            raise ModelError(
                f"model {path}: backend openvino expects float32 input and outputs, "
                f"got {', '.join(types)}; use the backend litert"
            )
        self._request, self._path = compiled.create_infer_request(), path
        self._outputs = {name: one for one in outputs for name in one.get_names()}
        self.input_shape = tuple(inputs[0].get_shape())
        self.input_dtype = "float32"
        self.input_quantization = (0.0, 0)
        self.output_shapes = {name: tuple(one.get_shape()) for name, one in self._outputs.items()}

    def input_view(self) -> Array:
        view: Array = self._request.get_input_tensor().data[0]
        return view

    def invoke(self) -> None:
        try:
            self._request.start_async()  # `infer` would copy all outputs
            self._request.wait()
        except RuntimeError as error:
            raise ModelError(f"model {self._path}: cannot be run: {_reason(error)}") from error

    def output_view(self, name: str) -> Array:
        view: Array = self._request.get_tensor(self._outputs[name]).data
        return view
