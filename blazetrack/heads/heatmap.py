"""One map per keypoint, whose maximum is at the keypoint ↔ one person."""

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
    from_pixels,
    keypoints_of,
    one_person,
    option,
    probabilities,
    raw_scores,
    to_pixels,
)
from blazetrack.model_info import ModelInfo
from blazetrack.types import Landmarks

__all__ = ["HEATMAP", "decode", "encode"]

Float = NDArray[np.float64]
AROUND = np.array([-1, 0, 1])

OPTIONS: Options = {
    **SHARED_OPTIONS,  # `order` and `coordinates` are those of the offsets
    "coordinates": ("unit", "pixel"),
    "decoding": ("quarter", "dark", "soft_argmax", "offsets", "windows"),
    # Position of cell c of W in the crop: its centre, its corner, or the first and last cell on
    # the first and last pixel.
    "cells": ("centre", "corner", "aligned"),
    # Of decoding `windows`: side of a window, in cells of the heatmap.
    "window_cells": (3, 1, 5, 7),
}
WINDOW_CELLS = 4  # cells of `windows` per cell of the heatmap that `encode` draws


def decode(outputs: Outputs, info: ModelInfo) -> Landmarks:
    """The person of one crop: the score of a keypoint is the maximum of its map.

    Args:
        outputs: `heatmap` `(1, h, w, K)`; with decoding `offsets` also `offsets` `(1, h, w, 2K)`,
            from each cell to the keypoint, K times x, then K times y; with decoding `windows` also
            `windows` `(1, n, n, K)`, a finer map of the window around each map's highest cell;
            `score` where the model has it.
        info: the model.

    Raises:
        ModelError: outputs of another shape.
    """
    maps = _maps(outputs["heatmap"], keypoints_of(info), info)
    height, width, keypoints = maps.shape
    k, decoding = np.arange(keypoints), option(info, OPTIONS, "decoding")
    row, column = np.divmod(maps.reshape(-1, keypoints).argmax(axis=0), width)
    cell = np.stack([column, row], axis=1).astype(np.float64)
    if decoding in ("quarter", "dark"):
        cell += _step(maps, row, column, info)
    elif decoding == "windows":
        cell += _step_in_windows(_maps(outputs["windows"], keypoints, info), info)
    elif decoding == "soft_argmax":
        cell = _expectation(maps, option(info, OPTIONS, "activation") == "sigmoid")
    scale, shift = _grid((height, width), info)
    xy = (cell + shift) * scale
    if decoding == "offsets":
        offsets = _maps(outputs["offsets"], 2 * keypoints, info)[row, column]
        pairs = np.stack([offsets[k, k], offsets[k, keypoints + k]], axis=1)
        xy += to_pixels(pairs, info)
    return one_person(np.pad(xy, ((0, 0), (0, 1))), maps[row, column, k], outputs, info)


