"""Run these tensors: one door to whichever TFLite interpreter is installed."""

from __future__ import annotations

from blazetrack.backends.base import Interpreter
from blazetrack.backends.model import FakeModel, Model, TfliteModel
from blazetrack.backends.tflite import BACKENDS, default_threads, installed, open_interpreter

__all__ = [
    "BACKENDS",
    "FakeModel",
    "Interpreter",
    "Model",
    "TfliteModel",
    "default_threads",
    "installed",
    "open_interpreter",
]
