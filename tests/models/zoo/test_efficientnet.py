"""The encoder that can begin with ImageNet weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the workshop needs Keras")

from blazetrack.store import slim  # noqa: E402
from models.zoo import NETWORKS, build, deployed  # noqa: E402
from models.zoo.efficientnet import LEVELS, efficientnet_lite  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAME, SIDE = "efficientnet_lite0", 64
MAPS = [(16, 16, 24), (8, 8, 40), (4, 4, 80)]
TINY = {**NETWORKS["blazepose"].tiny, "encoder": NAME}


def encoder(levels: int = LEVELS) -> Any:
    image = keras.Input((SIDE, SIDE, 3))
    return keras.Model(image, efficientnet_lite(image, NAME, levels))


def blocks(network: Any) -> set[str]:
    """Names of the blocks that a network is made of."""
    parts = {layer.name.partition("_")[0] for layer in network.layers}
    return {part for part in parts if part.startswith("block")}


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_each_level_halves_the_map(levels: int) -> None:
    image = keras.Input((SIDE, SIDE, 3))
    maps = efficientnet_lite(image, NAME, levels)
    assert [one.shape[1:] for one in maps] == MAPS[:levels]


def test_fewer_levels_are_fewer_blocks() -> None:
    numbers = [{f"block{i}" for i in range(count)} for count in (3, 5, 8)]
    assert [blocks(encoder(levels)) for levels in (1, 2, 3)] == numbers


def test_pixels_are_what_the_imagenet_weights_expect() -> None:
    first = encoder(1).get_layer("imagenet_range")
    bytes_ = np.array([0, 127, 255], np.float32)
    seen = keras.ops.convert_to_numpy(first(bytes_ / 255))
    np.testing.assert_allclose(seen, (bytes_ - 127) / 128, atol=1e-6)


def test_activations_end_at_six() -> None:
    relus = [one for one in encoder().layers if isinstance(one, keras.layers.ReLU)]
    assert len(relus) == 1 + 1 + 7 * 2  # the stem, a block that does not expand, seven that do
    assert all(one.max_value == 6 for one in relus)


def test_only_blocks_of_one_width_and_side_keep_their_input() -> None:
    sums = [one for one in encoder().layers if isinstance(one, keras.layers.Add)]
    assert [one.output.shape[1:] for one in sums] == [MAPS[0], MAPS[1], MAPS[2], MAPS[2]]


@pytest.mark.parametrize(("levels", "count"), [(2, 5), (3, 8), (4, 8)])
def test_the_landmark_network_takes_as_many_blocks_as_it_has_levels(
    levels: int, count: int
) -> None:
    per_level = {
        "width": (16,) * levels,
        "depth": (0,) * levels,
        "decoder_depth": (0,) * (levels - 1),
        "regression_width": (8,) * levels,
        "regression_depth": (0,) * levels,
    }
    network = build("blazepose", **{**TINY, **per_level, "side": SIDE})
    assert blocks(network) == {f"block{i}" for i in range(count)}
    assert network.output["heatmap"].shape[1:] == (16, 16, 5)


def test_its_file_says_what_keras_says_and_holds_only_what_is_fast(tmp_path: Path) -> None:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TFLite files come from Keras on tensorflow")
    from ai_edge_litert.interpreter import Interpreter

    from models.export import to_tflite

    keras.utils.set_random_seed(2)
    network, path = deployed(build("blazepose", **TINY)), tmp_path / "network.tflite"
    path.write_bytes(to_tflite(network))
    image = np.random.default_rng(0).random((1, 32, 32, 3), np.float32)
    runner = Interpreter(model_path=str(path), num_threads=1).get_signature_runner()
    for name, value in runner(image=image).items():
        want = keras.ops.convert_to_numpy(network(image, training=False)[name])
        np.testing.assert_allclose(value, want, atol=32e-4 if name == "landmarks" else 1e-4)
    known = {"CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "ADD", "MUL", "PAD", "RESHAPE"}
    known |= {"RESIZE_BILINEAR", "CONCATENATION", "FULLY_CONNECTED", "LOGISTIC"}
    assert set(slim.count(path).operators) <= known
