"""Pictures of systems at work: a panel for each stage, maps where the keypoints are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")
pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

from blazetrack.backends import FakeModel  # noqa: E402
from blazetrack.heads.paf import encode  # noqa: E402
from blazetrack.model_info import ModelInfo  # noqa: E402
from blazetrack.skeleton import COCO18  # noqa: E402
from blazetrack.types import Landmarks  # noqa: E402
from models.data.readers.crowds import crowds  # noqa: E402
from models.data.readers.synthetic import synthetic  # noqa: E402
from models.evaluate.load_model import EvaluatedModel, load_model  # noqa: E402
from models.evaluate.zoo_pictures import SIDE, draw_system  # noqa: E402
from models.export.model_card import write_model  # noqa: E402
from models.export.tflite import to_tflite  # noqa: E402
from models.zoo import ARCHITECTURES, build, deployed, model_info  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize(
    ("name", "panels"), [("efficient_localization", 4), ("error_feedback", 4), ("simcc", 3)]
)
def test_draw_system_has_a_panel_for_each_stage(name: str, panels: int, tmp_path: Path) -> None:
    from blazetrack.store.manifest import Card

    keras.utils.set_random_seed(0)
    network = build(name, **{**ARCHITECTURES[name].tiny, "keypoints": 33})
    path, info = tmp_path / f"{name}.tflite", model_info(deployed(network), name)
    write_model(path, to_tflite(deployed(network, stages=True)), Card(info, "untrained"))
    image = draw_system(load_model(str(path)), synthetic(1, size=96)[0])
    assert image.shape == (SIDE, panels * SIDE, 3)
    tiles = np.split(image, panels, axis=1)
    assert all((tile != tiles[0]).any() for tile in tiles[1:])


def test_draw_system_of_several_people_shows_maps_where_they_are() -> None:
    scene = crowds(1)[0]
    outputs = {"heatmap": "heatmap", "paf": "paf"}
    info = ModelInfo("fake", "landmarks", (64, 64), (0, 1), "zero", outputs, COCO18, head="paf")
    xy = np.zeros((1, 18, 3))
    xy[0, :, 0], xy[0, :, 1] = np.linspace(8, 16, 18), np.linspace(12, 50, 18)  # left in the crop
    ones, zero = np.ones((1, 18)), np.zeros(1, np.int64)
    person = Landmarks(xy, np.zeros_like(xy), ones, ones, np.ones(1), zero)
    maps = encode(person, info, (16, 16))
    model = FakeModel(info, lambda pixels: maps)
    image = draw_system(EvaluatedModel("fake", model, True, None), scene)
    picture, confidence, fields, people = np.split(image, 4, axis=1)
    assert picture.shape == (SIDE, SIDE * 4 // 3, 3)
    for panel in (confidence, fields):
        bright = panel[: SIDE - 20].max(axis=-1) > 180
        assert bright.any()
        assert np.flatnonzero(bright.any(axis=0)).max() < panel.shape[1] / 2
    assert (people != picture).any()
