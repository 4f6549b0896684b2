"""Weights to begin with: what of the published network goes into a light one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="the workshop needs Keras")

from blazetrack.backends import TfliteModel  # noqa: E402
from blazetrack.errors import InputError, ModelError  # noqa: E402
from blazetrack.sources import open_source  # noqa: E402
from blazetrack.store import Store  # noqa: E402
from models.pretrained import begin_with  # noqa: E402
from models.zoo import NETWORKS, build  # noqa: E402

SIDE = 256

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def crops() -> list[NDArray[np.uint8]]:
    """The drawn person, about as the tracker cuts them out."""
    with open_source("synthetic?frames=4&size=640x480") as source:
        return [
            cv2.resize(frame.image[20:460, 100:540], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            for frame in source
        ]


def test_the_whole_network_draws_the_heatmaps_of_the_file(
    weights: Store, crops: list[NDArray[np.uint8]]
) -> None:
    network = build("blazepose_light", "full")
    begin_with(network, "full", weights)
    stored = weights.find("full")
    model = TfliteModel(stored.info, lambda wanted: stored.path)
    model.want("heatmap")
    want = model.run(crops[0])["heatmap"][..., :33]
    got = network.predict_on_batch(crops[0][None].astype(np.float32) / 255)["heatmap"]
    np.testing.assert_allclose(np.asarray(got), want, atol=2e-3)


def test_points_begin_where_the_heatmaps_are_high(
    weights: Store, crops: list[NDArray[np.uint8]]
) -> None:
    network = build("blazepose_light", "full")
    begin_with(network, "full", weights)
    outputs = network.predict_on_batch(np.stack(crops).astype(np.float32) / 255)
    maps, points = np.asarray(outputs["heatmap"]), np.asarray(outputs["points"])[:, :33, :2]
    cells = maps.shape[1]
    highest = maps.reshape(len(maps), -1, 33).argmax(axis=1)
    places = (np.stack([highest % cells, highest // cells], axis=-1) + 0.5) / cells
    assert np.median(np.linalg.norm(points - places, axis=-1)) < 0.02


def test_a_lighter_network_takes_what_it_has_a_place_for(weights: Store) -> None:
    network = build("blazepose_light", "lite", depth=(0, 1, 0, 2, 1, 1))
    taken = begin_with(network, "full", weights)
    own = ("tail", "feature_maps", "points", "visibility", "presence", "world", "score", "offsets")
    weighted = [layer.name for layer in network.layers if layer.weights]
    assert taken == len([name for name in weighted if not name.startswith(own)])


def test_other_keypoints_begin_with_heatmaps_of_their_own(weights: Store) -> None:
    network = build("blazepose_light", **NETWORKS["blazepose_light"].tiny)
    before = np.array(network.get_layer("heatmap").kernel)
    assert begin_with(network, "full", weights) > 20
    np.testing.assert_array_equal(before, network.get_layer("heatmap").kernel)


def test_a_detector_takes_the_encoder(weights: Store) -> None:
    network = build("blazeface_light", "lite")
    taken = begin_with(network, "full", weights)
    assert taken == len([one for one in network.layers if one.weights and "stage" in one.name]) + 1


def test_what_cannot_be_is_told() -> None:
    light = build("blazepose_light", **NETWORKS["blazepose_light"].tiny)
    with pytest.raises(InputError, match="no pretrained weights 'fool'; known: full"):
        begin_with(light, "fool")
    other = build("blazeface", **NETWORKS["blazeface"].tiny)
    with pytest.raises(ModelError, match="blazepose_light or blazeface_light, got 'blazeface'"):
        begin_with(other, "full")
