"""Loss of the simcc head: the bins of each axis, as two classifications."""

from __future__ import annotations

from typing import Any

from keras import ops

from blazetrack.heads.base import option
from blazetrack.heads.simcc import OPTIONS
from blazetrack.model_info import ModelInfo
from models.train.losses import LandmarkLossSettings, Tensors
from models.train.losses.terms import cross_entropy, logit_of, weighted_mean

__all__ = ["bin_targets", "parts"]

TINY = 1e-7
SMOOTHING = 0.1  # share of a smoothed label that all bins have together


def parts(
    want: Tensors, got: Tensors, settings: LandmarkLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss: `simcc`, the sum of both axes, and `score` where the network has it.

    Keypoints outside of the crop have no weight.

    Args:
        want: of `models.data`: `points` with `points_weight`, and `score`.
        got: `simcc_x` `(B, K, n)` and `simcc_y` `(B, K, m)`, any values in proportion to the
            probability of the bins, or with `activation: sigmoid` logits; `score` `(B, 1)`, a
            probability or likewise a logit.
        settings: of the terms.
        info: the network.
    """
    keypoints = got["simcc_x"].shape[1]
    weight = ops.min(want["points_weight"][:, :keypoints, :2], axis=-1)  # (B, K)
    xy = ops.where(weight[..., None] > 0, want["points"][:, :keypoints, :2], 0.0)
    inside = ops.all(ops.logical_and(xy >= 0, xy <= 1), axis=-1)
    weight = weight * ops.cast(inside, "float32") * want["score"]
    logits = info.head_options.get("activation") == "sigmoid"
    shift = 0.5 if option(info, OPTIONS, "cells") == "centre" else 0.0
    error = 0.0
    for axis, name in enumerate(("simcc_x", "simcc_y")):
        values = ops.softmax(got[name], axis=-1) if logits else got[name]
        share = values / ops.maximum(ops.sum(values, axis=-1, keepdims=True), TINY)
        target = bin_targets(xy[..., axis], share.shape[-1], settings.simcc_sigma, shift)
        ratio = ops.log(target + TINY) - ops.log(share + TINY)
        error = error + ops.sum(target * ratio, axis=-1)
    each = {"simcc": weighted_mean(error, weight)}
    if "score" in got:
        score = got["score"] if logits else logit_of(got["score"])
        each["score"] = ops.mean(cross_entropy(want["score"], score))
    return each


def bin_targets(position: Any, bins: int, sigma: float, shift: float) -> Any:
    """Probabilities `(B, K, bins)` with the sum 1 of positions `(B, K)` in parts of the side.

    Args:
        position: in 0..1.
        bins: their number.
        sigma: of a Gaussian, in bins; 0 is the nearest bin with label smoothing.
        shift: of a position in its bin, 0.5 for the centre.
    """
    index = ops.arange(bins, dtype="float32")
    apart = index - (position[..., None] * bins - shift)
    if sigma:
        values = ops.exp(-0.5 * ops.square(apart / sigma))
        return values / ops.maximum(ops.sum(values, axis=-1, keepdims=True), TINY)
    nearest = ops.one_hot(ops.argmin(ops.abs(apart), axis=-1), bins)
    return (1.0 - SMOOTHING) * ops.cast(nearest, "float32") + SMOOTHING / bins
