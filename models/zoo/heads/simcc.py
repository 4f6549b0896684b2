"""Layers of the simcc head: two rows of bins per keypoint, one along x and one along y."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

from keras import layers

from blazetrack.heads.simcc import SIGMA

__all__ = ["simcc_layers"]


def simcc_layers(x: Any, keypoints: int, bins: tuple[int, int]) -> dict[str, Any]:
    """`(B, h, w, c)` → `simcc_x` `(B, K, n)` and `simcc_y` `(B, K, m)`, float32.

    A 1×1 convolution gives a map per keypoint; one dense layer per axis, which all keypoints share,
    reads it as a vector. The outputs are the softmax over the bins, in units in which a Gaussian
    of `SIGMA` bins has height 1.

    Args:
        x: features.
        keypoints: K.
        bins: n and m.
    """
    maps = layers.Conv2D(keypoints, 1, dtype="float32", name="simcc")(x)
    height, width = maps.shape[1:3]
    vectors = layers.Permute((2, 1))(layers.Reshape((height * width, keypoints))(maps))
    outputs = {}
    for axis, count in zip("xy", bins, strict=True):
        name = f"simcc_{axis}"
        logits = layers.Dense(count, dtype="float32", name=f"{name}_logits")(vectors)
        shares = layers.Softmax(dtype="float32")(logits)
        outputs[name] = layers.Rescaling(sqrt(2 * pi) * SIGMA, dtype="float32", name=name)(shares)
    return outputs
