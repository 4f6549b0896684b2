"""Train a network of the zoo: from settings to a checkpoint, in one straight script.

    python -m models.train blazepose_lite
    python -m models.train blazepose_lite --minutes 60
    python -m models.train blazepose_lite --resume

The Keras backend is that of `KERAS_BACKEND` (tensorflow, torch or jax). Ctrl-C, SIGTERM and
`--minutes` end a run with a checkpoint; `--resume` goes on from it as if nothing had happened:
weights, optimizer, averages, step, and the order of the data, which follows from seed and step.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import numpy as np
import typer

from blazetrack.errors import InputError, ModelError
from models.common import command
from models.data.prefetch import Arrays
from models.train.checkpoint import averaged, build_network, find_checkpoint, restore, save
from models.train.config import Settings, changes, load_settings, settings_text
from models.train.logging import Curve, Progress, draw_curves
from models.train.tasks import Task, task_of

__all__ = ["TrainingError", "app", "make_optimizer", "make_trainee", "train"]

RUNS = Path("runs")
INTERRUPTED = {signal.SIGINT: 130, signal.SIGTERM: 143}

app = command.new_app("Train a network of models/zoo.")


class TrainingError(ModelError):
    """A run met numbers that are not finite."""


@app.command()
def main(
    config: Annotated[str, typer.Argument(help="A name in models/configs, or a YAML file.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="section.name=value, over the config.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run.", show_default="runs/NAME")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from its checkpoint.")] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Stop with a checkpoint after this long.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Length of the whole run: run.steps.")
    ] = None,
) -> int:
    """Train, with a checkpoint and learning curves in the folder of the run."""
    overrides = [*(settings or []), *([] if steps is None else [f"run.steps={steps}"])]
    wanted = load_settings(config, overrides)
    return train(wanted, out or RUNS / wanted.name, resume=resume, minutes=minutes)


def train(
    settings: Settings, run: Path, *, resume: bool = False, minutes: float | None = None
) -> int:
    """Do a training run, or the rest of one.

    Args:
        settings: of the run.
        run: its folder.
        resume: go on from the checkpoint in `run`; without it `run` must hold none.
        minutes: stop with a checkpoint after this long.

    Returns:
        Exit code: 0, or that of the signal that ended the run.

    Raises:
        InputError: there is a checkpoint and no `resume`, or the other way round.
        ModelError: the checkpoint is of another architecture.
        TrainingError: a loss is not finite; the batch lies in `run`.
    """
    keras = command.load_keras()
    from models.train.init_weights import begin

    began = time.monotonic()
    checkpoint = find_checkpoint(run)
    _check_folder(run, checkpoint is not None, resume)
    task = task_of(settings, say)
    settings = task.settings
    keras.config.set_dtype_policy(settings.run.precision)
    keras.utils.set_random_seed(settings.run.seed)
    network, optimizer = build_network(settings), make_optimizer(settings)
    if checkpoint is None:
        begin(network, settings, say)
    optimizer.build(network.trainable_variables)
    done = 0
    if checkpoint is not None:
        restore(checkpoint, settings, network, optimizer)
        done = checkpoint.step
    run.mkdir(parents=True, exist_ok=True)
    with Progress(settings.name, settings.run.steps, done) as progress:
        if checkpoint is not None:
            progress.say(f"goes on from step {done} of {run}")
            for name in checkpoint.dropped:
                progress.say(f"no longer a setting: {name}")
            for line in changes(checkpoint.settings, settings):
                progress.say(f"changed: {line}")
        (run / "settings.yaml").write_text(settings_text(settings), encoding="utf-8")
        ends = None if minutes is None else began + 60 * minutes
        with _signals() as caught:
            _Run(settings, run, task, network, optimizer, progress, done).go(caught, ends)
    return INTERRUPTED[caught[0]] if caught else 0


def make_optimizer(settings: Settings) -> Any:
    """AdamW as the settings say; it also keeps the averaged weights."""
    keras = command.load_keras()
    wanted, steps = settings.optimizer, settings.run.steps
    warmup = min(wanted.warmup_steps, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else wanted.learning_rate,
        steps - warmup,
        alpha=wanted.floor,
        warmup_target=wanted.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    span = min(wanted.average_steps, steps // 10)
    kind = keras.optimizers.AdamW
    if wanted.relative:
        from models.train.optimizer import RelativeAdamW

        kind = RelativeAdamW
    optimizer = kind(
        rate,
        weight_decay=wanted.weight_decay,
        global_clipnorm=wanted.clip_norm or None,
        use_ema=span > 1,
        ema_momentum=1 - 1 / max(span, 2),
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "alpha"])
    return optimizer


def make_trainee(network: Any, optimizer: Any, task: Task, jit: bool | None) -> Any:
    """The network wrapped so that Keras compiles a step of it, on whichever backend.

    `train_on_batch(images, targets)` of the result does a step and gives each part of the loss.
    """
    keras = command.load_keras()

    class Trainee(keras.Model):  # type: ignore[misc, name-defined]
        """Images `(B, S, S, 3)` uint8 in, loss parts as metrics out."""

        def __init__(self) -> None:
            super().__init__(name="trainee")
            self.network = network
            self.parts = {name: keras.metrics.Mean(name) for name in task.parts}
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
            targets = {name: keras.ops.convert_to_tensor(value) for name, value in y.items()}
            outputs = {name: keras.ops.cast(value, "float32") for name, value in y_pred.items()}
            losses = task.loss(targets, outputs)
            for name, tracker in self.parts.items():
                tracker.update_state(losses[name])
            return losses["total"] + sum(self.losses)

    trainee = Trainee()
    backend = keras.backend.backend()
    if jit is None:  # XLA on a CPU makes TensorFlow's convolutions three times slower
        jit = backend == "jax" or (backend == "tensorflow" and _has_accelerator())
    trainee.compile(optimizer, loss=None, jit_compile=jit)
    return trainee


def say(line: str) -> None:
    """One line on stderr."""
    print(line, file=sys.stderr, flush=True)


class _Run:
    """The loop, and what it does every so often."""

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
        self.trainee = make_trainee(network, optimizer, task, settings.run.jit)
        self.side = int(network.input_shape[1])
        names = ("train", "dev")
        self.curves = {name: Curve(folder / f"{name}.csv", done) for name in names}
        spent = [float(row["minutes"]) for row in self.curves["train"].rows]
        self.began = time.monotonic() - 60 * (spent[-1] if spent else 0)
        self.sums: dict[str, list[float]] = {}

    def go(self, caught: list[signal.Signals], ends: float | None) -> None:
        """Step until the end, a signal or the time is up; then leave a checkpoint."""
        wanted, last_save = self.settings.run, time.monotonic()
        with closing(self.task.batches(self.done, self.side)) as batches:
            for batch in batches:
                late = ends is not None and time.monotonic() >= ends
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
            self.progress.say(f"stopped after step {self.done}: --resume goes on from there")
        else:
            self.progress.say(f"done: {wanted.steps} steps, in {self.folder}")

    def _step(self, batch: Arrays) -> None:
        targets = {name: value for name, value in batch.items() if name != "image"}
        losses = self.trainee.train_on_batch(batch["image"], targets, return_dict=True)
        losses = {name: float(value) for name, value in losses.items()}
        if not np.isfinite(list(losses.values())).all():
            self._give_up(batch, losses)
        self.done += 1
        for name, value in losses.items():
            self.sums.setdefault(name, []).append(value)
        self.progress.step(self.done)

    def _give_up(self, batch: Arrays, losses: Mapping[str, float]) -> None:
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
        minutes = (time.monotonic() - self.began) / 60
        row = {"minutes": minutes, "learning_rate": rate, **figures}
        self.curves["train"].add(self.done, row)
        self.progress.report(self.done, figures)

    def _evaluate(self) -> None:
        with averaged(self.network, self.optimizer):
            figures = self.task.develop(self.trainee.predict_on_batch, self.side)
        if figures:
            self.curves["dev"].add(self.done, figures)
            text = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
            self.progress.say(f"step {self.done}: kept aside: {text}")

    def _save(self) -> None:
        save(self.folder, self.settings, self.done, self.network, self.optimizer)
        self.saved = self.done
        if not draw_curves(self.curves, self.folder / "curves.png"):
            self.progress.say('no curves.png: pip install "blazetrack[train]"')


def _check_folder(run: Path, holds_one: bool, resume: bool) -> None:
    if holds_one and not resume:
        raise InputError(
            f"train: {run} holds a run already: --resume goes on with it, --out FOLDER starts"
            " another"
        )
    if resume and not holds_one:
        raise InputError(f"train: {run} holds no checkpoint to go on from: leave out --resume")


@contextmanager
def _signals() -> Iterator[list[signal.Signals]]:
    """Inside, SIGINT and SIGTERM are only noted, so that the step in progress is finished."""
    caught: list[signal.Signals] = []

    def note(number: int, frame: FrameType | None) -> None:
        caught.append(signal.Signals(number))

    before: dict[signal.Signals, Callable[..., Any] | int | None] = {}
    for one in INTERRUPTED:
        before[one] = signal.signal(one, note)
    try:
        yield caught
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _has_accelerator() -> bool:
    """Whether TensorFlow sees a device that is no CPU."""
    import tensorflow as tf

    return any(device.device_type != "CPU" for device in tf.config.list_physical_devices())
