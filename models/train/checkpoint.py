"""Checkpoints: the files of a training run, from which it is resumed, evaluated and exported.

    runs/blaze_lite/checkpoint/
      checkpoint.json        settings, step, seed, revision, architecture
      weights.weights.h5     as trained
      averaged.weights.h5    averaged over the last steps: for evaluation and export
      optimizer.npz          its state, in the order of its variables

A checkpoint is written beside the old one and replaces it by renaming, so that a run that is
killed at any moment leaves a complete one. Nothing in it depends on the Keras backend.
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

from blazetrack.errors import InputError, ModelError
from models.common import command
from models.train.settings import Settings, settings_of_checkpoint
from models.zoo import build, current_name

__all__ = [
    "Checkpoint",
    "architecture",
    "averaged_weights",
    "build_network",
    "check_new_run",
    "existing_run",
    "find_checkpoint",
    "load_network",
    "restore",
    "save",
]

ROOT = Path(__file__).parents[2]
FOLDER = "checkpoint"
RAW, AVERAGED = "weights.weights.h5", "averaged.weights.h5"
STATE, ABOUT = "optimizer.npz", "checkpoint.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on disk.

    Attributes:
        folder: that holds it.
        settings: of the run.
        dropped: names of its settings that no longer exist.
        step: number of completed steps.
        revision: commit of the code, or None outside of a git checkout.
        architecture: see `architecture`.
    """

    folder: Path
    settings: Settings
    dropped: list[str]
    step: int
    revision: str | None
    architecture: dict[str, Any]


def build_network(settings: Settings) -> Any:
    """The network that settings describe, with fresh weights."""
    return build(settings.network.name, **settings.network.options)


def architecture(settings: Settings, network: Any) -> dict[str, Any]:
    """Name, arguments and checksum of all weight shapes: equal where weights fit."""
    shapes = [f"{weight.path.split('/')[-1]}{tuple(weight.shape)}" for weight in network.weights]
    return {
        "network": settings.network.name,
        "options": json.loads(json.dumps(settings.network.options)),
        "shapes": hashlib.sha256(" ".join(shapes).encode()).hexdigest()[:16],
    }


@contextmanager
def averaged_weights(network: Any, optimizer: Any) -> Iterator[None]:
    """Context in which the network has its averaged weights."""
    if not optimizer.use_ema:
        yield
        return
    weights = network.trainable_variables
    kept = [_copy(weight) for weight in weights]
    optimizer.finalize_variable_values(weights)
    for weight in weights:  # jax: no memory shared with the optimizer, which reuses it
        weight.assign(_copy(weight))
    try:
        yield
    finally:
        for weight, value in zip(weights, kept, strict=True):
            weight.assign(value)


def save(run: Path, settings: Settings, step: int, network: Any, optimizer: Any = None) -> Path:
    """Write a checkpoint and return its folder; the old one is kept until it is complete.

    Without an optimizer the weights are written as the averaged ones alone: for evaluation and
    export, not to resume.
    """
    import keras

    new, folder, old = (run / (FOLDER + ending) for ending in (".new", "", ".old"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    if optimizer is None:
        network.save_weights(new / AVERAGED)
    else:
        network.save_weights(new / RAW)
        with averaged_weights(network, optimizer):
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
        _fsync(path)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def find_checkpoint(run: Path) -> Checkpoint | None:
    """The checkpoint of a run or of a checkpoint folder; None if there is none.

    Raises:
        ModelError: it cannot be read.
    """
    for folder in (run / FOLDER, run / (FOLDER + ".old"), run):
        if (folder / ABOUT).is_file():
            return _read(folder)
    return None


def existing_run(run: Path) -> Checkpoint:
    """The checkpoint of a run.

    Raises:
        ModelError: there is none, or it cannot be read.
    """
    checkpoint = find_checkpoint(run)
    if checkpoint is None:
        raise ModelError(f"{run}: expected the folder of a training run")
    return checkpoint


def check_new_run(out: Path) -> None:
    """Raise `InputError` if the folder of a new run is there already."""
    if out.exists():
        raise InputError(f"{out} is there already; give another folder")


def restore(checkpoint: Checkpoint, settings: Settings, network: Any, optimizer: Any) -> None:
    """Load network weights and optimizer state from a checkpoint.

    Raises:
        ModelError: it is of another architecture, has no optimizer state, or is damaged.
    """
    if not (checkpoint.folder / STATE).is_file():
        raise ModelError(
            f"checkpoint {checkpoint.folder}: no optimizer state, as in an average of runs; to"
            " train on, name it as network.pretrained of a new run"
        )
    here, there = architecture(settings, network), checkpoint.architecture
    if here != there:
        raise ModelError(
            f"checkpoint {checkpoint.folder} holds {_text(there)}, the settings describe"
            f" {_text(here)}: give the settings it was trained with, or another --out"
        )
    with _reading(f"checkpoint {checkpoint.folder}: damaged"):
        network.load_weights(checkpoint.folder / RAW)
        with np.load(checkpoint.folder / STATE) as state:
            values = [state[name] for name in state.files]
        for variable, value in zip(optimizer.variables, values, strict=True):
            variable.assign(value)


def load_network(path: Path) -> tuple[Any, Settings | None]:
    """A trained network from a `.keras` file, a run or a checkpoint, with its settings if known.

    Raises:
        ModelError: there is no such file, or it does not fit the zoo any more.
    """
    keras = command.load_keras()
    if path.suffix == ".keras":
        with _reading(f"model {path}: cannot be read by Keras"):
            network = keras.saving.load_model(path, compile=False)
        network.name = current_name(network.name)
        return network, None
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
    with _reading(f"checkpoint {checkpoint.folder}: damaged"):
        network.load_weights(checkpoint.folder / AVERAGED)
    return network, checkpoint.settings


def _copy(variable: Any) -> Any:
    import keras

    return np.array(keras.ops.convert_to_numpy(variable))


def _read(folder: Path) -> Checkpoint:
    path = folder / ABOUT
    with _reading(f"checkpoint {path}: cannot be read"):
        about = json.loads(path.read_text(encoding="utf-8"))
        settings, dropped = settings_of_checkpoint(about["settings"], str(path))
        step, revision, built = about["step"], about["revision"], about["architecture"]
        built["network"] = settings.network.name  # the current name
        return Checkpoint(folder, settings, dropped, int(step), revision, built)


def _revision() -> str | None:
    """The commit of the code, with a `+` if files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "models") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _text(architecture: dict[str, Any]) -> str:
    options = ", ".join(f"{name}={value}" for name, value in architecture["options"].items())
    return f"{architecture['network']}({options}) [{architecture['shapes']}]"


@contextmanager
def _reading(failure: str) -> Iterator[None]:
    """Errors of reading files become a `ModelError` of one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(f"{failure}: {reason}") from error


def _fsync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
