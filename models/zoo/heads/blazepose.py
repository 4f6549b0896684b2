"""What all landmark networks end in: dense heads to run, heatmaps and offsets to learn by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from blazetrack.errors import ModelError
from models.zoo.layers import says

__all__ = ["DENSE", "FEATURES", "MIDDLE", "dense_heads", "fold_heads", "map_heads"]

FEATURES = "features"
DENSE = ("points", "visibility", "presence", "world", "score")
MIDDLE = (0.5, 0.5, 0.0)  # x, y, z of a point that nothing is known of


def dense_heads(features: Any, keypoints: int) -> dict[str, Any]:
    """Outputs of one dense layer each, in float32; untrained ones say next to nothing."""

    def dense(name: str, values: int) -> Any:
        small = keras.initializers.VarianceScaling(0.01)
        head = layers.Dense(values, kernel_initializer=small, dtype="float32", name=name)
        return head(features)

    points = layers.Reshape((keypoints + 2, 3))(dense("points", (keypoints + 2) * 3))
    return {
        "points": layers.Rescaling(1.0, MIDDLE, dtype="float32")(points),
        "visibility": dense("visibility", keypoints),
        "presence": dense("presence", keypoints),
        "world": layers.Reshape((keypoints, 3))(dense("world", keypoints * 3)),
        "score": dense("score", 1),
    }


def map_heads(decoded: Any, keypoints: int) -> dict[str, Any]:
    """Heatmaps and offsets, for training only."""
    heatmap = layers.Conv2D(keypoints, 1, dtype="float32", name="heatmap")
    offsets = layers.Conv2D(2 * keypoints, 1, dtype="float32", name="offsets")
    return {"heatmap": heatmap(decoded), "offsets": offsets(decoded)}


def fold_heads(network: keras.Model, name: str) -> keras.Model:
    """The network as it is exported, with the weights that it has now.

    Args:
        network: a landmark network of the zoo; a deployed one is returned as it is.
        name: that it has in the zoo.

    Returns:
        `image` `(B, side, side, 3)` → `landmarks` `(B, (K + 2) · 5)`, row by row x y z in pixels
        of the input, visibility logit and presence logit (both 0 for the alignment points);
        `score` `(B, 1)` probability; `world` `(B, K · 3)` metres.

    Raises:
        ModelError: it is no such network.
    """
    if says(network) == {"landmarks", "score", "world"}:
        return network
    names = {layer.name for layer in network.layers}
    if not {FEATURES, *DENSE} <= names:
        raise ModelError(f"deployed: expected a network of {name}, got '{network.name}'")
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
        dense = layers.Dense(len(bias), name=head)
        outputs[head] = dense(features)
        dense.set_weights([kernel, bias])
    outputs["score"] = layers.Activation("sigmoid", name="probability")(outputs["score"])
    return keras.Model(network.input, outputs, name=name)


def _interleave(parts: Mapping[str, Any], keypoints: int, side: int) -> Any:
    """Kernels or biases of points, visibility and presence → those of `landmarks`."""
    rows = parts["points"].shape[:-1]  # (F,) of a kernel, () of a bias
    out = np.zeros((*rows, keypoints + 2, 5), np.float32)
    out[..., :3] = parts["points"].reshape(*rows, keypoints + 2, 3) * side
    out[..., :keypoints, 3] = parts["visibility"]
    out[..., :keypoints, 4] = parts["presence"]
    return out.reshape(*rows, -1)
