"""Weights to begin with: what of the published network goes into a light one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="the workshop needs Keras")

from blazetrack.backends import TfliteModel  # noqa: E402
from blazetrack.errors import InputError, ModelError  # noqa: E402
from blazetrack.sources import open_source  # noqa: E402
from blazetrack.store import Store  # noqa: E402
from models.pretrained import SIDE, begin_with  # noqa: E402
from models.zoo import NETWORKS, build  # noqa: E402

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
    begin_with(network, "full", crops, weights)
    stored = weights.find("full")
    model = TfliteModel(stored.info, lambda wanted: stored.path)
    model.want("heatmap")
    want = model.run(crops[0])["heatmap"][..., :33]
    got = network.predict_on_batch(crops[0][None].astype(np.float32) / 255)["heatmap"]
    np.testing.assert_allclose(np.asarray(got), want, atol=2e-3)


def test_a_light_network_keeps_the_scale_of_its_channels(
    weights: Store, crops: list[NDArray[np.uint8]]
) -> None:
    network = build("blazepose_light", "lite")
    taken = begin_with(network, "full", crops, weights)
    named = {layer.name for layer in network.layers if layer.name + "_norm" in names(network)}
    assert taken == len({name for name in named if not name.startswith("reading")})
    small = np.stack([crop[::2, ::2] for crop in crops]).astype(np.float32) / 255
    probe = keras.Model(network.input, network.get_layer("stage3_0_project_norm").output)
    spread = np.asarray(probe(small, training=True)).std(axis=(0, 1, 2))
    gamma = np.asarray(network.get_layer("stage3_0_project_norm").gamma)
    np.testing.assert_allclose(spread, gamma, rtol=0.02, atol=1e-3)
    assert np.isfinite(np.asarray(network(small)["points"])).all()


def names(network: Any) -> set[str]:
    return {layer.name for layer in network.layers}


def test_other_keypoints_begin_with_heatmaps_of_their_own(
    weights: Store, crops: list[NDArray[np.uint8]]
) -> None:
    network = build("blazepose_light", **NETWORKS["blazepose_light"].tiny)
    before = np.array(network.get_layer("heatmap").kernel)
    assert begin_with(network, "full", crops[:1], weights) > 20
    np.testing.assert_array_equal(before, network.get_layer("heatmap").kernel)


def test_what_cannot_be_is_told(crops: list[NDArray[np.uint8]]) -> None:
    light = build("blazepose_light", **NETWORKS["blazepose_light"].tiny)
    with pytest.raises(InputError, match="no pretrained weights 'fool'; known: full"):
        begin_with(light, "fool", crops)
    with pytest.raises(InputError, match="expected pictures"):
        begin_with(light, "full", [])
    other = build("blazeface", **NETWORKS["blazeface"].tiny)
    with pytest.raises(ModelError, match="expected a network of blazepose_light, got 'blazeface'"):
        begin_with(other, "full", crops)
