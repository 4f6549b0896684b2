"""Training of a network for several people: data, figures, export to the pipeline's model."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.errors import InputError  # noqa: E402
from blazetrack.heads.paf import encode  # noqa: E402
from blazetrack.model_info import ModelInfo  # noqa: E402
from blazetrack.skeleton import COCO18  # noqa: E402
from blazetrack.types import Landmarks  # noqa: E402
from models.data.readers.crowds import crowds  # noqa: E402
from models.data.transforms.scene_view import scene_view  # noqa: E402
from models.train.config import load_settings  # noqa: E402
from models.train.data_settings import SceneDataSettings  # noqa: E402
from models.train.development import figures_of, scene_figures  # noqa: E402
from models.train.losses import PafLossSettings, head_loss  # noqa: E402
from models.train.settings import skeleton_of_run  # noqa: E402
from models.train.tasks import open_task  # noqa: E402
from models.train.trainer import train  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

CONFIG = """
network: {name: openpose, options: {side: 64, backbone: small, stages: 2, width: 0.25}}
data:
  packs: PACKS
  train: {drawn: {kind: crowd, count: 8}}
  dev: {other: {kind: crowd, count: 2, seed: 1}}
  workers: 1
run: {steps: 12, batch: 4, log_steps: 4, dev_steps: 12}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "scenes.yaml"
    path.write_text(CONFIG.replace("PACKS", str(tmp_path / "packs")), encoding="utf-8")
    return path


def test_train_several_people_lowers_the_loss_and_evaluates(config: Path, tmp_path: Path) -> None:
    settings = load_settings(config)
    assert isinstance(settings.data, SceneDataSettings)
    assert skeleton_of_run(settings) == COCO18
    assert train(settings, tmp_path / "run") == 0
    with (tmp_path / "run" / "train.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert {"heatmap", "heatmap_1", "paf", "paf_1"} <= set(rows[0])
    with (tmp_path / "run" / "dev.csv").open(encoding="utf-8") as file:
        assert {"other found", "other extra"} <= set(next(csv.DictReader(file)))


def test_task_wrong_number_of_limbs_is_one_line(config: Path) -> None:
    settings = load_settings(config, ["network.options.limbs=17"])
    with pytest.raises(InputError, match=r"options.limbs: coco18 has 19 limbs, got 17"):
        open_task(settings, lambda line: None)


def test_scene_figures_of_the_labels_themselves_are_perfect() -> None:
    """The labels, encoded in the picture's frame of the crop, as the network's outputs."""
    pictures = [scene_view(one, COCO18) for one in crowds(6, seed=5) if len(one) == 2][:2]
    info = ModelInfo(
        "labels", "landmarks", (320, 320), (0, 1), "zero", {"heatmap": "", "paf": ""}, COCO18,
        head="paf",
        head_options={"rules": "paper", "cells": "centre"},
    )  # fmt: skip
    assert figures_of(info) is scene_figures
    maps = {}
    for picture in pictures:
        points = np.nan_to_num(picture.points_px) + np.array([0, 40, 0])  # 320×240 in a square
        known = picture.labelled.astype(np.float64)
        none = np.zeros(len(points), np.int64)
        people = Landmarks(points, np.zeros_like(points), known, known, np.ones(len(none)), none)
        maps[picture.image.tobytes()] = encode(people, info, (40, 40))

    def predict(pixels):
        return maps[pixels[0, 40:280].tobytes()]

    figures = scene_figures(pictures, predict, info)
    assert figures["found"] == 1
    assert figures["extra"] == 0


def test_paf_loss_target_itself_or_ignored_cells_give_zero() -> None:
    info = ModelInfo("x", "landmarks", (16, 16), (0, 1), "zero", {}, COCO18, head="paf")
    rng = np.random.default_rng(0)
    want = {"heatmap": rng.random((1, 2, 2, 19)), "paf": rng.uniform(-1, 1, (1, 2, 2, 38))}
    want["weights"] = np.ones((1, 2, 2, 1))
    got = {**want, "heatmap_1": want["heatmap"], "paf_1": want["paf"]}
    got.pop("weights")
    assert float(head_loss("paf", want, got, PafLossSettings(), info)["total"]) == 0
    want["weights"][0, 0, 0] = 0
    wrong = {**got, "paf": got["paf"].copy()}
    wrong["paf"][0, 0, 0] += 5
    assert float(head_loss("paf", want, wrong, PafLossSettings(), info)["total"]) == 0
    wrong["paf"][0, 1, 1] += 5
    parts = head_loss("paf", want, wrong, PafLossSettings(), info)
    assert float(parts["paf"]) > 0
    assert float(parts["paf_1"]) == 0
