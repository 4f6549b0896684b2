"""Layers of the heatmap head: one map per keypoint, and offsets from each cell to the keypoint."""

from __future__ import annotations

from typing import Any

from keras import layers

__all__ = ["heatmap_layer", "offsets_layer"]


def heatmap_layer(x: Any, keypoints: int, name: str = "heatmap") -> Any:
    """`(B, h, w, c)` → `(B, h, w, K)` float32."""
    return layers.Conv2D(keypoints, 1, dtype="float32", name=name)(x)


def offsets_layer(x: Any, keypoints: int, name: str = "offsets") -> Any:
    """`(B, h, w, c)` → `(B, h, w, 2K)` float32: K times x, then K times y."""
    return layers.Conv2D(2 * keypoints, 1, dtype="float32", name=name)(x)
