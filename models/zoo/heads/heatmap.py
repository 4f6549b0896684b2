"""Layers of the heatmap head: one map per keypoint, and offsets from each cell to the keypoint."""

from __future__ import annotations

from typing import Any

from keras import layers

from models.zoo.heads.regression import dense_layer

__all__ = ["heatmap_layer", "offsets_layer", "score_layers"]


def heatmap_layer(x: Any, keypoints: int, name: str = "heatmap") -> Any:
    """`(B, h, w, c)` → `(B, h, w, K)` float32."""
    return layers.Conv2D(keypoints, 1, dtype="float32", name=name)(x)


def offsets_layer(x: Any, keypoints: int, name: str = "offsets") -> Any:
    """`(B, h, w, c)` → `(B, h, w, 2K)` float32: K times x, then K times y."""
    return layers.Conv2D(2 * keypoints, 1, dtype="float32", name=name)(x)


def score_layers(x: Any) -> Any:
    """`(B, h, w, c)` → `(B, 1)` float32: probability of a person, from the mean of the map."""
    logit = dense_layer(layers.GlobalAveragePooling2D()(x), "score_logit", 1)
    return layers.Activation("sigmoid", dtype="float32", name="score")(logit)
