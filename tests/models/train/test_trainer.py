"""Training runs: files, resuming, and errors."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.errors import InputError, ModelError, RenamedWarning
from models.train import trainer as training
from models.train.checkpoint import averaged_weights, find_checkpoint, load_network
from models.train.config import load_settings
from models.train.development import crop_pck
from models.train.optimizer import make_optimizer
from models.train.tasks import open_task
from models.train.trainer import TrainingError, train

Configure = Callable[..., Path]

ROOT = Path(__file__).parents[3]

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def weights_of(run: Path) -> list[np.ndarray]:
    network, _ = load_network(run)
    return [np.asarray(weight) for weight in network.weights]


class FakeTrainee:
    """Replaces the compiled network; the losses of each step are given."""

    def __init__(self, losses: Iterator[Mapping[str, float]]) -> None:
        self._losses = losses

    def train_on_batch(self, images: Any, targets: Any, return_dict: bool) -> Mapping[str, float]:
        assert images.dtype == np.uint8
        assert "image" not in targets
        return next(self._losses)


@pytest.fixture
def fake_losses(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[float]], None]:
    """Set the losses of the steps of a run, without training."""

    def use(losses: list[float]) -> None:
        fake = FakeTrainee({"loss": loss, "points": 0.5} for loss in losses)
        monkeypatch.setattr(training, "make_trainee", lambda *args: fake)

    return use


def test_train_writes_checkpoint_settings_and_curves(tiny_run: Path) -> None:
    about = json.loads((tiny_run / "checkpoint" / "checkpoint.json").read_text())
    assert (about["step"], about["seed"]) == (6, 0)
    assert about["architecture"]["network"] == "blazepose"
    assert about["architecture"]["options"]["keypoints"] == 33
    assert load_settings(tiny_run / "settings.yaml").run.steps == 6
    curve = rows(tiny_run / "train.csv")
    assert [row["step"] for row in curve] == ["2", "4", "6"]
    assert {"minutes", "learning_rate", "loss", "points", "heatmap"} <= set(curve[0])
    assert [row["step"] for row in rows(tiny_run / "dev.csv")] == ["3", "6"]
    assert not list(tiny_run.glob("checkpoint.*"))


def test_train_draws_curves(tiny_run: Path) -> None:
    pytest.importorskip("matplotlib")
    assert (tiny_run / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_train_resumed_equals_uninterrupted_run(
    tiny_run: Path, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = load_settings(configure()), tmp_path / "cut"
    step = training._Run._step

    def interrupted(self: Any, batch: Any) -> None:
        step(self, batch)
        if self.done == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(training._Run, "_step", interrupted)
    assert train(settings, run) == 130
    assert signal.getsignal(signal.SIGINT) == before
    cut = find_checkpoint(run)
    assert cut is not None
    assert cut.step == 3
    assert train(settings, run, resume=True) == 0
    for ours, theirs in zip(weights_of(run), weights_of(tiny_run), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    ours, theirs = (rows(folder / "train.csv")[-1] for folder in (run, tiny_run))
    assert ours["step"] == theirs["step"]
    assert float(ours["loss"]) == pytest.approx(float(theirs["loss"]), rel=1e-4)
    assert ours["learning_rate"] == theirs["learning_rate"]


def test_train_minutes_end_with_checkpoint(
    configure: Configure, tmp_path: Path, fake_losses: Callable[[list[float]], None]
) -> None:
    fake_losses([1.0] * 9)
    run = tmp_path / "run"
    assert train(load_settings(configure()), run, minutes=0) == 0
    checkpoint = find_checkpoint(run)
    assert checkpoint is not None
    assert checkpoint.step == 0
    assert train(load_settings(configure()), run, resume=True) == 0
    checkpoint = find_checkpoint(run)
    assert checkpoint is not None
    assert checkpoint.step == 6


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_train_loss_not_finite_is_error_with_step_and_batch(
    configure: Configure,
    tmp_path: Path,
    fake_losses: Callable[[list[float]], None],
    loss: float,
) -> None:
    fake_losses([1.0, 1.0, loss])
    run = tmp_path / "run"
    with pytest.raises(TrainingError) as caught:
        train(load_settings(configure()), run)
    assert "step 3: the loss is not finite" in str(caught.value)
    with np.load(run / "not_finite_step_3.npz") as batch:
        assert batch["image"].shape == (4, 32, 32, 3)
    assert find_checkpoint(run) is None


def test_train_existing_run_without_resume_is_error(configure: Configure, tiny_run: Path) -> None:
    with pytest.raises(InputError, match="holds a run already: --resume"):
        train(load_settings(configure()), tiny_run)


def test_train_resume_without_checkpoint_is_error(configure: Configure, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no checkpoint to resume"):
        train(load_settings(configure()), tmp_path / "none", resume=True)
    assert not (tmp_path / "none").exists()


def test_train_resume_other_architecture_is_error(
    configure: Configure, tiny_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    kept = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    other = load_settings(configure(), ["network.options.top=16"])
    with pytest.raises(ModelError) as caught:
        train(other, run, resume=True)
    assert "top=8" in str(caught.value)
    assert "the settings describe blazepose(" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == kept


@pytest.mark.parametrize("name", ["weights.weights.h5", "optimizer.npz", "checkpoint.json"])
def test_train_resume_damaged_checkpoint_is_error(
    configure: Configure, tiny_run: Path, tmp_path: Path, name: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / "checkpoint" / name).write_bytes(b"not what it was")
    with pytest.raises(ModelError, match=r"damaged|cannot be read"):
        train(load_settings(configure()), run, resume=True)


def test_find_checkpoint_during_replacement(tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / "checkpoint").rename(run / "checkpoint.old")
    checkpoint = find_checkpoint(run)
    assert checkpoint is not None
    assert checkpoint.step == 6


def test_task_other_number_of_keypoints_is_error(configure: Configure) -> None:
    settings = load_settings(configure(), ["network.options.keypoints=5"])
    with pytest.raises(InputError, match="blazepose33 has 33 keypoints, got 5"):
        open_task(settings, print)


def test_task_keeps_pretrained(configure: Configure) -> None:
    settings = load_settings(configure(), ["network.pretrained=full"])
    task = open_task(settings, print)
    assert task.settings.network.pretrained == "full"


def test_train_pretrained_run_loads_its_weights(
    tiny_run: Path, configure: Configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    before, _ = load_network(tiny_run)
    wanted = [f"network.pretrained={tiny_run}", "run.steps=1", "optimizer.learning_rate=1.0e-9"]
    assert train(load_settings(configure(), wanted), tmp_path / "run") == 0
    after, _ = load_network(tmp_path / "run")
    for one, other in zip(before.trainable_weights, after.trainable_weights, strict=True):
        np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (one, other)), atol=1e-5)
    assert f"weights of {tiny_run}: " in capsys.readouterr().err


def test_train_pretrained_missing_run_is_error(configure: Configure, tmp_path: Path) -> None:
    wanted = load_settings(configure(), [f"network.pretrained={tmp_path / 'gone'}"])
    with pytest.raises(InputError, match=r"no run in .*gone, and no published weights; known:"):
        train(wanted, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_make_optimizer_learning_rate_warms_up_and_decays(configure: Configure) -> None:
    more = ["run.steps=100", "optimizer.warmup_steps=10", "optimizer.floor=0.1"]
    optimizer = make_optimizer(load_settings(configure(), more))
    rate = [float(optimizer._learning_rate(step)) for step in range(101)]
    assert rate[0] == 0
    assert rate[10] == pytest.approx(1e-3)
    assert max(rate) == pytest.approx(1e-3)
    assert rate[100] == pytest.approx(1e-4)


def test_averaged_weights_are_restored_on_exit() -> None:
    import keras

    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    layer.build((None, 1))
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    optimizer.build(layer.trainable_variables)
    for _ in range(2):
        optimizer.apply([keras.ops.ones((1, 1))], layer.trainable_variables)
    kernel = layer.trainable_variables[0]
    assert float(kernel[0, 0]) == -1
    with averaged_weights(layer, optimizer):
        assert float(kernel[0, 0]) == -0.5
    assert float(kernel[0, 0]) == -1


def test_crop_pck_counts_human_labels_with_whole_torso() -> None:
    from blazetrack.skeleton import BLAZEPOSE33, Skeleton

    truth = np.zeros((2, 35, 3))
    for joint, (x, y) in zip(BLAZEPOSE33.torso or (), np.ndindex(2, 2), strict=True):
        truth[:, joint, :2] = 0.4 + 0.2 * x, 0.4 + 0.2 * y
    weight = np.ones((2, 35, 3))
    weight[:, 13] = 0.5  # a pseudo-label
    weight[1, 11] = 0  # no shoulder
    points = truth.copy()
    points[:, 14, 0] += 0.06  # more than 0.2 of about 0.24
    points[:, 13, 0] += 0.5
    score = crop_pck(points, {"points": truth, "points_weight": weight}, BLAZEPOSE33)
    assert score == pytest.approx(31 / 32)
    bare = Skeleton("two", ("a", "b"))
    points = np.array([[[0.5, 0.5, 0], [0.56, 0.5, 0]]])
    truth = np.full((1, 2, 3), 0.5)
    assert crop_pck(points, {"points": truth, "points_weight": truth + 1}, bare) == 0.5


def test_command_wrong_config_is_one_line(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "models.train",
        "blaze_litte",
        "--out",
        str(tmp_path / "run"),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("models.train: no config 'blaze_litte'; did you mean")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["train", "evaluate", "export", "quantize", "label"])
@pytest.mark.parametrize("prefix", ["models.", "models "])
def test_command_help_exits_with_0(prefix: str, name: str) -> None:
    if prefix + name == "models.label":
        name = "distill.pseudo_label"
    words = [sys.executable, "-m", *f"{prefix}{name}".split(), "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"Usage: python -m {prefix}{name}" in done.stdout


def test_channel_scaled_steps_are_relative_to_channel_size(configure: Configure) -> None:
    import keras

    more = [
        "optimizer.channel_scaled=true",
        "optimizer.learning_rate=0.01",
        "optimizer.warmup_steps=0",
    ]
    wanted = load_settings(configure(), [*more, "optimizer.weight_decay=0"])
    optimizer = make_optimizer(wanted)
    sizes = np.array([0.002, 1.0, 1000.0], np.float32)
    layers = [keras.layers.Conv2D(3, 1), keras.layers.DepthwiseConv2D(3)]
    for layer in layers:
        layer.build((None, 8, 8, 3))
        shape = (1, 1, 1, 3) if layer is layers[0] else (1, 1, 3, 1)
        kernel = np.ones(layer.weights[0].shape, np.float32) * sizes.reshape(shape)
        layer.set_weights([kernel, np.zeros(3, np.float32)])
    variables = [weight for layer in layers for weight in layer.trainable_variables]
    before = [keras.ops.convert_to_numpy(one) for one in variables]
    optimizer.build(variables)
    optimizer.apply([keras.ops.ones_like(one) for one in variables], variables)
    moved = [
        np.abs(keras.ops.convert_to_numpy(one) - old)
        for one, old in zip(variables, before, strict=True)
    ]
    for (kernel, bias), shape in ((moved[:2], (1, 1, 1, 3)), (moved[2:], (1, 1, 3, 1))):
        np.testing.assert_allclose(kernel / sizes.reshape(shape), 0.01, rtol=1e-2)
        np.testing.assert_allclose(bias, 0.001, rtol=1e-2)


def test_command_unknown_is_one_line() -> None:
    words = [sys.executable, "-m", "models", "trian", "--resume"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "models: no command 'trian'; did you mean 'train'?\n"


def test_checkpoint_of_an_old_architecture_name_resumes(
    configure: Configure, tmp_path: Path, fake_losses: Callable[[list[float]], None]
) -> None:
    fake_losses([1.0] * 9)
    lite = """
