"""Models of any kind behind one face: names in the store, files, folders of training runs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FileModel, Model, input_tensor
from blazetrack.model_info import ModelInfo
from blazetrack.store import Store

__all__ = ["KerasModel", "Subject", "as_file", "open_subject"]

WAYS = {":refined": True, ":unrefined": False}


@dataclass(frozen=True, slots=True)
class Subject:
    """A model to be measured.

    Attributes:
        label: what the table calls it.
        model: runs it.
        refine: heatmap refinement, where the model has heatmaps.
        path: of its `.tflite` file; None for a Keras model.
    """

    label: str
    model: Model
    refine: bool
    path: Path | None

    def milliseconds(self) -> float | None:
        """Mean time of the network in all runs so far; None for a Keras network."""
        if not isinstance(self.model, FileModel) or self.model.runs < 2:
            return None
        return self.model.seconds / (self.model.runs - 1) * 1e3


class KerasModel(Model):
    """A Keras network as the runtime's stages see it; for measuring, not for speed.

    Args:
        info: as its exported file would have.
        network: the deployed network: `(1, h, w, 3)` float32 → dict by meaning.
    """

    def __init__(self, info: ModelInfo, network: Any) -> None:
        self._info = info
        self.network = network

    @property
    def info(self) -> ModelInfo:
        return self._info

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
        return dict(self.network.predict_on_batch(input_tensor(self._info, pixels)))


def open_subject(text: str, threads: int = 1, store: Store | None = None) -> Subject:
    """The model that a command line names.

    Args:
        text: a name in the store, a `.tflite` or `.keras` file, or the folder of a training run;
            `:unrefined` behind it switches heatmap refinement off.
        threads: cores for TFLite.
        store: where named models are.

    Raises:
        ModelError: there is no such model.
    """
    name, refine = _split(text)
    path = Path(name)
    model: Model
    where = None
    if path.is_dir() or path.suffix == ".keras":
        model = _keras(path)
    else:
        store = store or Store()
        stored = store.find(name)
        locate: Callable[[frozenset[str]], Path] = partial(store.variant, stored)
        model, where = FileModel(stored.info, locate, threads=threads), stored.path
    label = path.name if path.exists() else name
    if "heatmap" in model.info.outputs:
        label += " (refined)" if refine else " (unrefined)"
    return Subject(label, model, refine, where)


@contextmanager
def as_file(subject: Subject) -> Iterator[Path]:
    """The `.tflite` file of a model; a Keras model is exported for the while."""
    if subject.path is not None:
        yield subject.path
        return
    assert isinstance(subject.model, KerasModel)
    from blazetrack.store.manifest import Card
    from models.export.model_card import write_model
    from models.export.tflite import to_tflite

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{subject.model.info.name}.tflite"
        content = to_tflite(subject.model.network)
        write_model(path, content, Card(subject.model.info, subject.label))
        yield path


def _split(text: str) -> tuple[str, bool]:
    for ending, refine in WAYS.items():
        if text.endswith(ending):
            return text.removesuffix(ending), refine
    return text, True


def _keras(path: Path) -> KerasModel:
    from models.export.model_card import info_of
    from models.train.checkpoint import load_network
    from models.train.config import skeleton_of_run
    from models.zoo import deployed

    network, settings = load_network(path)
    network = deployed(network)
    return KerasModel(info_of(network, path.stem, skeleton_of_run(settings)), network)
