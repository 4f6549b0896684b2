"""Elementwise losses and weighted means that several heads use, on any Keras backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from models.train.losses import Tensors
from models.zoo.stages import stage_of

__all__ = [
    "cross_entropy",
    "focal",
    "known_mean",
    "logit_of",
    "smooth_l1",
    "soft_focal",
    "stages",
    "weighted_mean",
    "wing",
]


def wing(error: Any, width: float, curve: float) -> Any:
    """Wing loss (arXiv 1711.06753): steep for small errors, slope 1 above `width`."""
    size = ops.abs(error)
    offset = width - width * float(np.log1p(width / curve))
    return ops.where(size < width, width * ops.log1p(size / curve), size - offset)


def smooth_l1(error: Any, curve: float) -> Any:
    """Absolute error, quadratic below `curve`."""
    size = ops.abs(error)
    return ops.where(size < curve, 0.5 * ops.square(size) / curve, size - 0.5 * curve)


def cross_entropy(target: Any, logit: Any) -> Any:
    """Binary cross-entropy of a logit with a probability."""
    return ops.softplus(logit) - logit * target


def logit_of(probability: Any) -> Any:
    """The logit of a probability, limited to about ±16."""
    inside = ops.clip(probability, 1e-7, 1.0 - 1e-7)
    return ops.log(inside) - ops.log1p(-inside)


def focal(target: Any, logit: Any, alpha: float, gamma: float) -> Any:
    """Focal loss (arXiv 1708.02002) of a logit with 0 or 1."""
    wrong = ops.where(target > 0.5, -logit, logit)  # the logit of the wrong class
    weight = ops.where(target > 0.5, alpha, 1.0 - alpha)
    return weight * ops.exp(-gamma * ops.softplus(-wrong)) * ops.softplus(wrong)


def soft_focal(target: Any, logit: Any, gamma: float) -> Any:
    """Quality focal loss (arXiv 2006.04388) of a logit with a probability."""
    error = ops.abs(target - ops.sigmoid(logit))
    return ops.power(error, gamma) * cross_entropy(target, logit)


def stages(outputs: Tensors, name: str) -> dict[str, Any]:
    """The output `name` of the last stage, and those of the stages before it, `name_1`, `name_2` ….

    Returns:
        Suffix of the output's name → output: `_1`, `_2` … in order, then the empty suffix.
    """
    numbers = sorted(
        int(key.removeprefix(f"{name}_")) for key in outputs if stage_of(key)[0] == name != key
    )
    suffixes = [*(f"_{number}" for number in numbers), ""]
    return {suffix: outputs[name + suffix] for suffix in suffixes}


def weighted_mean(values: Any, weights: Any) -> Any:
    """Weighted mean; 0 if all weights are. `weights` are broadcast."""
    total = ops.sum(ops.broadcast_to(weights, ops.shape(values)))
    return ops.sum(values * weights) / ops.maximum(total, 1e-6)


def known_mean(name: str, target: Tensors, output: Any, loss: Callable[[Any, Any], Any]) -> Any:
    """Mean loss of the target `name` by `name_weight`; of weight 0 it may be NaN."""
    weight = target[f"{name}_weight"]
    return weighted_mean(loss(ops.where(weight > 0, target[name], 0.0), output), weight)
