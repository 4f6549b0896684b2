"""A model as the stages see it: one crop in, arrays by meaning out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends.base import Array, Interpreter
from blazetrack.backends.tflite import open_interpreter
from blazetrack.errors import ModelError, did_you_mean
from blazetrack.types import ModelInfo

__all__ = ["FakeModel", "Model", "TfliteModel"]


@runtime_checkable
class Model(Protocol):
    """What a stage may ask of a model."""

    @property
    def info(self) -> ModelInfo:
        """Input size, value range, output meanings, anchors."""
        ...

    def want(self, *meanings: str) -> None:
        """Say which outputs will be read; `ModelError` where the model has none of that name."""
        ...

    def run(self, tensor: NDArray[np.float32]) -> Mapping[str, Array]:
        """`(h, w, 3)` float32 in the model's range → the wanted outputs by meaning."""
        ...


class TfliteModel(Model):
    """A `.tflite` file, opened at the first run, when all its readers have said what they want.

    Args:
        info: what must be known of the file.
        path: the file.
        backend: see `open_interpreter`.
        threads: see `open_interpreter`.
    """

    def __init__(
        self,
        info: ModelInfo,
        path: Path,
        backend: str = "auto",
        threads: int | None = None,
    ) -> None:
        self._info = info
        self._path = path
        self._backend = backend
        self._threads = threads
        self._wanted: set[str] = set()
        self._interpreter: Interpreter | None = None

    @property
    def info(self) -> ModelInfo:
        return self._info

    def want(self, *meanings: str) -> None:
        for meaning in meanings:
            if meaning not in self._info.outputs:
                hint = did_you_mean(meaning, self._info.outputs)
                raise ModelError(f"model {self._info.name}: has no output '{meaning}'; {hint}")
        self._wanted.update(meanings)

    def open(self) -> Interpreter:
        """Load the file and check its shapes against the description."""
        if self._interpreter is None:
            interpreter = open_interpreter(self._path, self._backend, self._threads)
            self._check(interpreter)
            self._interpreter = interpreter
        return self._interpreter

    def _check(self, interpreter: Interpreter) -> None:
        shape = (1, *self._info.input_hw, 3)
        if interpreter.input_shape != shape:
            seen = interpreter.input_shape
            raise ModelError(f"model {self._path}: expected an input of shape {shape}, got {seen}")
        names = interpreter.output_shapes
        missing = {self._info.outputs[m] for m in self._wanted} - set(names)
        if missing:
            got_names = ", ".join(names)
            raise ModelError(
                f"model {self._path}: expected outputs {sorted(missing)}, got {got_names}"
            )

    def run(self, tensor: NDArray[np.float32]) -> Mapping[str, Array]:
        values = self.open().run(tensor)
        return {meaning: values[self._info.outputs[meaning]] for meaning in self._wanted}

    def close(self) -> None:
        """Let go of the interpreter; the next run opens the file again."""
        self._interpreter = None


class FakeModel(Model):
    """A model made of a function, for tests: `answer(tensor)` gives arrays by meaning."""

    def __init__(
        self, info: ModelInfo, answer: Callable[[NDArray[np.float32]], Mapping[str, Array]]
    ) -> None:
        self._info = info
        self._answer = answer
        self.runs = 0

    @property
    def info(self) -> ModelInfo:
        return self._info

    def want(self, *meanings: str) -> None:
        """Anything goes."""

    def run(self, tensor: NDArray[np.float32]) -> Mapping[str, Array]:
        self.runs += 1
        return self._answer(tensor)
