"""A model as the stages see it: one crop in, arrays by meaning out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends.base import Array, Interpreter
from blazetrack.backends.tflite import open_interpreter
from blazetrack.errors import ModelError, did_you_mean
from blazetrack.model_info import ModelInfo

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
        for meaning in meanings:
            if meaning not in self.info.outputs:
                hint = did_you_mean(meaning, self.info.outputs)
                raise ModelError(f"model {self.info.name}: has no output '{meaning}'; {hint}")

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, Array]:
        """`(h, w, 3)` uint8 RGB → the wanted outputs by meaning.

        The arrays are the interpreter's own memory: copy what is kept beyond the next run.
        """
        ...


class TfliteModel(Model):
    """A `.tflite` file, opened at the first run, when all its readers have said what they want.

    Args:
        info: what must be known of the file.
        locate: wanted meanings → the file; a store may have smaller ones that give just those.
        backend: see `open_interpreter`.
        threads: see `open_interpreter`.

    Attributes:
        runs: how often the network ran.
        seconds: how long the network itself took, over all runs but the first.
    """

    def __init__(
        self,
        info: ModelInfo,
        locate: Callable[[frozenset[str]], Path],
        backend: str = "auto",
        threads: int | None = None,
    ) -> None:
        self._info = info
        self._locate = locate
        self._backend = backend
        self._threads = threads
        self._wanted: set[str] = set()
        self._interpreter: Interpreter | None = None
        self._values = _pixel_values(info.input_range)
        self.runs = 0
        self.seconds = 0.0

    @property
    def info(self) -> ModelInfo:
        return self._info

    def want(self, *meanings: str) -> None:
        super().want(*meanings)
        self._wanted.update(meanings)

    def path(self) -> Path:
        """The file that runs, for all that was wanted so far."""
        return self._locate(frozenset(self._wanted))

    def open(self) -> Interpreter:
        """Load the file and check its shapes against the description."""
        if self._interpreter is None:
            path = self.path()
            interpreter = open_interpreter(path, self._backend, self._threads)
            self._check(interpreter, path)
            self._interpreter = interpreter
        return self._interpreter

    def _check(self, interpreter: Interpreter, path: Path) -> None:
        shape = (1, *self._info.input_hw, 3)
        if interpreter.input_shape != shape:
            seen = interpreter.input_shape
            raise ModelError(f"model {path}: expected an input of shape {shape}, got {seen}")
        missing = {self._info.outputs[m] for m in self._wanted} - set(interpreter.output_shapes)
        if missing:
            want, got = sorted(missing), ", ".join(interpreter.output_shapes)
            raise ModelError(f"model {path}: expected outputs {want}, got {got}")

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, Array]:
        interpreter = self.open()
        self._write(pixels, interpreter.input_view())
        start = time.perf_counter()
        interpreter.invoke()
        if self.runs:  # the first run packs the weights
            self.seconds += time.perf_counter() - start
        self.runs += 1
        outputs = self._info.outputs
        return {meaning: interpreter.output_view(outputs[meaning]) for meaning in self._wanted}

    def _write(self, pixels: NDArray[np.uint8], view: NDArray[np.float32]) -> None:
        """Bring 8-bit pixels into the model's range, straight into its input."""
        if self._info.input_range[0] == 0:
            np.multiply(pixels, self._values[1], out=view, dtype=np.float32)  # one pass
        else:
            np.take(self._values, pixels, out=view)

    def close(self) -> None:
        """Let go of the interpreter; the next run opens the file again."""
        self._interpreter = None


def _pixel_values(input_range: tuple[float, float]) -> NDArray[np.float32]:
    """`(256,)` value of each 8-bit pixel; the step is rounded to float32 first, as MediaPipe does.

    (image_to_tensor_utils.cc, `GetValueRangeTransformation`)
    """
    low, high = input_range
    step = np.float32((high - low) / 255)
    values: NDArray[np.float32] = (np.arange(256) * np.float64(step) + low).astype(np.float32)
    return values


class FakeModel(Model):
    """A model made of a function, for tests: `answer(pixels)` gives arrays by meaning."""

    def __init__(
        self, info: ModelInfo, answer: Callable[[NDArray[np.uint8]], Mapping[str, Array]]
    ) -> None:
        self._info = info
        self._answer = answer
        self.runs = 0

    @property
    def info(self) -> ModelInfo:
        return self._info

    def want(self, *meanings: str) -> None:
        """Anything goes."""

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, Array]:
        self.runs += 1
        return self._answer(pixels)
