"""Train a network of the zoo: from settings to a checkpoint, in one straight script.

    python -m models.train blaze_lite
    python -m models.train blaze_lite --minutes 60
    python -m models.train blaze_lite --resume

The Keras backend is that of `KERAS_BACKEND` (tensorflow, torch or jax). Ctrl-C, SIGTERM and
`--minutes` end a run with a checkpoint. `--resume` continues it with the same weights, optimizer
state, averages, step and data order (a function of seed and step).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import numpy as np
import typer

from blazetrack.errors import InputError, ModelError
from blazetrack.model_info import ModelInfo
from models.common import command
from models.data.prefetch import Arrays
from models.train.checkpoint import (
    Checkpoint,
    averaged_weights,
    build_network,
    find_checkpoint,
    restore,
    save,
)
from models.train.config import load_settings
from models.train.datasets import Datasets
from models.train.logging import Curve, Progress, draw_curves
from models.train.losses import head_loss
from models.train.settings import Settings, changes, settings_text
from models.train.tasks import Task, open_task
from models.zoo import deployed, model_info

__all__ = ["TrainingError", "app", "checkpoint_to_resume", "make_trainee", "start_state", "train"]

RUNS = Path("runs")
INTERRUPTED = {signal.SIGINT: 130, signal.SIGTERM: 143}

app = command.new_app("Train a network of models/zoo.")


class TrainingError(ModelError):
    """A loss is not finite."""


@app.command()
def main(
    config: Annotated[str, typer.Argument(help="A name in models/configs, or a YAML file.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="section.name=value, over the config.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run.", show_default="runs/NAME")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from its checkpoint.")] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Stop with a checkpoint after this time.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Length of the whole run: run.steps.")
    ] = None,
    pack: Annotated[
        Path | None, typer.Option(help="Write the run to this file, to be trained elsewhere.")
    ] = None,
    pack_mb: Annotated[float, typer.Option(min=1, help="Maximum size of that file.")] = 60.0,
) -> int:
    """Train a network; write a checkpoint and learning curves to the folder of the run."""
    overrides = [*(settings or []), *([] if steps is None else [f"run.steps={steps}"])]
    wanted = load_settings(config, overrides)
    run = out or RUNS / wanted.name
    if pack is not None:
        from models.train.pack_file import write_pack_file

        write_pack_file(pack, wanted, run, command.log, resume=resume, max_mb=pack_mb)
        return 0
    return train(wanted, run, resume=resume, minutes=minutes)


def train(
    settings: Settings,
    run: Path,
    *,
    resume: bool = False,
    minutes: float | None = None,
    datasets: Datasets | None = None,
) -> int:
    """Start or resume a training run.

    Args:
        settings: of the run.
        run: its folder.
        resume: continue from the checkpoint in `run`; without it `run` must hold none.
        minutes: stop with a checkpoint after this time.
        datasets: see `Task`.

    Returns:
        Exit code: 0, or that of the signal that ended the run.

    Raises:
        InputError: there is a checkpoint and no `resume`, or the reverse.
        ModelError: the checkpoint is of another architecture.
        TrainingError: a loss is not finite; the batch is saved in `run`.
    """
    command.load_keras()
    started = time.monotonic()
    checkpoint = checkpoint_to_resume(run, resume)
    task = open_task(settings, command.log, datasets)
    settings = task.settings
    network, optimizer = start_state(settings, checkpoint, command.log)
    done = 0 if checkpoint is None else checkpoint.step
    run.mkdir(parents=True, exist_ok=True)
    with Progress(settings.name, settings.run.steps, done) as progress:
        if checkpoint is not None:
            progress.log(f"resumed at step {done} of {run}")
            for name in checkpoint.dropped:
                progress.log(f"no longer a setting: {name}")
            for line in changes(checkpoint.settings, settings):
                progress.log(f"changed: {line}")
        (run / "settings.yaml").write_text(settings_text(settings), encoding="utf-8")
        deadline = None if minutes is None else started + 60 * minutes
        with _signals() as caught:
            _Run(settings, run, task, network, optimizer, progress, done).loop(caught, deadline)
    return INTERRUPTED[caught[0]] if caught else 0


def start_state(
    settings: Settings, checkpoint: Checkpoint | None, log: Callable[[str], None]
) -> tuple[Any, Any]:
    """Network and optimizer at step 0, or as a checkpoint holds them.

    Raises:
        ModelError: the checkpoint is of another architecture.
    """
    keras = command.load_keras()
    from models.train.init_weights import init_weights
    from models.train.optimizer import make_optimizer

    keras.config.set_dtype_policy(settings.run.precision)
    keras.utils.set_random_seed(settings.run.seed)
    network, optimizer = build_network(settings), make_optimizer(settings)
    if checkpoint is None:
        init_weights(network, settings, log)
    optimizer.build(network.trainable_variables)
    if checkpoint is not None:
        restore(checkpoint, settings, network, optimizer)
    return network, optimizer


def make_trainee(
    network: Any, optimizer: Any, settings: Settings, info: ModelInfo, batch: Arrays
) -> Any:
    """A Keras model around the network whose compiled step computes the loss of its head.

    `train_on_batch(images, targets)` of the result does one step and returns the parts of the loss;
    their names are those of the loss of `batch`.
    """
    keras = command.load_keras()
    loss = partial(head_loss, info.head, settings=settings.loss, info=info)
    first = {name: keras.ops.convert_to_tensor(value[:1]) for name, value in batch.items()}
    parts = loss(first, network(keras.ops.cast(first.pop("image"), "float32") / 255.0))

    class Trainee(keras.Model):  # type: ignore[misc, name-defined]
        """Images `(B, S, S, 3)` uint8 → outputs of the network; loss parts are metrics."""

        def __init__(self) -> None:
            super().__init__(name="trainee")
            self.network = network
            self.parts = {name: keras.metrics.Mean(name) for name in parts if name != "total"}
            self.built = True

        def call(self, images: Any, training: bool = False) -> Any:
            values = keras.ops.cast(images, "float32") / 255.0
            return self.network(values, training=training)

        def compute_loss(
            self,
            x: Any = None,
            y: Any = None,
            y_pred: Any = None,
            sample_weight: Any = None,
            training: bool = True,
        ) -> Any:
            del x, sample_weight, training
            losses = loss(y, y_pred)
            for name, tracker in self.parts.items():
                tracker.update_state(losses[name])
            return losses["total"] + sum(self.losses)

    trainee = Trainee()
    backend, jit = keras.backend.backend(), settings.run.jit
    if jit is None:  # XLA on a CPU makes TensorFlow's convolutions three times slower
        jit = backend == "jax" or (backend == "tensorflow" and _has_accelerator())
    trainee.compile(optimizer, loss=None, jit_compile=jit)
    return trainee


class _Run:
    """The training loop with its logging, evaluation and checkpoints."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        task: Task,
        network: Any,
        optimizer: Any,
        progress: Progress,
        done: int,
    ) -> None:
        self.settings, self.folder, self.task = settings, folder, task
        self.network, self.optimizer, self.progress = network, optimizer, progress
        self.done = self.saved = done
        self.info = model_info(deployed(network), settings.name, task.skeleton)
        if len(set(self.info.input_hw)) > 1:
            height, width = self.info.input_hw
            raise InputError(
                f"train: expected a network with a square input, got {height}×{width}: set"
                " network.options.side to one number"
            )
        self.trainee: Any = None  # made for the first batch
        names = ("train", "dev")
        self.curves = {name: Curve(folder / f"{name}.csv", done) for name in names}
        spent = [float(row["minutes"]) for row in self.curves["train"].rows]
        self.started = time.monotonic() - 60 * (spent[-1] if spent else 0)
        self.sums: dict[str, list[float]] = {}

    def loop(self, caught: list[signal.Signals], deadline: float | None) -> None:
        """Train until the last step, a signal or the deadline; then write a checkpoint."""
        wanted, last_save = self.settings.run, time.monotonic()
        with closing(self.task.batches(self.done, self.info.input_hw[0])) as batches:
            for batch in batches:
                late = deadline is not None and time.monotonic() >= deadline
                if self.done >= wanted.steps or caught or late:
                    break
                self._step(batch)
                last = self.done == wanted.steps
                if self.done % wanted.log_steps == 0 or last:
                    self._log()
                if wanted.dev_steps and (self.done % wanted.dev_steps == 0 or last):
                    self._evaluate()
                if time.monotonic() - last_save > 60 * wanted.save_minutes:
                    self._save()
                    last_save = time.monotonic()
        self._save()
        if self.done < wanted.steps:
            self.progress.log(f"stopped after step {self.done}: --resume continues")
        else:
            self.progress.log(f"done: {wanted.steps} steps, in {self.folder}")

    def _step(self, batch: Arrays) -> None:
        if self.trainee is None:
            self.trainee = make_trainee(
                self.network, self.optimizer, self.settings, self.info, batch
            )
        targets = {name: value for name, value in batch.items() if name != "image"}
        losses = self.trainee.train_on_batch(batch["image"], targets, return_dict=True)
        losses = {name: float(value) for name, value in losses.items()}
        if not np.isfinite(list(losses.values())).all():
            self._abort(batch, losses)
        self.done += 1
        for name, value in losses.items():
            self.sums.setdefault(name, []).append(value)
        self.progress.step(self.done)

    def _abort(self, batch: Arrays, losses: Mapping[str, float]) -> None:
        step = self.done + 1
        path = self.folder / f"not_finite_step_{step}.npz"
        np.savez(path, **batch)  # type: ignore[arg-type]
        bad = ", ".join(f"{name} {value}" for name, value in losses.items() if value - value != 0)
        raise TrainingError(
            f"{self.settings.name}: step {step}: the loss is not finite ({bad}); the batch is in"
            f" {path}, the last checkpoint is of step {self.saved}"
        )

    def _log(self) -> None:
        figures = {name: float(np.mean(values)) for name, values in self.sums.items()}
        self.sums.clear()
        rate = float(self.optimizer.learning_rate)
        minutes = (time.monotonic() - self.started) / 60
        row = {"minutes": minutes, "learning_rate": rate, **figures}
        self.curves["train"].add(self.done, row)
        self.progress.report(self.done, figures)

    def _evaluate(self) -> None:
        with averaged_weights(self.network, self.optimizer):
            network = deployed(self.network)
            figures = self.task.evaluate(
                lambda images: network.predict_on_batch(images / np.float32(255)), self.info
            )
        if figures:
            self.curves["dev"].add(self.done, figures)
            text = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
            self.progress.log(f"step {self.done}: development set: {text}")

    def _save(self) -> None:
        save(self.folder, self.settings, self.done, self.network, self.optimizer)
        self.saved = self.done
        if not draw_curves(self.curves, self.folder / "curves.png"):
            self.progress.log('no curves.png: pip install "blazetrack[train]"')


def checkpoint_to_resume(run: Path, resume: bool) -> Checkpoint | None:
    """The checkpoint in `run`; None for a new run.

    Raises:
        InputError: there is a checkpoint and no `resume`, or the reverse.
    """
    checkpoint = find_checkpoint(run)
    if checkpoint is not None and not resume:
        raise InputError(
            f"train: {run} holds a run already: --resume continues it, --out FOLDER starts another"
        )
    if resume and checkpoint is None:
        raise InputError(f"train: {run} holds no checkpoint to resume: leave out --resume")
    return checkpoint


@contextmanager
def _signals() -> Iterator[list[signal.Signals]]:
    """Collect SIGINT and SIGTERM instead of raising, so that the current step is completed."""
    caught: list[signal.Signals] = []

    def collect(number: int, frame: FrameType | None) -> None:
        caught.append(signal.Signals(number))

    before = {one: signal.signal(one, collect) for one in INTERRUPTED}
    try:
        yield caught
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _has_accelerator() -> bool:
    """Whether TensorFlow has a device other than the CPU."""
    import tensorflow as tf

    return any(device.device_type != "CPU" for device in tf.config.list_physical_devices())
