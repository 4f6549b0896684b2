"""Counts of the named sizes beside those of the papers."""

from __future__ import annotations

import pytest

pytest.importorskip("keras", reason="models needs Keras")

from models.zoo import ARCHITECTURES, build
from models.zoo.stats import network_stats, paper_giga

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PUBLISHED = [(name, size) for name, one in ARCHITECTURES.items() for size in one.published]
SYSTEMS = ("simple_baseline", "hrnet", "stacked_hourglass", "cpm", "cascaded_hourglass")


@pytest.mark.parametrize(("name", "size"), PUBLISHED)
def test_network_counts_of_published_size_are_within_3_percent(name: str, size: str) -> None:
    want = ARCHITECTURES[name].published[size]
    height, width = want.input_hw
    side = height if height == width else want.input_hw
    network = build(name, size, side=side, keypoints=want.keypoints)
    parameters, _ = network_stats(network)
    assert parameters / 1e6 == pytest.approx(want.parameters, rel=0.03)
    if want.multiply_adds is not None:
        assert paper_giga(network) == pytest.approx(want.multiply_adds, rel=0.03)


@pytest.mark.parametrize("name", SYSTEMS)
def test_small_size_is_within_the_budget_of_the_zoo(name: str) -> None:
    network = build(name, "small")
    parameters, multiply_adds = network_stats(network)
    assert network.input_shape[1:] == (128, 128, 3)
    assert multiply_adds < 150e6
    assert 2 * parameters < 4e6  # bytes in float16
