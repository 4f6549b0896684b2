"""Curves of several runs in one plot."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

pytest.importorskip("matplotlib", reason="plots need matplotlib")

from blazetrack.errors import InputError
from models.evaluate.learning_curves import main, read_points


def run(folder: Path, *rows: str) -> Path:
    folder.mkdir()
    (folder / "dev.csv").write_text("\n".join(("step,a pck,a found,b pck", *rows)) + "\n")
    return folder


def test_read_points_groups_runs_by_development_set(tmp_path: Path) -> None:
    runs = [run(tmp_path / "x", "10,0.1,1,0.2", "20,0.3,1,"), run(tmp_path / "y", "10,0.4,1,0.5")]
    assert read_points(runs, "pck") == {
        "a": {"x": ([10, 20], [0.1, 0.3]), "y": ([10], [0.4])},
        "b": {"x": ([10], [0.2]), "y": ([10], [0.5])},
    }


def test_main_writes_a_plot(tmp_path: Path) -> None:
    main(tmp_path / "curves.png", [run(tmp_path / "x", "10,0.1,1,0.2")])
    assert cv2.imread(str(tmp_path / "curves.png")).std() > 5


def test_read_points_without_the_figure_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no figure 'pk'; did you mean 'pck'"):
        read_points([run(tmp_path / "x", "10,0.1,1,0.2")], "pk")
    with pytest.raises(InputError, match="no development figures in"):
        read_points([tmp_path], "pck")
