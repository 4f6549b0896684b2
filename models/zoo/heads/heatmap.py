"""Layers of the heatmap head: one map per keypoint, and offsets from each cell to the keypoint."""

from __future__ import annotations

from math import pi
from typing import Any

from keras import layers

from models.zoo.heads.regression import dense_layer

__all__ = ["SIGMA", "heatmap_layer", "offsets_layer", "score_layers"]

SIGMA = 1.5  # cells, the default of `loss.heatmap_sigma`


def heatmap_layer(x: Any, keypoints: int, name: str = "heatmap", normalized: bool = False) -> Any:
    """`(B, h, w, c)` → `(B, h, w, K)` float32.

    Args:
        x: features.
        keypoints: K.
        name: of the output.
        normalized: the softmax of each map over its cells, for `loss.heatmap_error: divergence`; in
            units in which a Gaussian of `SIGMA` cells has height 1.
    """
    if not normalized:
        return layers.Conv2D(keypoints, 1, dtype="float32", name=name)(x)
    logits = layers.Conv2D(keypoints, 1, dtype="float32", name=f"{name}_logits")(x)
    height, width = logits.shape[1:3]
    maps = layers.Reshape((height * width, keypoints))(logits)
    maps = layers.Rescaling(2 * pi * SIGMA**2)(layers.Softmax(axis=1, dtype="float32")(maps))
    return layers.Reshape((height, width, keypoints), name=name)(maps)


def offsets_layer(x: Any, keypoints: int, name: str = "offsets") -> Any:
    """`(B, h, w, c)` → `(B, h, w, 2K)` float32: K times x, then K times y."""
    return layers.Conv2D(2 * keypoints, 1, dtype="float32", name=name)(x)


def score_layers(x: Any) -> Any:
    """`(B, h, w, c)` → `(B, 1)` float32: probability of a person, from the mean of the map."""
    logit = dense_layer(layers.GlobalAveragePooling2D()(x), "score_logit", 1)
    return layers.Activation("sigmoid", dtype="float32", name="score")(logit)
