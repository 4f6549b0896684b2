"""A model as the stages use it: a crop in, arrays by meaning out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends.base import Array, Interpreter
from blazetrack.backends.pixels import PixelWriter
from blazetrack.backends.tflite import open_interpreter
from blazetrack.errors import ModelError, did_you_mean
from blazetrack.heads.fit import check_tensors
from blazetrack.model_info import ModelInfo

__all__ = ["LOADERS", "FakeModel", "FileModel", "Model", "open_model"]

LOADERS: dict[str, Callable[[Path, str, int | None], Interpreter]] = {".tflite": open_interpreter}
"""Suffix of a model file → loader; files with another suffix are read as TFLite."""


@runtime_checkable
class Model(Protocol):
    """The interface of a model to the stages.

    Attributes:
        info: head, input, output meanings, anchors.
    """

    info: ModelInfo

    def want(self, *meanings: str) -> None:
        """Announce the outputs that will be read; `ModelError` for one that the model lacks."""
        for meaning in meanings:
            if meaning not in self.info.outputs:
                hint = did_you_mean(meaning, self.info.outputs)
                if meaning == "mask":
                    hint = "masks need a published model: lite, full or heavy"
                raise ModelError(f"model {self.info.name}: has no output '{meaning}'; {hint}")

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, Array]:
        """Run the network on one crop, or on N crops one after the other.

        Args:
            pixels: `(h, w, 3)` or `(N, h, w, 3)` uint8 RGB, N ≥ 1.

        Returns:
            The announced outputs by meaning, with a first axis of 1 or N. Of one crop they are the
            interpreter's own memory: copy what must outlive the next run.
        """
        ...


class FileModel(Model):
    """A model file, opened at the first run, when all its outputs are announced.

    Args:
        info: description of the file.
        locate: announced meanings → the file; a store may have smaller ones with just those.
        backend: see `open_interpreter`.
        threads: see `open_interpreter`.
        file: the described file, which no output may overwrite; None if it is not known.

    Attributes:
        runs: number of runs of the network.
        seconds: time of the network itself, over all runs but the first.
    """

    def __init__(
        self,
        info: ModelInfo,
        locate: Callable[[frozenset[str]], Path],
        backend: str = "auto",
        threads: int | None = None,
        file: Path | None = None,
    ) -> None:
        self.info = info
        self.file = file
        self._locate = locate
        self._backend = backend
        self._threads = threads
        self._wanted: set[str] = set()
        self._interpreter: Interpreter | None = None
        self.runs = 0
        self.seconds = 0.0

    def want(self, *meanings: str) -> None:
        super().want(*meanings)
        self._wanted.update(meanings)

    def path(self) -> Path:
        """The file with all outputs announced so far."""
        return self._locate(frozenset(self._wanted))

    def open(self) -> Interpreter:
        """Load the file and check its tensors against the description."""
        if self._interpreter is None:
            path = self.path()
            load = LOADERS.get(path.suffix, open_interpreter)
            interpreter = load(path, self._backend, self._threads)
            check_tensors(self.info, interpreter, self._wanted, str(path))
            self._write = PixelWriter(self.info, interpreter.input_quantization)
            self._interpreter = interpreter
        return self._interpreter

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, Array]:
        if pixels.ndim == 4:  # one by one: a batch is not faster (docs/performance.md)
            runs = [{m: one.copy() for m, one in self.run(crop).items()} for crop in pixels]
            return {m: np.concatenate([one[m] for one in runs]) for m in self._wanted}
        if pixels.shape != (want := (*self.info.input_hw, 3)):
            got = (
                f"expected crops of shape {want}, got {pixels.shape}; leave out `size` of the crop"
            )
            raise ModelError(f"model {self.info.name}: {got}")
        interpreter = self.open()
        self._write(pixels, interpreter.input_view())
        start = time.perf_counter()
        interpreter.invoke()
        if self.runs:  # the first run packs the weights
            self.seconds += time.perf_counter() - start
        self.runs += 1
        names = self.info.outputs
        outputs = {m: interpreter.output_view(names[m]) for m in self._wanted}
        if self.info.layout == "nchw":
            maps = {m: one for m, one in outputs.items() if one.ndim == 4}
            outputs |= {m: one.transpose(0, 2, 3, 1) for m, one in maps.items()}
        return outputs

    def close(self) -> None:
        """Release the interpreter; the next run opens the file again."""
        self._interpreter = None


def open_model(
    path: Path, info: ModelInfo, backend: str = "auto", threads: int | None = None
) -> FileModel:
    """A model of one file, whatever outputs are read; see `FileModel`."""
    return FileModel(info, lambda wanted: path, backend, threads)


class FakeModel(Model):
    """A model made of a function, for tests.

    Args:
        info: description of the model.
        function: `(h, w, 3)` uint8 → arrays by meaning.
    """

    def __init__(
        self, info: ModelInfo, function: Callable[[NDArray[np.uint8]], Mapping[str, Array]]
    ) -> None:
        self.info = info
        self._function = function
        self.runs = 0

    def want(self, *meanings: str) -> None:
        """Accept every meaning."""

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, Array]:
        self.runs += 1
        return self._function(pixels)
