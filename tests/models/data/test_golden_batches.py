"""Batches of a seed equal those of commit b5766c1: a resumed run goes on alike.

Each number is the mean of an array under a ramp from 1 to 2, computed with that commit.
"""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.model_info import Anchors
from blazetrack.skeleton import COCO17, LSP14
from models.data.batches import Batches
from models.data.examples import Canvases, PersonCrops
from models.data.readers.synthetic import synthetic
from models.data.targets.ssd import SsdTargets
from models.data.transforms.detector_view import detector_view

CROPS = {
    "image": 222.44201, "points": 0.13983, "points_weight": 0.45209, "visibility": 0.44547,
    "visibility_weight": 0.48539, "presence": 0.48539, "presence_weight": 0.48539,
    "world": -0.03974, "world_weight": 0.3887, "score": 0.63333,
}  # fmt: skip
# Since the middle of a head lies nearer to the shoulders (`detector_view.TO_SHOULDER`).
CANVASES = {"image": 145.6629, "boxes": 0.08577, "positives": 0.03987, "weights": 1.26863}


def ramp_mean(array):
    return np.mean(array.astype(float).ravel() * np.linspace(1, 2, array.size))


@pytest.fixture
def sources(make_person):
    made = [make_person(LSP14 if i % 2 else COCO17, number=i) for i in range(6)]
    return {"made": made, "drawn": synthetic(6, size=96, seed=3)}


def test_person_crops_equal_those_of_before(sources):
    shares = {"made": 1, "drawn": 2}
    batches = Batches(sources, 6, PersonCrops(48, negatives=0.3), seed=3, weights=shares)
    batch = batches.batch(7)
    assert {name: ramp_mean(array) for name, array in batch.items()} == {
        name: pytest.approx(mean, abs=0.5 if name == "image" else 2e-5)
        for name, mean in CROPS.items()
    }


def test_canvases_equal_those_of_before(sources):
    images = [detector_view(image) for source in sources.values() for image in source]
    targets = SsdTargets(Anchors(strides=(8, 16, 16, 16), per_map=2))
    batch = Batches(images, 12, Canvases(64, targets), seed=4).batch(5)
    assert {name: ramp_mean(array) for name, array in batch.items()} == {
        name: pytest.approx(mean, abs=0.5 if name == "image" else 2e-5)
        for name, mean in CANVASES.items()
    }
