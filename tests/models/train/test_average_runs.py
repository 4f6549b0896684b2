"""Averages of training runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.errors import ModelError
from models.train.checkpoint import find_checkpoint, load_network, save
from models.train.trainer import train

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def average(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "models", "average", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ}, check=False
    )


def test_an_average_is_evaluated_and_not_resumed(tiny_run: Path, tmp_path: Path) -> None:
    network, settings = load_network(tiny_run)
    assert settings is not None
    before = [np.asarray(weight) for weight in network.weights]
    for weight in network.weights:
        weight.assign(weight + 1.0)
    save(tmp_path / "other", settings, 9, network)

    done = average(tmp_path / "mean", tiny_run, tmp_path / "other")

    assert done.returncode == 0, done.stderr
    mean, described = load_network(tmp_path / "mean")
    assert described == settings
    for value, old in zip(mean.weights, before, strict=True):
        np.testing.assert_allclose(np.asarray(value), old + 0.5, atol=1e-5)
    found = find_checkpoint(tmp_path / "mean")
    assert found is not None
    assert found.step == 9
    with pytest.raises(ModelError, match="no optimizer state"):
        train(settings, tmp_path / "mean", resume=True)


def test_wrong_runs_are_refused(tiny_run: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for arguments, text in [
        ((there, tiny_run, tiny_run), "is there already"),
        ((tmp_path / "mean", tiny_run), "two or more runs, got 1"),
        ((tmp_path / "mean", tiny_run, there), "expected the folder of a training run"),
    ]:
        done = average(*arguments)
        assert done.returncode == 2
        assert text in done.stderr


def test_another_architecture_is_refused(tiny_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_run, other)
    about = other / "checkpoint" / "checkpoint.json"
    text = about.read_text(encoding="utf-8")
    found = find_checkpoint(tiny_run)
    assert found is not None
    about.write_text(text.replace(found.architecture["shapes"], "0" * 16), encoding="utf-8")

    done = average(tmp_path / "mean", tiny_run, other)

    assert done.returncode == 2
    assert "another architecture" in done.stderr
