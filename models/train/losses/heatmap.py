"""Loss of the heatmap head: maps and offsets, of the last and of intermediate stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from blazetrack.heads.base import option
from blazetrack.heads.heatmap import OPTIONS
from blazetrack.model_info import ModelInfo
from models.train.losses import LandmarkLossSettings, Tensors
from models.train.losses.terms import cross_entropy, logit_of, smooth_l1, stages, weighted_mean

__all__ = ["divergence", "gaussians", "offsets_loss", "parts", "windows_target"]

TINY = 1e-7


def parts(
    want: Tensors, got: Tensors, settings: LandmarkLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss, named like the outputs that the network has.

    Args:
        want: of `models.data`: `points` with `points_weight`, and `score`.
        got: `heatmap` `(B, h, w, K)`, values or with `activation: sigmoid` logits; where the
            network has them `offsets` `(B, h, w, 2K)` in parts of the side and `score` `(B, 1)`,
            a probability or likewise a logit. The outputs `heatmap_1` … of earlier stages have the
            same target, each in the size of its maps, and a part of the loss each. Of `windows`
            `(B, n, n, K)`, those that hold their keypoint count.
        settings: of the terms.
        info: the network.
    """
    keypoints = got["heatmap"].shape[-1]
    weight = ops.min(want["points_weight"][:, :keypoints, :2], axis=-1)  # (B, K)
    xy = ops.where(weight[..., None] > 0, want["points"][:, :keypoints, :2], 0.0)
    logits = info.head_options.get("activation") == "sigmoid"
    person = want["score"]  # (B, 1)
    map_weight = weight + (1.0 - person)  # without a person, all maps are 0
    each = {}
    for suffix, heatmap in stages(got, "heatmap").items():
        drawn = gaussians(xy, heatmap.shape, settings.heatmap_sigma) * person[:, None, None]
        if settings.heatmap_error == "divergence":
            each[f"heatmap{suffix}"] = weighted_mean(divergence(drawn, heatmap), weight * person)
            continue
        error = cross_entropy(drawn, heatmap) if logits else ops.square(heatmap - drawn)
        each[f"heatmap{suffix}"] = weighted_mean(ops.mean(error, axis=(1, 2)), map_weight)
    if "windows" in got:
        side = option(info, OPTIONS, "window_cells")
        drawn, known = windows_target(
            xy, weight * person, got["heatmap"], got["windows"].shape, side, settings.heatmap_sigma
        )
        error = (
            cross_entropy(drawn, got["windows"]) if logits else ops.square(got["windows"] - drawn)
        )
        each["windows"] = weighted_mean(ops.mean(error, axis=(1, 2)), known)
    if "offsets" in got:
        each["offsets"] = offsets_loss(xy, weight, got["offsets"], settings.offsets_radius)
    if "score" in got:
        score = got["score"] if logits else logit_of(got["score"])
        each["score"] = ops.mean(cross_entropy(person, score))
    return each


def divergence(want: Any, got: Any) -> Any:
    """Kullback-Leibler divergence `(B, K)` of maps from their targets, both `(B, h, w, K)`.

    Each map is normalized to a sum of 1 first; a map of zeros has none.
    """
    want, got = (
        one / ops.maximum(ops.sum(one, (1, 2), keepdims=True), TINY) for one in (want, got)
    )
    return ops.sum(want * (ops.log(want + TINY) - ops.log(got + TINY)), axis=(1, 2))


def gaussians(xy: Any, shape: Sequence[Any], sigma: float) -> Any:
    """Maps `(B, h, w, K)` with a Gaussian of height 1 at each keypoint.

    Args:
        xy: `(B, K, 2)` in parts of the side.
        shape: of the maps.
        sigma: in cells.
    """
    dx, dy = _cell_distances(xy, shape)
    scale = -0.5 / sigma**2
    return ops.exp(scale * ops.square(dy)) * ops.exp(scale * ops.square(dx))


def windows_target(
    xy: Any, weight: Any, heatmap: Any, shape: Sequence[Any], side: int, sigma: float
) -> tuple[Any, Any]:
    """Maps `(B, n, n, K)` of the windows around each map's highest cell, and their weights.

    Args:
        xy: `(B, K, 2)` in parts of the side.
        weight: `(B, K)`; a keypoint outside of its window has none.
        heatmap: `(B, h, w, K)`, without gradient.
        shape: of the windows.
        side: of a window, in cells of the heatmap.
        sigma: of the Gaussians, in cells of the windows.
    """
    height, width, keypoints = heatmap.shape[1:]
    maps = ops.reshape(ops.stop_gradient(heatmap), (-1, height * width, keypoints))
    cell = ops.cast(ops.argmax(maps, axis=1), "float32")
    row = ops.floor((cell + 0.5) / width)
    center = ops.stack([cell - row * width, row], axis=-1) + 0.5
    size = ops.convert_to_tensor(np.array([width, height], np.float32))
    inside = (xy * size - center) / side + 0.5  # in parts of the window
    known = ops.cast(ops.all(ops.abs(inside - 0.5) <= 0.5, axis=-1), "float32")
    return gaussians(inside, shape, sigma), weight * known


def offsets_loss(xy: Any, weight: Any, offsets: Any, radius: float) -> Any:
    """Smooth L1 in cells, from the cells around each keypoint to it.

    Args:
        xy: `(B, K, 2)` in parts of the side.
        weight: `(B, K)`.
        offsets: `(B, h, w, 2K)` in parts of the side: K times x, then K times y.
        radius: distance in cells from the keypoint below which a cell counts.
    """
    keypoints = xy.shape[1]
    height, width = offsets.shape[1:3]
    dx, dy = _cell_distances(xy, offsets.shape)
    near = ops.cast(ops.square(dx) + ops.square(dy) < radius**2, "float32")
    near = near * weight[:, None, None]  # (B, h, w, K)
    # The targets are concatenated rather than the outputs sliced: the gradient of a slice is slow.
    dx, dy = (ops.broadcast_to(one, ops.shape(near)) for one in (dx, dy))
    cells = ops.convert_to_tensor(np.repeat(np.array([width, height], np.float32), keypoints))
    error = smooth_l1(offsets * cells - ops.concatenate([dx, dy], axis=-1), 0.5)
    return 2 * weighted_mean(error, ops.concatenate([near, near], axis=-1))


def _cell_distances(xy: Any, shape: Sequence[Any]) -> tuple[Any, Any]:
    """From each cell's centre to each keypoint, in cells: x `(B, 1, w, K)`, y `(B, h, 1, K)`."""
    height, width = shape[1:3]
    x = xy[:, :, 0] * width - 0.5
    y = xy[:, :, 1] * height - 0.5
    columns = ops.arange(width, dtype="float32")[None, None, :, None]
    rows = ops.arange(height, dtype="float32")[None, :, None, None]
    return x[:, None, None] - columns, y[:, None, None] - rows
