"""Layers of the paf head: confidence maps of keypoints with the background, and fields of limbs."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

__all__ = ["fields_layer", "maps_layer"]

STDDEV = 0.01  # of the initial kernels (OpenPose, pose_train_test.prototxt, `gaussian`)


def maps_layer(x: Any, keypoints: int, name: str = "heatmap") -> Any:
    """`(B, h, w, c)` → `(B, h, w, K + 1)` float32, the last one is the background."""
    return _layer(x, keypoints + 1, name)


def fields_layer(x: Any, limbs: int, name: str = "paf") -> Any:
    """`(B, h, w, c)` → `(B, h, w, 2L)` float32: x and y of each limb's direction."""
    return _layer(x, 2 * limbs, name)


def _layer(x: Any, channels: int, name: str) -> Any:
    init = keras.initializers.RandomNormal(stddev=STDDEV)
    return layers.Conv2D(channels, 1, kernel_initializer=init, dtype="float32", name=name)(x)
