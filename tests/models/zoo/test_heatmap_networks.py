"""Networks of heatmaps: outputs of their stages, and wrong options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.errors import InputError  # noqa: E402
from models.zoo import ARCHITECTURES, build, deployed  # noqa: E402
from models.zoo.heads.heatmap import SIGMA, heatmap_layer  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STRIDES = {
    "simple_baseline": 8,
    "hrnet": 4,
    "stacked_hourglass": 4,
    "cpm": 8,
    "cascaded_hourglass": 8,
}
STAGED = {
    "stacked_hourglass": ["heatmap_1", "heatmap"],
    "cpm": ["heatmap_1", "heatmap"],
    "cascaded_hourglass": ["heatmap_1", "heatmap_2", "heatmap_3", "heatmap"],
}


def tiny(name: str, **options: Any) -> Any:
    return build(name, **{"keypoints": 5, **ARCHITECTURES[name].tiny, **options})


@pytest.mark.parametrize(("name", "stride"), STRIDES.items())
def test_build_height_and_width_gives_maps_of_their_ratio(name: str, stride: int) -> None:
    network = tiny(name, side=(64, 32))
    assert network.input_shape == (None, 64, 32, 3)
    assert network.output["heatmap"].shape == (None, 64 // stride, 32 // stride, 5)


@pytest.mark.parametrize(("name", "stages"), STAGED.items())
def test_deployed_network_of_stages_keeps_the_last_or_all(name: str, stages: list[str]) -> None:
    network = tiny(name)
    assert [key for key in network.output if key.startswith("heatmap")] == stages
    assert set(deployed(network).output) == {"heatmap", "score"}
    kept = deployed(network, stages=True)
    assert set(kept.output) == {*stages, "score"}
    image = np.random.default_rng(0).random((1, 32, 32, 3), np.float32)
    want, got = deployed(network)(image), kept(image)
    np.testing.assert_array_equal(want["heatmap"], got["heatmap"])


@pytest.mark.parametrize(("name", "stages"), STAGED.items())
def test_last_stage_depends_on_the_maps_of_the_first(name: str, stages: list[str]) -> None:
    network = tiny(name)
    image = np.random.default_rng(0).random((1, 32, 32, 3), np.float32)
    before = np.asarray(network(image)["heatmap"])
    layer = network.get_layer(stages[0])
    layer.set_weights([weight + 1 for weight in layer.get_weights()])
    assert np.abs(np.asarray(network(image)["heatmap"]) - before).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("simple_baseline", {"side": 100}, "side: expected a multiple of 32, got 100"),
        ("simple_baseline", {"side": (64, 50)}, "side: expected a multiple of 32, got 50"),
        ("simple_baseline", {"block": "basik"}, "no block 'basik'; did you mean 'basic'?"),
        ("simple_baseline", {"depth": (1, 1)}, r"depth: expected 4 numbers, got \(1, 1\)"),
        ("simple_baseline", {"depth": (1, 0, 1, 1)}, "blocks: expected whole numbers from 1"),
        ("simple_baseline", {"size": "resnet34"}, "no size 'resnet34'; did you mean 'resnet"),
        ("hrnet", {"side": 40}, "side: expected a multiple of 16, got 40"),
        ("hrnet", {"modules": 3}, "modules: expected a number per further stage, got 3"),
        ("hrnet", {"first": (4,)}, r"first: expected 2 numbers, got \(4,\)"),
        ("hrnet", {"width": 0}, "width: expected whole numbers from 1, got 0"),
        ("stacked_hourglass", {"side": 72}, "side: expected a multiple of 16, got 72"),
        ("stacked_hourglass", {"stacks": 0}, "stacks: expected whole numbers from 1, got 0"),
        ("stacked_hourglass", {"stem": 8}, "stem: expected 3 numbers, got 8"),
        ("cpm", {"side": 100}, "side: expected a multiple of 8, got 100"),
        ("cpm", {"stages": 0}, "stages: expected whole numbers from 1, got 0"),
        ("cpm", {"kernels": 9}, "kernels: expected 3 numbers, got 9"),
        ("cascaded_hourglass", {"side": 40}, "side: expected a multiple of 16, got 40"),
        ("cascaded_hourglass", {"hourglasses": (2, 4)}, "hourglasses: expected 3 numbers"),
        ("cascaded_hourglass", {"halvings": 2}, "halvings: expected 3 numbers, got 2"),
    ],
)
def test_build_wrong_option_is_one_line(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tiny(name, **options)


def test_cascaded_hourglass_maps_are_of_three_sizes() -> None:
    network = tiny("cascaded_hourglass", hourglasses=(2, 4, 2))
    sides = [one.shape[1] for key, one in network.output.items() if key.startswith("heatmap")]
    assert sides == [16, 16, 8, 8, 8, 8, 4, 4]


def test_heatmap_layer_normalized_sums_to_the_volume_of_a_gaussian() -> None:
    image = keras.Input((8, 6, 4))
    maps = keras.Model(image, heatmap_layer(image, 3, normalized=True))(np.ones((1, 8, 6, 4)))
    sums = np.asarray(keras.ops.convert_to_numpy(maps)).sum(axis=(1, 2))
    np.testing.assert_allclose(sums, 2 * np.pi * SIGMA**2, rtol=1e-5)
