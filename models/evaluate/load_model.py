"""Load any model for evaluation: a name in the store, a file, the folder of a training run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from blazetrack.backends import FileModel, Model
from blazetrack.store import Store
from blazetrack.store.manifest import Card
from models.export.model_card import write_model
from models.export.tflite import to_tflite
from models.train.previous_stage import open_run

__all__ = ["EvaluatedModel", "load_model", "tflite_path"]


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """A model with its name in tables.

    Attributes:
        label: its name in tables.
        model: the model.
        refine: refine landmarks by the heatmap, if the model has one.
        path: of its `.tflite` file; None for a Keras model.
        network: of a Keras model, deployed.
    """

    label: str
    model: Model
    refine: bool
    path: Path | None
    network: Any = None

    def mean_ms(self) -> float | None:
        """Mean time of the network over all runs so far; None for a Keras network."""
        if not isinstance(self.model, FileModel) or self.model.runs < 2:
            return None
        return self.model.seconds / (self.model.runs - 1) * 1e3


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
    refine = not text.endswith(":unrefined")
    name = text.removesuffix(":unrefined").removesuffix(":refined")
    path = Path(name)
    model: Model
    file: Path | None = None
    network: Any = None
    if path.is_dir() or path.suffix == ".keras":
        model, network = open_run(path)
    else:
        store = store or Store()
        stored = store.find(name)
        model = FileModel(stored.info, partial(store.variant, stored), threads=threads)
        file = stored.path
    label = path.name if path.exists() else name
    if model.info.head in ("", "blazepose") and "heatmap" in model.info.outputs:
        label += " (refined)" if refine else " (unrefined)"
    return EvaluatedModel(label, model, refine, file, network)


@contextmanager
def tflite_path(evaluated: EvaluatedModel) -> Iterator[Path]:
    """The `.tflite` file of a model; a Keras model is exported to a temporary one."""
    if evaluated.path is not None:
        yield evaluated.path
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{evaluated.model.info.name}.tflite"
        content = to_tflite(evaluated.network)
        write_model(path, content, Card(evaluated.model.info, evaluated.label))
        yield path
