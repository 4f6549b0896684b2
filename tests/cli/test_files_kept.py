"""No file that a command reads is overwritten by what it writes, whatever path leads to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from blazetrack.cli import main
from blazetrack.pipeline import shipped_graphs
from blazetrack.store import Store

Refused = Callable[..., str]


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Refused:
    """Run what must be refused in a folder whose files stay as they are; gives the message."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLAZETRACK_OFFLINE", "1")

    def call(*args: str) -> str:
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        with pytest.raises(SystemExit) as end:
            main(args)
        assert end.value.code == 2
        after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert after == before
        (line,) = capfd.readouterr().err.splitlines()
        return line

    return call


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A graph, a model with a card, and a folder with a picture; links to each of them."""
    shutil.copy(shipped_graphs()["pose"], tmp_path / "g.yaml")
    shutil.copy(Store(offline=True).find("blaze_lite").path, tmp_path / "m.tflite")
    (tmp_path / "pics").mkdir()
    cv2.imwrite(str(tmp_path / "pics" / "a.png"), np.zeros((64, 64, 3), np.uint8))
    os.link(tmp_path / "g.yaml", tmp_path / "hard.jsonl")
    (tmp_path / "soft.csv").symlink_to(tmp_path / "m.tflite")
    os.link(tmp_path / "pics" / "a.png", tmp_path / "picture.jsonl")
    return tmp_path


@pytest.mark.parametrize(
    "outputs",
    [
        ["--trace", "g.yaml"],
        ["--trace", "./m.tflite"],
        ["--out", "hard.jsonl"],
        ["--out", "soft.csv"],
    ],
)
@pytest.mark.usefixtures("inputs")
def test_run_output_on_a_graph_or_a_model_is_refused(refused: Refused, outputs: list[str]) -> None:
    models = ["--model", "m.tflite", "--detector", "blaze_detector_lite"]
    line = refused("run", "synthetic?frames=2", "--graph", "g.yaml", *models, *outputs)
    assert "which the run reads; choose another" in line


@pytest.mark.parametrize(
    "outputs",
    [["--trace", "pics/a.png"], ["--trace", "picture.jsonl"], ["--out", "picture.jsonl"]],
)
@pytest.mark.usefixtures("inputs")
def test_run_output_on_a_picture_of_the_source_folder_is_refused(
    refused: Refused, outputs: list[str]
) -> None:
    assert "is a file of the source pics" in refused("run", "pics", *outputs)


@pytest.mark.parametrize("args", [["r.png"], ["r.jsonl", "--out", "link.png"]])
def test_plot_picture_on_the_recording_is_refused(
    refused: Refused, tmp_path: Path, args: list[str]
) -> None:
    (tmp_path / "r.png").write_text("{}\n")
    (tmp_path / "r.jsonl").write_text("{}\n")
    os.link(tmp_path / "r.jsonl", tmp_path / "link.png")
    assert "is the recording itself" in refused("plot", *args)
