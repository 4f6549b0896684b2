"""Loss of the displacement head: the row of the keypoint that the crop is around."""

from __future__ import annotations

from typing import Any

from keras import ops

from blazetrack.model_info import ModelInfo
from models.train.losses import RefinementLossSettings, Tensors
from models.train.losses.terms import weighted_mean, wing

__all__ = ["parts"]


def parts(
    want: Tensors, got: Tensors, settings: RefinementLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss.

    Args:
        want: of `models.data.keypoint_crops`: `displacements` `(B, K, 2)` in parts of the crop's
            side, with `displacements_weight` of the same shape.
        got: `displacements` `(B, 2K)`.
        settings: of the terms.
        info: the network; unused.
    """
    del info
    weight = want["displacements_weight"]
    target = ops.where(weight > 0, want["displacements"], 0.0)
    error = ops.reshape(got["displacements"], ops.shape(target)) - target
    return {"displacements": weighted_mean(wing(error, settings.wing, settings.wing_curve), weight)}
