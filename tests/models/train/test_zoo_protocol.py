"""The configs of the zoo share one protocol."""

from __future__ import annotations

import pytest

pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.heads import HEADS
from models.train.checkpoint import build_network
from models.train.config import CONFIGS, load_settings
from models.zoo import ARCHITECTURES
from models.zoo.stats import network_stats

MULTIPLY_ADDS = 20e12  # of the forward passes of a run

NAMES = sorted(path.stem for path in (CONFIGS / "zoo").glob("*.yaml"))
# Networks of whole pictures have other data.
CROPS = [
    name
    for name in NAMES
    if (head := HEADS[ARCHITECTURES[name].head]).kind == "landmarks" and not head.several
]


@pytest.mark.parametrize("name", CROPS)
def test_zoo_config_has_the_data_rate_and_compute_of_all(name: str) -> None:
    want, got = load_settings(f"zoo/{CROPS[0]}"), load_settings(f"zoo/{name}")
    assert (got.network.name, got.network.options) == (name, {"size": "small"})
    assert got.network.pretrained is None
    for section in ("data", "optimizer"):
        assert getattr(got, section) == getattr(want, section), section
    assert got.run.model_copy(update={"steps": want.run.steps}) == want.run
    _, multiply_adds = network_stats(build_network(got))
    work = got.run.steps * got.run.batch * multiply_adds
    assert work == pytest.approx(MULTIPLY_ADDS, rel=0.005)


def test_zoo_configs_are_of_all_systems() -> None:
    assert {"simple_baseline", "hrnet", "stacked_hourglass", "cpm", "cascaded_hourglass"} <= set(
        CROPS
    )
