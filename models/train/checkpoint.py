"""What a training run leaves on disk, so that it can go on, be measured and be exported.

    runs/blazepose_lite/
      settings.yaml            all settings, as `load_settings` reads them
      train.csv, dev.csv, curves.png
      checkpoint/
        checkpoint.json        settings, step, seed, revision, architecture
        weights.weights.h5     as trained
        averaged.weights.h5    averaged over the last steps: what is measured and exported
        optimizer.npz          its state, in the order of its variables

A checkpoint is written beside the old one and takes its place by renaming, so that a run that is
cut off at any moment leaves a whole one. Nothing in it depends on the Keras backend.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from blazetrack.errors import ModelError
from models.common import command
from models.train.config import Settings, settings_from

__all__ = [
    "Checkpoint",
    "architecture",
    "averaged",
    "build_network",
    "find_checkpoint",
    "load_network",
    "restore",
    "save",
]

ROOT = Path(__file__).parents[2]
FOLDER = "checkpoint"
RAW, AVERAGED, STATE, ABOUT = (
    "weights.weights.h5",
    "averaged.weights.h5",
    "optimizer.npz",
    "checkpoint.json",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on disk.

    Attributes:
        folder: that holds it.
        settings: of the run.
        dropped: names of its settings that this code no longer knows.
        step: how many steps were done.
        revision: of the code, or None where git does not know.
        architecture: see `architecture`.
    """

    folder: Path
    settings: Settings
    dropped: list[str]
    step: int
    revision: str | None
    architecture: dict[str, Any]


def build_network(settings: Settings) -> Any:
    """The network that settings ask for, with fresh weights."""
    from models.zoo import build

    return build(settings.network.name, **settings.network.options)


def architecture(settings: Settings, network: Any) -> dict[str, Any]:
    """What must be the same for weights to fit: name, arguments, and a sum over all shapes."""
    shapes = [f"{weight.path.split('/')[-1]}{tuple(weight.shape)}" for weight in network.weights]
    return {
        "network": settings.network.name,
        "options": json.loads(json.dumps(settings.network.options)),
        "shapes": hashlib.sha256(" ".join(shapes).encode()).hexdigest()[:16],
    }


@contextmanager
def averaged(network: Any, optimizer: Any) -> Iterator[None]:
    """Inside, the network has its averaged weights; behind, those of training again."""
    if not optimizer.use_ema:
        yield
        return
    weights = network.trainable_variables
    kept = [_copy(weight) for weight in weights]
    optimizer.finalize_variable_values(weights)
    for weight in weights:  # jax: they must not share memory with the optimizer's, which is reused
        weight.assign(_copy(weight))
    try:
        yield
    finally:
        for weight, value in zip(weights, kept, strict=True):
            weight.assign(value)


def save(run: Path, settings: Settings, step: int, network: Any, optimizer: Any) -> Path:
    """Write a checkpoint; the one before stays until this one is whole.

    Returns:
        Its folder.
    """
    import keras

    new, folder, old = (run / (FOLDER + ending) for ending in (".new", "", ".old"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    network.save_weights(new / RAW)
    with averaged(network, optimizer):
        network.save_weights(new / AVERAGED)
    np.savez(new / STATE, *[_copy(variable) for variable in optimizer.variables])
    about = {
        "settings": settings.model_dump(mode="json"),
        "step": step,
        "seed": settings.run.seed,
        "revision": _revision(),
        "architecture": architecture(settings, network),
        "keras": keras.version(),
        "backend": keras.backend.backend(),
    }
    (new / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    for path in new.iterdir():
        _to_disk(path)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def find_checkpoint(run: Path) -> Checkpoint | None:
    """The checkpoint of a run, or in a folder itself; None where there is none.

    Raises:
        ModelError: there is one that cannot be read.
    """
    for folder in (run / FOLDER, run / (FOLDER + ".old"), run):
        if (folder / ABOUT).is_file():
            return _read(folder)
    return None


def restore(checkpoint: Checkpoint, settings: Settings, network: Any, optimizer: Any) -> None:
    """Bring network and optimizer to where a checkpoint stands.

    Raises:
        ModelError: it is of another architecture, or damaged.
    """
    here, there = architecture(settings, network), checkpoint.architecture
    if here != there:
        raise ModelError(
            f"checkpoint {checkpoint.folder} holds {_in_words(there)}, the settings ask for"
            f" {_in_words(here)}: give the settings it was trained with, or another --out"
        )
    try:
        network.load_weights(checkpoint.folder / RAW)
        with np.load(checkpoint.folder / STATE) as state:
            values = [state[name] for name in state.files]
        for variable, value in zip(optimizer.variables, values, strict=True):
            variable.assign(value)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"checkpoint {checkpoint.folder}: damaged: {_line(error)}") from error


def load_network(path: Path) -> tuple[Any, Settings | None]:
    """A trained network from a `.keras` file, a run or a checkpoint, and its settings if known.

    Raises:
        ModelError: there is nothing of that kind, or it does not fit the zoo any more.
    """
    keras = command.load_keras()
    if path.suffix == ".keras":
        try:
            return keras.saving.load_model(path, compile=False), None
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"model {path}: cannot be read by Keras: {_line(error)}") from error
    checkpoint = find_checkpoint(path)
    if checkpoint is None:
        raise ModelError(f"model {path}: expected a .keras file or the folder of a training run")
    network = build_network(checkpoint.settings)
    here = architecture(checkpoint.settings, network)
    if here != checkpoint.architecture:
        raise ModelError(
            f"checkpoint {checkpoint.folder} was made by another version of"
            f" models/zoo/{here['network']}.py; its revision is {checkpoint.revision}"
        )
    try:
        network.load_weights(checkpoint.folder / AVERAGED)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"checkpoint {checkpoint.folder}: damaged: {_line(error)}") from error
    return network, checkpoint.settings


def _copy(variable: Any) -> Any:
    import keras

    return np.array(keras.ops.convert_to_numpy(variable))


def _read(folder: Path) -> Checkpoint:
    path = folder / ABOUT
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        settings, dropped = settings_from(about["settings"], str(path))
        step, revision, made_of = about["step"], about["revision"], about["architecture"]
        return Checkpoint(folder, settings, dropped, int(step), revision, made_of)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"checkpoint {path}: cannot be read: {_line(error)}") from error


def _revision() -> str | None:
    """The commit of the code, with a `+` where files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "models") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _in_words(architecture: dict[str, Any]) -> str:
    options = ", ".join(f"{name}={value}" for name, value in architecture["options"].items())
    return f"{architecture['network']}({options}) [{architecture['shapes']}]"


def _line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
