"""Initial weights from another trained network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="the workshop needs Keras")

from blazetrack.errors import ModelError
from models.train.init_weights import copy_matching_layers
from models.zoo import ARCHITECTURES, build

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_copy_matching_layers_other_size_copies_equal_shapes() -> None:
    tiny = ARCHITECTURES["blazeface_lite"].tiny
    trained = build("blazeface_lite", **tiny)
    other = build("blazeface_lite", **{**tiny, "side": 2 * tiny["side"], "points": 2})
    copied = copy_matching_layers(other, trained)
    for layer in other.layers:
        same = layer.name in copied
        assert same == (bool(layer.weights) and not layer.name.startswith("boxes"))
        if same:
            want = trained.get_layer(layer.name).get_weights()
            for got, value in zip(layer.get_weights(), want, strict=True):
                np.testing.assert_array_equal(got, value)


def test_copy_matching_layers_missing_block_pairs_by_name() -> None:
    deep = build("blazeface_lite", side=64, depth=(0, 1, 1, 1, 1, 1), keep=(0.2,) * 6)
    flat = build("blazeface_lite", side=64, depth=(0, 1, 0, 1, 1, 1), keep=(0.2,) * 6)
    assert copy_matching_layers(flat, deep) == {
        layer.name for layer in flat.layers if layer.weights
    }


def test_copy_matching_layers_other_architecture_is_error() -> None:
    pose = build("blazepose_lite", **ARCHITECTURES["blazepose_lite"].tiny)
    detector = build("blazeface_lite", **ARCHITECTURES["blazeface_lite"].tiny)
    with pytest.raises(ModelError, match="expected blazeface_lite, got 'blazepose_lite'"):
        copy_matching_layers(detector, pose)
