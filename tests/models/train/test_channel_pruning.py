"""Channel pruning: outputs of the pruned network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="the workshop needs Keras")

from models.train.channel_pruning import prune  # noqa: E402
from models.zoo import build  # noqa: E402

SIDE, DEPTH = 64, (0, 1, 0, 1, 0, 0)
HEATMAP = {"heatmap"}

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def images() -> NDArray[np.float32]:
    """Coarse squares: noise has no structure that other channels could compensate."""
    rng = np.random.default_rng(0)
    coarse = rng.random((24, 8, 8, 3), np.float32)
    return coarse.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)


@pytest.fixture(scope="module")
def whole() -> Any:
    keras.utils.set_random_seed(1)
    return build("blazepose_lite", side=SIDE, depth=DEPTH)


def narrow(keep: float) -> Any:
    keras.utils.set_random_seed(2)
    return build("blazepose_lite", side=SIDE, depth=DEPTH, keep=(keep,) * 6)


def heatmaps(network: Any, images: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(network.predict_on_batch(images)["heatmap"])


def test_prune_with_all_channels_changes_nothing(whole: Any, images: NDArray[np.float32]) -> None:
    other = narrow(1.0)
    prune(whole, other, HEATMAP, images)
    np.testing.assert_allclose(heatmaps(other, images), heatmaps(whole, images), atol=1e-3)


def test_prune_fewer_channels_approximates_outputs(whole: Any, images: NDArray[np.float32]) -> None:
    want = heatmaps(whole, images)
    off = []
    for keep in (0.75, 0.5):
        network = narrow(keep)
        untouched = np.mean((heatmaps(network, images) - want) ** 2)
        prune(whole, network, HEATMAP, images)
        assert network.count_params() < whole.count_params()
        off.append(np.mean((heatmaps(network, images) - want) ** 2) / untouched)
    assert off[0] < off[1] < 0.5


def test_prune_dead_channels_are_removed_first(whole: Any, images: NDArray[np.float32]) -> None:
    """Three quarters of a block's channels are dead; the others are kept."""
    dead = build("blazepose_lite", side=SIDE, depth=DEPTH)
    dead.set_weights(whole.get_weights())
    layer = dead.get_layer("stage3_1_project")
    kernel, bias = layer.get_weights()
    alive = np.arange(0, kernel.shape[2], 4)
    kernel[:, :, np.setdiff1d(np.arange(kernel.shape[2]), alive)] = 0
    layer.set_weights([kernel, bias])
    network = narrow(0.25)
    prune(dead, network, HEATMAP, images)
    kept = dead.get_layer("stage3_1_expand").get_weights()[0][..., alive]
    got = network.get_layer("stage3_1_expand").get_weights()[0]
    np.testing.assert_array_equal(got, kept)


def test_prune_other_layers_are_copied_where_shapes_fit(
    whole: Any, images: NDArray[np.float32]
) -> None:
    network = narrow(0.5)
    before = network.get_layer("tail_in_depthwise").get_weights()[0]
    prune(whole, network, HEATMAP, images)
    for name in ("feature_maps", "visibility"):
        np.testing.assert_array_equal(
            network.get_layer(name).get_weights()[0], whole.get_layer(name).get_weights()[0]
        )
    after = network.get_layer("tail_in_depthwise").get_weights()[0]  # reads fewer channels
    np.testing.assert_array_equal(before, after)
