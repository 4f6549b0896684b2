"""Layers of the blazepose head: dense outputs for inference, heatmaps and offsets for training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from blazetrack.errors import ModelError
from models.zoo.heads.heatmap import heatmap_layer, offsets_layer
from models.zoo.heads.regression import dense_layer

__all__ = ["DENSE", "FEATURES", "MIDDLE", "blazepose_layers", "fold"]

FEATURES = "features"
DENSE = ("points", "visibility", "presence", "world", "score")
MIDDLE = (0.5, 0.5, 0.0)  # x, y, z of points before training


def blazepose_layers(features: Any, decoded: Any, keypoints: int) -> dict[str, Any]:
    """All outputs of a landmark network in training; see `models.zoo.blazepose.blazepose`.

    Args:
        features: `(B, F)`, input of the dense layers.
        decoded: `(B, h, w, c)`, input of heatmaps and offsets.
        keypoints: K.
    """
    points = dense_layer(features, "points", (keypoints + 2) * 3)
    points = layers.Reshape((keypoints + 2, 3))(points)
    return {
        "points": layers.Rescaling(1.0, MIDDLE, dtype="float32")(points),
        "visibility": dense_layer(features, "visibility", keypoints),
        "presence": dense_layer(features, "presence", keypoints),
        "world": layers.Reshape((keypoints, 3))(dense_layer(features, "world", keypoints * 3)),
        "score": dense_layer(features, "score", 1),
        "heatmap": heatmap_layer(decoded, keypoints),
        "offsets": offsets_layer(decoded, keypoints),
    }


def fold(network: keras.Model) -> keras.Model:
    """The network for inference: its dense layers merged into one per output of the head.

    Returns:
        `image` `(B, side, side, 3)` → `landmarks` `(B, (K + 2) · 5)`, per row x y z in pixels of
        the input, visibility logit and presence logit (both 0 for the alignment points);
        `score` `(B, 1)` probability; `world` `(B, K · 3)` metres.

    Raises:
        ModelError: it has no layers of this head.
    """
    if not {FEATURES, *DENSE} <= {layer.name for layer in network.layers}:
        raise ModelError(
            f"deployed: expected a network of {network.name} with the layers {', '.join(DENSE)}"
        )
    kernels, biases = {}, {}
    for head in DENSE:
        kernels[head], biases[head] = network.get_layer(head).get_weights()
    keypoints = len(biases["visibility"])
    biases["points"] = biases["points"] + np.tile(MIDDLE, keypoints + 2)
    side = network.input_shape[1]
    folded = {
        "landmarks": [_interleave(part, keypoints, side) for part in (kernels, biases)],
        "score": [kernels["score"], biases["score"]],
        "world": [kernels["world"], biases["world"]],
    }
    features = network.get_layer(FEATURES).output
    outputs = {}
    for head, (kernel, bias) in folded.items():
        dense = layers.Dense(len(bias), dtype="float32", name=head)
        outputs[head] = dense(features)
        dense.set_weights([kernel, bias])
    outputs["score"] = layers.Activation("sigmoid", name="probability")(outputs["score"])
    return keras.Model(network.input, outputs, name=network.name)


def _interleave(parts: Mapping[str, Any], keypoints: int, side: int) -> Any:
    """Kernels or biases of points, visibility and presence → those of `landmarks`."""
    rows = parts["points"].shape[:-1]  # (F,) of a kernel, () of a bias
    out = np.zeros((*rows, keypoints + 2, 5), np.float32)
    out[..., :3] = parts["points"].reshape(*rows, keypoints + 2, 3) * side
    out[..., :keypoints, 3] = parts["visibility"]
    out[..., :keypoints, 4] = parts["presence"]
    return out.reshape(*rows, -1)