def encode(
    people: Landmarks, info: ModelInfo, map_hw: tuple[int, int], sigma: float = 2.0
) -> dict[str, Array]:
    """The outputs for the one person of a crop; the inverse of `decode` away from the border.

    Args:
        people: one person.
        info: the model.
        map_hw: height and width of the maps.
        sigma: of the Gaussians, in cells.
    """
    xy, (scale, shift) = people.xyz_crop[0, :, :2], _grid(map_hw, info)
    cells = np.stack(np.meshgrid(np.arange(map_hw[1]), np.arange(map_hw[0])), axis=-1)
    apart = xy / scale - shift - cells[:, :, None]
    maps = np.exp(-0.5 * np.square(apart / sigma).sum(axis=-1)) * people.visibility[0]
    encoded = {"heatmap": raw_scores(maps, info)[None], **encode_scores(people, info)}
    if "offsets" in info.outputs:
        offsets = from_pixels(apart * scale, info)
        encoded["offsets"] = offsets.swapaxes(2, 3).reshape(1, *map_hw, -1)
    if "windows" in info.outputs:
        highest = maps.reshape(-1, len(xy)).argmax(axis=0)
        center = np.stack([highest % map_hw[1], highest // map_hw[1]], axis=1)
        side = option(info, OPTIONS, "window_cells")
        grid = (np.arange(side * WINDOW_CELLS) + 0.5) / WINDOW_CELLS - side / 2
        grid = np.stack(np.meshgrid(grid, grid), axis=-1)[:, :, None]
        apart = (xy / scale - shift - center - grid) * WINDOW_CELLS
        windows = np.exp(-0.5 * np.square(apart / sigma).sum(axis=-1)) * people.visibility[0]
        encoded["windows"] = raw_scores(windows, info)[None]
    return encoded


def _maps(output: Array, channels: int, info: ModelInfo) -> Array:
    if output.ndim != 4 or output.shape[3] != channels:
        want = f"(1, h, w, {channels})"
        raise ModelError(f"model {info.name}: expected maps {want}, got {output.shape}")
    maps: Array = output[0]
    return maps


def _step(maps: Array, row: Array, column: Array, info: ModelInfo) -> Float:
    """From the highest cells towards their neighbours, `(K, 2)` x y in cells; 0 at the border."""
    height, width, keypoints = maps.shape
    step = _newton_step if option(info, OPTIONS, "decoding") == "dark" else _quarter
    inside = (column > 0) & (column < width - 1) & (row > 0) & (row < height - 1)
    around = maps[
        np.clip(row + AROUND[:, None, None], 0, height - 1),
        np.clip(column + AROUND[:, None], 0, width - 1),
        np.arange(keypoints),
    ]
    return np.where(inside[:, None], step(probabilities(around, info)), 0.0)


def _step_in_windows(windows: Array, info: ModelInfo) -> Float:
    """From the centre of each window to its highest cell, `(K, 2)` x y in cells of the heatmap."""
    height, width, keypoints = windows.shape
    row, column = np.divmod(windows.reshape(-1, keypoints).argmax(axis=0), width)
    cell = np.stack([column, row], axis=1) + _step(windows, row, column, info)
    side: int = option(info, OPTIONS, "window_cells")
    return np.asarray(((cell + 0.5) / (width, height) - 0.5) * side, np.float64)


def _quarter(around: Array) -> Float:
    """A quarter of a cell towards the higher neighbour (arXiv 1603.06937, section 3.3).

    Args:
        around: `(3, 3, K)` values of the highest cells and their neighbours.
    """
    x, y = around[1, 2] - around[1, 0], around[2, 1] - around[0, 1]
    return 0.25 * np.sign(np.stack([x, y], axis=1).astype(np.float64))


def _newton_step(around: Array) -> Float:
    """From the highest cell to the top of the Gaussian through its neighbours.

    The Taylor step on the logarithm of DARK (arXiv 1910.06278, equation 7), without its smoothing
    of the maps; no step where the neighbours do not form a top.
    """
    log = np.log(np.maximum(around.astype(np.float64), 1e-10))
    x, y = (log[1, 2] - log[1, 0]) / 2, (log[2, 1] - log[0, 1]) / 2
    xx, yy = log[1, 2] - 2 * log[1, 1] + log[1, 0], log[2, 1] - 2 * log[1, 1] + log[0, 1]
    xy = (log[2, 2] - log[2, 0] - log[0, 2] + log[0, 0]) / 4
    det = xx * yy - xy**2
    step = np.stack([xy * y - yy * x, xy * x - xx * y], axis=1)
    step /= np.where(det > 0, det, 1.0)[:, None]
    return np.where(((det > 0) & (np.abs(step) <= 1).all(axis=1))[:, None], step, 0.0)


def _expectation(maps: Array, logits: bool) -> Float:
    """Mean cell of each map, with the softmax of logits or the values themselves as weights."""
    height, width, keypoints = maps.shape
    weights = maps.reshape(-1, keypoints).astype(np.float64)
    weights = np.exp(weights - weights.max(axis=0)) if logits else np.maximum(weights, 0.0)
    weights = (weights / np.maximum(weights.sum(axis=0), 1e-12)).reshape(maps.shape)
    x = np.arange(width) @ weights.sum(axis=0)
    y = np.arange(height) @ weights.sum(axis=1)
    return np.stack([x, y], axis=1)


def _grid(map_hw: tuple[int, int], info: ModelInfo) -> tuple[Float, float]:
    """Crop pixels per cell, x y, and the position of a point in its cell."""
    size, cells = np.array(info.input_hw[::-1], float), np.array(map_hw[::-1], float)
    placing = option(info, OPTIONS, "cells")
    scale = (size - 1) / np.maximum(cells - 1, 1) if placing == "aligned" else size / cells
    return scale, 0.5 if placing == "centre" else 0.0


HEATMAP = Head(
    kind="landmarks",
    required=("heatmap",),
    optional={
        "offsets": ("decoding", "offsets"),
        "windows": ("decoding", "windows"),
        "score": None,
    },
    decode=decode,
    encode=encode,
    options=OPTIONS,
)
