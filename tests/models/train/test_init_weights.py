"""Weights to begin with: what of a trained network goes into another one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="the workshop needs Keras")

from blazetrack.errors import ModelError
from models.train.init_weights import take_what_fits
from models.zoo import NETWORKS, build

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_a_run_goes_on_with_another_network_where_the_layers_fit() -> None:
    tiny = NETWORKS["blazeface_lite"].tiny
    trained = build("blazeface_lite", **tiny)
    other = build("blazeface_lite", **{**tiny, "side": 2 * tiny["side"], "points": 2})
    taken = take_what_fits(other, trained)
    for layer in other.layers:
        same = layer.name in taken
        assert same == (bool(layer.weights) and not layer.name.startswith("boxes"))
        if same:
            want = trained.get_layer(layer.name).get_weights()
            for got, value in zip(layer.get_weights(), want, strict=True):
                np.testing.assert_array_equal(got, value)


def test_a_network_without_a_block_takes_the_others() -> None:
    deep = build("blazeface_lite", side=64, depth=(0, 1, 1, 1, 1, 1), keep=(0.2,) * 6)
    flat = build("blazeface_lite", side=64, depth=(0, 1, 0, 1, 1, 1), keep=(0.2,) * 6)
    assert take_what_fits(flat, deep) == {layer.name for layer in flat.layers if layer.weights}


def test_another_architecture_is_refused() -> None:
    pose = build("blazepose_lite", **NETWORKS["blazepose_lite"].tiny)
    detector = build("blazeface_lite", **NETWORKS["blazeface_lite"].tiny)
    with pytest.raises(ModelError, match="expected blazeface_lite, got 'blazepose_lite'"):
        take_what_fits(detector, pose)
