"""From the centre of a crop around one keypoint to that keypoint: K × 2 values ↔ displacements.

A refinement network, as the later stages of DeepPose (arXiv 1312.4659, section 3.2), sees a crop
around a keypoint that another network found, and gives a displacement for each keypoint; the row
of the keypoint that the crop is around is the one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.heads.base import Head, Options, Outputs, keypoints_of
from blazetrack.model_info import ModelInfo

__all__ = ["DISPLACEMENT", "decode", "encode", "region_share"]

Float = NDArray[np.float64]

OPTIONS: Options = {
    # Side of the crop around a keypoint, in percent of the side of the person's crop.
    "region_percent": (33, *range(5, 101)),
}


def region_share(options: Mapping[str, Any]) -> float:
    """Side of the crop around a keypoint, in parts of the side of the person's crop."""
    return float(options.get("region_percent", OPTIONS["region_percent"][0])) / 100


def decode(outputs: Outputs, info: ModelInfo) -> Float:
    """`(K, 2)` float64: from the centre of the crop to each keypoint, x y in its pixels.

    Args:
        outputs: `displacements`, `K · 2` values in parts of the crop's side.
        info: the model.

    Raises:
        ModelError: another number of values.
    """
    keypoints, values = keypoints_of(info), outputs["displacements"]
    if values.size != 2 * keypoints:
        want = f"{keypoints} × 2 values"
        raise ModelError(f"model {info.name}: expected {want}, got an output of {values.shape}")
    return values.reshape(keypoints, 2).astype(np.float64) * info.input_hw[::-1]


def encode(displacements: Float, info: ModelInfo) -> dict[str, Any]:
    """The outputs for displacements in pixels of the crop; the inverse of `decode`."""
    values = np.asarray(displacements / info.input_hw[::-1], np.float32)
    return {"displacements": values.reshape(1, -1)}


DISPLACEMENT = Head(
    kind="refinement",
    required=("displacements",),
    optional={},
    decode=decode,
    encode=encode,
    options=OPTIONS,
)
