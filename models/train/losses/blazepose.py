"""Loss of the blazepose head: regression, heatmaps and offsets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from blazetrack.model_info import ModelInfo
from models.train.losses import LandmarkLossSettings, Tensors
from models.train.losses.heatmap import gaussians, offsets_loss
from models.train.losses.terms import cross_entropy, known_mean, weighted_mean, wing

__all__ = ["heatmap_loss", "parts", "swap_trust"]


def parts(
    want: Tensors, got: Tensors, settings: LandmarkLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss.

    Args:
        want: of `models.data`: `points`, `visibility`, `presence`, `world`, each with
            `…_weight`; `score`.
        got: of `models.zoo.blazepose.blazepose`.
        settings: of the terms.
        info: the network; the left-right pairs of its skeleton are checked for swapped labels.
    """
    weights = want["points_weight"]
    keypoints = got["visibility"].shape[-1]
    if info.skeleton is not None and settings.swap_ratio:
        partners = info.skeleton.partners
        trust = swap_trust(want["points"], got["points"], weights, partners, settings)
        trusted = weights[:, :keypoints] * trust[..., None]
        weights = ops.concatenate([trusted, weights[:, keypoints:]], axis=1)
    points = ops.where(weights > 0, want["points"], 0.0)
    error = wing(got["points"] - points, settings.wing, settings.wing_curve)
    xy_weight = ops.min(weights[:, :keypoints, :2], axis=-1)  # (B, K)
    xy = points[:, :keypoints, :2]
    return {
        "points": weighted_mean(error[..., :2], weights[..., :2]),
        "z": weighted_mean(error[..., 2], weights[..., 2]),
        "visibility": known_mean("visibility", want, got["visibility"], cross_entropy),
        "presence": known_mean("presence", want, got["presence"], cross_entropy),
        "world": known_mean("world", want, got["world"], lambda a, b: ops.abs(a - b)),
        "score": ops.mean(cross_entropy(want["score"], got["score"])),
        "heatmap": heatmap_loss(xy, xy_weight, got["heatmap"], settings.heatmap_sigma),
        "offsets": offsets_loss(xy, xy_weight, got["offsets"], settings.offsets_radius),
    }


def heatmap_loss(xy: Any, weight: Any, heatmap: Any, sigma: float) -> Any:
    """Divergence of each map, as a distribution over its cells, from a Gaussian at the keypoint.

    Kullback–Leibler divergence of the softmax over all cells: a map is trained like a classifier,
    where a loss per cell would get nearly all of its gradient from empty cells.

    Args:
        xy: `(B, K, 2)` in parts of the side; a keypoint outside 0..1 has no map.
        weight: `(B, K)`.
        heatmap: `(B, h, w, K)` logits.
        sigma: of the Gaussian, in cells.
    """
    height, width, keypoints = heatmap.shape[1:]
    drawn = ops.reshape(gaussians(xy, heatmap.shape, sigma), (-1, height * width, keypoints))
    mass = ops.sum(drawn, axis=1)  # (B, K)
    target = drawn / ops.maximum(mass, 1e-3)[:, None]
    log_output = ops.log_softmax(ops.reshape(heatmap, (-1, height * width, keypoints)), axis=1)
    divergence = ops.sum(target * (ops.log(ops.maximum(target, 1e-9)) - log_output), axis=1)
    inside = ops.cast(ops.all(ops.abs(xy - 0.5) <= 0.5, axis=-1), "float32")
    return weighted_mean(divergence, weight * inside)


def swap_trust(
    want: Any, got: Any, weights: Any, partners: Sequence[int], settings: LandmarkLossSettings
) -> Any:
    """Weight of each label, lower where left and right are probably swapped.

    The labels of a person count as swapped where exchanging them, over all pairs with both labels,
    would reduce the network's error below `swap_ratio` of what it is; then the pairs that gain by
    it get `swap_weight`. At the start of a training no labels count as swapped: the outputs for
    left and right are nearly equal.

    Args:
        want: `(B, ≥K, 3)` labels in parts of the side; anything where the weight is 0.
        got: `(B, ≥K, 3)` outputs; without gradient.
        weights: `(B, ≥K, 3)`.
        partners: index of the left-right partner of each of K keypoints, or its own.
        settings: ratio and weight.

    Returns:
        `(B, K)`, 1 or `swap_weight`.
    """
    order = np.asarray(partners, np.int32)
    paired = ops.convert_to_tensor((order != np.arange(len(order))).astype(np.float32))
    weight = ops.min(weights[:, : len(order), :2], axis=-1)  # (B, K)
    xy = ops.where(weight[..., None] > 0, want[:, : len(order), :2], 0.0)
    got = ops.stop_gradient(got[:, : len(order), :2])
    both = weight * ops.take(weight, order, axis=1) * paired
    kept = _distance(got - xy) * both
    swapped = _distance(got - ops.take(xy, order, axis=1)) * both
    kept, swapped = (one + ops.take(one, order, axis=1) for one in (kept, swapped))  # of pairs
    person = ops.sum(swapped, axis=1) < settings.swap_ratio * ops.sum(kept, axis=1)
    gains = ops.logical_and(person[:, None], swapped < kept)
    return ops.where(gains, settings.swap_weight, 1.0)


def _distance(error: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(error), axis=-1))
