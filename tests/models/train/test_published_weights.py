"""Published weights as initial weights of the small networks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="the workshop needs Keras")

from blazetrack.backends import open_model  # noqa: E402
from blazetrack.errors import InputError, ModelError  # noqa: E402
from blazetrack.sources import open_source  # noqa: E402
from blazetrack.store import Store  # noqa: E402
from models.train import published_weights  # noqa: E402
from models.train.published_weights import load_published  # noqa: E402
from models.zoo import ARCHITECTURES, build, deployed  # noqa: E402

SIDE = 256

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def crops() -> list[NDArray[np.uint8]]:
    """The drawn person, cropped about as by the tracker."""
    with open_source("synthetic?frames=4&size=640x480") as source:
        return [
            cv2.resize(frame.image[20:460, 100:540], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            for frame in source
        ]


def test_load_published_full_network_has_heatmaps_of_file(
    weights: Store, crops: list[NDArray[np.uint8]]
) -> None:
    network = build("blazepose_lite", "full")
    load_published(network, "full", weights)
    stored = weights.find("full")
    model = open_model(stored.path, stored.info)
    model.want("heatmap")
    want = model.run(crops[0])["heatmap"][..., :33]
    got = network.predict_on_batch(crops[0][None].astype(np.float32) / 255)["heatmap"]
    np.testing.assert_allclose(np.asarray(got), want, atol=2e-3)


def test_load_published_whole_network_equals_file(
    weights: Store, crops: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the share of the soft-argmax, the outputs are those of the file."""
    monkeypatch.setattr(published_weights, "SOFT_ARGMAX_SHARE", 0.0)
    network = build("blazepose_lite", "full")
    load_published(network, "full", weights)
    stored = weights.find("full")
    model = open_model(stored.path, stored.info)
    model.want("landmarks", "world", "score")
    want = model.run(crops[0])
    got = deployed(network).predict_on_batch(crops[0][None].astype(np.float32) / 255)
    rows = np.asarray(got["landmarks"]).reshape(35, 5)
    published = want["landmarks"].reshape(39, 5)[:35]
    np.testing.assert_allclose(rows[:, :3], published[:, :3], atol=0.02)  # pixels
    np.testing.assert_allclose(rows[:33, 3:], published[:33, 3:], atol=5e-3)
    world = want["world"].reshape(-1)[: 33 * 3]
    np.testing.assert_allclose(np.asarray(got["world"]).reshape(-1), world, atol=1e-3)
    np.testing.assert_allclose(np.asarray(got["score"]), want["score"].reshape(1, 1), atol=1e-4)


def test_load_published_points_are_at_heatmap_maxima(
    weights: Store, crops: list[NDArray[np.uint8]]
) -> None:
    network = build("blazepose_lite", side=256)
    load_published(network, "full", weights)
    outputs = network.predict_on_batch(np.stack(crops).astype(np.float32) / 255)
    maps, points = np.asarray(outputs["heatmap"]), np.asarray(outputs["points"])[:, :33, :2]
    cells = maps.shape[1]
    highest = maps.reshape(len(maps), -1, 33).argmax(axis=1)
    places = (np.stack([highest % cells, highest // cells], axis=-1) + 0.5) / cells
    assert np.median(np.linalg.norm(points - places, axis=-1)) < 0.02


def test_load_published_other_points_are_small_but_not_zero(weights: Store) -> None:
    """Channel-scaled steps: z and the alignment points would stay at zero."""
    network = build("blazepose_lite", side=256)
    load_published(network, "full", weights)
    kernel, _ = network.get_layer("points").get_weights()
    assert np.sqrt(np.mean(kernel**2, axis=0)).min() > 1e-4


def test_load_published_other_layout_is_error(weights: Store) -> None:
    network = build("blazepose_lite", "lite")
    with pytest.raises(ModelError, match=r"pretrained full: .* it needs the published layout"):
        load_published(network, "full", weights)


def test_load_published_smaller_network_loads_its_layers(weights: Store) -> None:
    network = build("blazepose_lite", side=192, depth=(0, 1, 0, 2, 1, 1))
    loaded = load_published(network, "full", weights)
    own = ("tail", "feature_maps", "points", "visibility", "presence", "world", "score", "offsets")
    weighted = {layer.name for layer in network.layers if layer.weights}
    assert loaded == {name for name in weighted if not name.startswith(own)}


def test_load_published_other_keypoints_keep_fresh_heatmaps(weights: Store) -> None:
    network = build("blazepose_lite", **ARCHITECTURES["blazepose_lite"].tiny)
    before = np.array(network.get_layer("heatmap").kernel)
    assert len(load_published(network, "full", weights)) > 20
    np.testing.assert_array_equal(before, network.get_layer("heatmap").kernel)


def test_load_published_full_detector_equals_file(
    weights: Store, crops: list[NDArray[np.uint8]]
) -> None:
    network = build("blazeface_lite", "full")
    load_published(network, "pose_detector", weights)
    stored = weights.find("pose_detector")
    model = open_model(stored.path, stored.info)
    picture = cv2.resize(crops[0], (224, 224), interpolation=cv2.INTER_AREA)
    # The file reads -1..1 and sees grey beyond the edge, the network 0..1 and black.
    stem = network.get_layer("stem")
    kernel, bias = stem.get_weights()
    stem.set_weights([kernel / 2, bias + kernel.sum(axis=(0, 1, 2)) / 2])
    got = network.predict_on_batch(picture[None].astype(np.float32) / 127.5 - 1)
    fine, coarse = 2 * 28**2, 2 * 14**2
    for name, want in model.run(picture).items():
        want = want.reshape(-1, 12 if name == "boxes" else 1)[:, :10]
        rows = np.concatenate([want[1:fine:2], want[fine : fine + coarse : 2]])
        np.testing.assert_allclose(np.asarray(got[name])[0], rows, atol=5e-3)


def test_load_published_wrong_name_or_network_is_one_line() -> None:
    light = build("blazepose_lite", **ARCHITECTURES["blazepose_lite"].tiny)
    with pytest.raises(
        InputError, match="no pretrained weights 'fool'; known: full, lite, pose_detector"
    ):
        load_published(light, "fool")
    with pytest.raises(ModelError, match="expected blazeface_lite, got 'blazepose_lite'"):
        load_published(light, "pose_detector")
