"""Initial weights from an exported TFLite file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the export needs TensorFlow")

from blazetrack.errors import ModelError
from blazetrack.store import Store
from models.export.tflite import to_tflite
from models.train.tflite_weights import load_tflite_weights
from models.zoo import ARCHITECTURES, build, deployed

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("float16", [False, True])
def test_load_tflite_weights_own_export_restores_every_layer(tmp_path: Path, float16: bool) -> None:
    tiny = ARCHITECTURES["blazeface_lite"].tiny
    trained, fresh = (build("blazeface_lite", **tiny) for _ in range(2))
    for layer in trained.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, np.linspace(-1, 1, len(bias), dtype=np.float32)])
    path = tmp_path / "detector.tflite"
    path.write_bytes(to_tflite(deployed(trained), float16=float16))
    loaded = load_tflite_weights(fresh, path)
    assert loaded == {layer.name for layer in fresh.layers if layer.weights}
    for layer in loaded:
        weights = (network.get_layer(layer).get_weights() for network in (fresh, trained))
        for got, want in zip(*weights, strict=True):
            np.testing.assert_allclose(got, want, atol=1e-3 if float16 else 0)


def test_load_tflite_weights_shipped_detector_fits_on_fewer_pixels() -> None:
    network = build("blazeface_lite", side=128)
    loaded = load_tflite_weights(network, Store().find("blaze_detector").path)
    assert loaded == {layer.name for layer in network.layers if layer.weights}


def test_load_tflite_weights_other_network_is_error(tmp_path: Path) -> None:
    path = tmp_path / "detector.tflite"
    detector = build("blazeface_lite", **ARCHITECTURES["blazeface_lite"].tiny)
    path.write_bytes(to_tflite(deployed(detector)))
    other = build("blazepose", **ARCHITECTURES["blazepose"].tiny)
    with pytest.raises(ModelError, match="no layer of blazepose fits"):
        load_tflite_weights(other, path)


def test_load_tflite_weights_broken_file_is_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"no model")
    network = build("blazeface_lite", **ARCHITECTURES["blazeface_lite"].tiny)
    with pytest.raises(ModelError, match=r"broken\.tflite"):
        load_tflite_weights(network, path)
