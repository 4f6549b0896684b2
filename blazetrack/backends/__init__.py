"""Run model files: one interface to the TFLite interpreters that may be installed."""

from __future__ import annotations

from typing import Any

from blazetrack.backends.base import Interpreter
from blazetrack.backends.model import FakeModel, FileModel, Model, open_model
from blazetrack.backends.pixels import input_tensor
from blazetrack.backends.tflite import BACKENDS, default_threads, installed, open_interpreter
from blazetrack.errors import warn_renamed

__all__ = [
    "BACKENDS",
    "FakeModel",
    "FileModel",
    "Interpreter",
    "Model",
    "default_threads",
    "input_tensor",
    "installed",
    "open_interpreter",
    "open_model",
]


def __getattr__(name: str) -> Any:
    if name == "TfliteModel":
        warn_renamed("blazetrack.backends", name, "FileModel")
        return FileModel
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
