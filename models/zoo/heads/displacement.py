"""Layers of the displacement head: from the crop's centre to each keypoint."""

from __future__ import annotations

from typing import Any

from models.zoo.heads.regression import dense_layer

__all__ = ["displacement_layers"]


def displacement_layers(features: Any, keypoints: int) -> dict[str, Any]:
    """`(B, F)` → `displacements` `(B, 2K)` float32, near 0 for fresh weights."""
    return {"displacements": dense_layer(features, "displacements", 2 * keypoints)}