network: {name: NAME, options: {side: 32, depth: [0, 0, 0, 0, 0, 0]}}
data: {packs: PACKS, train: {drawn: {kind: synthetic, count: 8}}}
optimizer: {RELATIVE: true}
run: {steps: 3, batch: 4}
"""
    lite = lite.replace("PACKS", str(configure().parent / "packs"))
    path, run = tmp_path / "lite.yaml", tmp_path / "run"
    path.write_text(lite.replace("NAME", "blazepose_lite").replace("RELATIVE", "channel_scaled"))
    assert train(load_settings(path), run, minutes=0) == 0
    about = run / "checkpoint" / "checkpoint.json"
    new = about.read_text(encoding="utf-8")
    old = new.replace("blazepose_lite", "blazepose_light").replace("channel_scaled", "relative")
    assert old.count("blazepose_light") == 2
    about.write_text(old, encoding="utf-8")
    with pytest.warns(RenamedWarning) as caught:
        network, _ = load_network(run)
    assert network.name == "blazepose_lite"
    assert sorted(str(one.message) for one in caught) == [
        "config: 'relative' is now 'channel_scaled'",
        "network.name: 'blazepose_light' is now 'blazepose_lite'",
    ]
    path.write_text(lite.replace("NAME", "blazepose_light").replace("RELATIVE", "relative"))
    with pytest.warns(RenamedWarning):
        assert train(load_settings(path), run, resume=True) == 0
    checkpoint = find_checkpoint(run)
    assert checkpoint is not None
    assert (checkpoint.step, checkpoint.settings.network.name) == (3, "blazepose_lite")


def test_keras_file_of_an_old_architecture_name_loads(tmp_path: Path) -> None:
    from models.zoo import ARCHITECTURES, build, deployed

    network = build("blazepose_lite", **ARCHITECTURES["blazepose_lite"].tiny)
    network.name = "blazepose_light"
    network.save(tmp_path / "old.keras")
    with pytest.warns(RenamedWarning, match="'blazepose_light' is now 'blazepose_lite'"):
        loaded, _ = load_network(tmp_path / "old.keras")
    assert deployed(loaded).name == "blazepose_lite"
