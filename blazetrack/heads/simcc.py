"""Two scales of bins per keypoint, one along x and one along y ↔ one person.

SimCC (ECCV 2022, arXiv 2107.03332): the position of a keypoint is two classifications instead of
a map; with two bins per pixel (its split factor, k = 2) the error of the highest bin is at most a
quarter of a pixel. The outputs are those of exported RTMPose networks (arXiv 2303.07399) too:
`simcc_x` and `simcc_y`, a keypoint's score being the lower of its two maxima.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.heads.base import (
    SHARED_OPTIONS,
    Array,
    Head,
    Options,
    Outputs,
    encode_scores,
    keypoints_of,
    one_person,
    option,
    raw_scores,
)
from blazetrack.model_info import ModelInfo
from blazetrack.types import Landmarks

__all__ = ["SIGMA", "SIMCC", "SPLIT", "decode", "encode"]

Float = NDArray[np.float64]

SPLIT = 2  # bins per pixel
SIGMA = 6.0  # of the Gaussians, in bins

OPTIONS: Options = {
    # Position of bin b of n: its lower edge, as in the paper and RTMPose, or its centre.
    "cells": ("corner", "centre"),
    **{name: SHARED_OPTIONS[name] for name in ("activation", "person_score")},
}


def decode(outputs: Outputs, info: ModelInfo) -> Landmarks:
    """The person of one crop.

    Args:
        outputs: `simcc_x` `(1, K, n)` and `simcc_y` `(1, K, m)`, any number of bins for width and
            height of the crop; `score` where the model has it.
        info: the model.

    Raises:
        ModelError: outputs of another shape.
    """
    keypoints = keypoints_of(info)
    x, y = (_bins(name, outputs[name], keypoints, info) for name in SIMCC.required)
    highest = np.stack([x.argmax(axis=1), y.argmax(axis=1)], axis=1)
    shift = 0.5 if option(info, OPTIONS, "cells") == "centre" else 0.0
    xy = (highest + shift) * (np.array(info.input_hw[::-1], float) / (x.shape[1], y.shape[1]))
    scores = np.minimum(x.max(axis=1), y.max(axis=1))
    return one_person(np.pad(xy, ((0, 0), (0, 1))), scores, outputs, info)


def encode(
    people: Landmarks, info: ModelInfo, split: int = SPLIT, sigma: float = SIGMA
) -> dict[str, Array]:
    """The outputs for the one person of a crop; the inverse of `decode`.

    Args:
        people: one person.
        info: the model.
        split: bins per pixel.
        sigma: of the Gaussians, in bins.
    """
    shift = 0.5 if option(info, OPTIONS, "cells") == "centre" else 0.0
    encoded = encode_scores(people, info)
    for axis, name in enumerate(SIMCC.required):
        bins = np.arange(info.input_hw[1 - axis] * split)
        apart = people.xyz_crop[0, :, axis, None] * split - shift - bins
        values = np.exp(-0.5 * np.square(apart / sigma)) * people.visibility[0][:, None]
        encoded[name] = raw_scores(values, info)[None]
    return encoded


def _bins(name: str, output: Array, keypoints: int, info: ModelInfo) -> Array:
    if output.ndim != 3 or output.shape[1] != keypoints or not output.shape[2]:
        want = f"(1, {keypoints}, bins)"
        raise ModelError(f"model {info.name}: expected {name} {want}, got {output.shape}")
    values: Array = output[0]
    return values


SIMCC = Head(
    kind="landmarks",
    required=("simcc_x", "simcc_y"),
    optional={"score": None},
    decode=decode,
    encode=encode,
    options=OPTIONS,
)
