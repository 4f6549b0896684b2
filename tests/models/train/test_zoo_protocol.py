"""The configs of the zoo share one protocol."""

from __future__ import annotations

import pytest

from blazetrack.heads import HEADS
from models.train.config import CONFIGS, load_settings
from models.zoo import ARCHITECTURES

NAMES = sorted(path.stem for path in (CONFIGS / "zoo").glob("*.yaml"))
# Networks of whole pictures have other data.
CROPS = [
    name
    for name in NAMES
    if (head := HEADS[ARCHITECTURES[name].head]).kind == "landmarks" and not head.several
]


@pytest.mark.parametrize("name", CROPS)
def test_zoo_config_has_the_data_rate_and_length_of_all(name: str) -> None:
    want, got = load_settings(f"zoo/{CROPS[0]}"), load_settings(f"zoo/{name}")
    assert (got.network.name, got.network.options) == (name, {"size": "small"})
    assert got.network.pretrained is None
    for section in ("data", "optimizer", "run"):
        assert getattr(got, section) == getattr(want, section), section


def test_zoo_configs_are_of_all_systems() -> None:
    assert {"simple_baseline", "hrnet", "stacked_hourglass", "cpm", "cascaded_hourglass"} <= set(
        CROPS
    )
