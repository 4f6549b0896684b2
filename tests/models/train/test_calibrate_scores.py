"""Scores of a detector as probabilities."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.errors import InputError
from models.train.calibrate_scores import EMPTY_WEIGHT, fit_scale, scale_scores
from models.train.checkpoint import load_network, save
from models.train.config import load_settings
from models.zoo import ARCHITECTURES, build
from tests.drawn_outcomes import drawn_outcomes

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def calibrate(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "models", "calibrate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_fit_scale_makes_logits_probabilities() -> None:
    true = np.random.default_rng(0).normal(-1, 3, 40000)
    positives = drawn_outcomes(true)
    scale, shift = fit_scale((true - 0.8) / 2.5, positives)
    assert (scale, shift) == pytest.approx((2.5, 0.8 - np.log(EMPTY_WEIGHT)), abs=0.1)
    with pytest.raises(InputError, match="cells with and without people"):
        fit_scale(true, np.zeros(len(true), bool))


@pytest.mark.parametrize("name", ["blazeface", "blazeface_lite"])
def test_scale_scores_changes_the_logits_alone(name: str) -> None:
    network = build(name, **ARCHITECTURES[name].tiny)
    image = np.random.default_rng(0).random((1, *network.input_shape[1:]), np.float32)
    before = network.predict_on_batch(image)
    scale_scores(network, 2.0, -0.5)
    after = network.predict_on_batch(image)
    np.testing.assert_allclose(after["scores"], 2 * before["scores"] - 0.5, atol=1e-4)
    np.testing.assert_array_equal(after["boxes"], before["boxes"])


def test_calibrate_writes_a_run(tmp_path: Path) -> None:
    tiny = ARCHITECTURES["blazeface"].tiny
    network = {"name": "blazeface", "options": dict(tiny)}
    data = {"train": {"drawn": {"kind": "synthetic", "count": 8}}, "packs": str(tmp_path)}
    config = tmp_path / "finder.yaml"
    config.write_text(yaml.safe_dump({"network": network, "data": data}), encoding="utf-8")
    settings = load_settings(config, ["data.workers=1", "run.batch=8"])
    save(tmp_path / "run", settings, 3, build("blazeface", **tiny))
    done = calibrate(tmp_path / "out", tmp_path / "run", "--canvases", 16)
    assert done.returncode == 0, done.stderr
    assert "logits of scores ×" in done.stdout
    assert load_network(tmp_path / "out")[1] == settings
    again = calibrate(tmp_path / "out", tmp_path / "run")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)


def test_calibrate_refuses_other_networks(tiny_run: Path, tmp_path: Path) -> None:
    done = calibrate(tmp_path / "out", tiny_run)
    assert done.returncode == 2
    assert "expected a detector, got" in done.stderr
