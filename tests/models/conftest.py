"""A tiny network, trained for a few steps on drawn people, for whoever measures or exports one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

Configure: TypeAlias = Callable[..., Path]

NETWORK = """
network:
  name: blazepose
  options:
    {side: 32, stem: 8, width: [8, 8], depth: [0, 0], decoder_depth: [0],
     regression_width: [8, 8], regression_depth: [0, 0], top: 8, head: 8}
"""


@pytest.fixture(scope="session")
def configure(tmp_path_factory: pytest.TempPathFactory) -> Configure:
    """Write a config for a tiny landmark network and drawn people; packs are shared."""
    folder = tmp_path_factory.mktemp("workshop")

    def write(name: str = "tiny", more: str = "") -> Path:
        text = f"""{NETWORK}
data:
  packs: {folder / "packs"}
  people: {{drawn: {{kind: synthetic, count: 8}}}}
  dev: {{other: {{kind: synthetic, count: 4, seed: 1}}}}
  workers: 1
optimizer: {{average_steps: 40}}
run: {{steps: 6, batch: 4, log_steps: 2, dev_steps: 3, dev_samples: 4}}
{more}"""
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def tiny_run(configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of six steps."""
    pytest.importorskip("keras", reason="the workshop needs Keras")
    from models.train.config import load_settings
    from models.train.trainer import train

    run = tmp_path_factory.mktemp("runs") / "tiny"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras 3 on NumPy 2
        assert train(load_settings(configure()), run) == 0
    return run
