"""Load any model for evaluation: a name in the store, a file, the folder of a training run."""

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

__all__ = ["EvaluatedModel", "KerasModel", "load_model", "tflite_path"]

REFINE_SUFFIXES = {":refined": True, ":unrefined": False}


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """A model with its name in tables.

    Attributes:
        label: its name in tables.
        model: the model.
        refine: refine landmarks by the heatmap, if the model has one.
        path: of its `.tflite` file; None for a Keras model.
    """

    label: str
    model: Model
    refine: bool
    path: Path | None

    def mean_ms(self) -> float | None:
        """Mean time of the network over all runs so far; None for a Keras network."""
        if not isinstance(self.model, FileModel) or self.model.runs < 2:
            return None
        return self.model.seconds / (self.model.runs - 1) * 1e3


class KerasModel(Model):
    """A Keras network as a model of the runtime; for evaluation, not for speed.

    Args:
        info: description of the network.
        network: deployed: `(1, h, w, 3)` float32 → outputs by meaning.
    """

    def __init__(self, info: ModelInfo, network: Any) -> None:
        self.info = info
        self.network = network

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
        return dict(self.network.predict_on_batch(input_tensor(self.info, pixels)))


def load_model(text: str, threads: int = 1, store: Store | None = None) -> EvaluatedModel:
    """The model of a command line argument.

    Args:
        text: a name in the store, a `.tflite` or `.keras` file, or the folder of a training run;
            the suffix `:unrefined` disables heatmap refinement.
        threads: for TFLite.
        store: of the models; None is the user's cache.

    Raises:
        ModelError: there is no such model.
    """
    name, refine = _split(text)
    path = Path(name)
    model: Model
    file = None
    if path.is_dir() or path.suffix == ".keras":
        model = _load_keras(path)
    else:
        store = store or Store()
        stored = store.find(name)
        locate: Callable[[frozenset[str]], Path] = partial(store.variant, stored)
        model, file = FileModel(stored.info, locate, threads=threads), stored.path
    label = path.name if path.exists() else name
    if model.info.head in ("", "blazepose") and "heatmap" in model.info.outputs:
        label += " (refined)" if refine else " (unrefined)"
    return EvaluatedModel(label, model, refine, file)


@contextmanager
def tflite_path(evaluated: EvaluatedModel) -> Iterator[Path]:
    """The `.tflite` file of a model; a Keras model is exported to a temporary one."""
    if evaluated.path is not None:
        yield evaluated.path
        return
    assert isinstance(evaluated.model, KerasModel)
    from blazetrack.store.manifest import Card
    from models.export.model_card import write_model
    from models.export.tflite import to_tflite

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{evaluated.model.info.name}.tflite"
        content = to_tflite(evaluated.model.network)
        write_model(path, content, Card(evaluated.model.info, evaluated.label))
        yield path


def _split(text: str) -> tuple[str, bool]:
    for suffix, refine in REFINE_SUFFIXES.items():
        if text.endswith(suffix):
            return text.removesuffix(suffix), refine
    return text, True


def _load_keras(path: Path) -> KerasModel:
    from models.train.checkpoint import load_network
    from models.train.config import skeleton_of_run
    from models.zoo import deployed, model_info

    network, settings = load_network(path)
    network = deployed(network)
    return KerasModel(model_info(network, path.stem, skeleton_of_run(settings)), network)
