"""Efficient object localization (CVPR 2015, arXiv 1411.4280): coarse heatmaps, refined in windows.

    image ──────── bank ── features ─┐         (shared with the windows)
      └ 1/2 ────── bank ── features ─┼─ + ─ 1×1 ─ heatmap      coarse, 1/8 of the side
          └ 1/4 ── bank ─────────────┘              │
                                                  argmax of each keypoint
            features of the first banks ─── windows around it ─ network ─ windows    fine

Three resolutions of the picture pass through a bank of convolutions each; the sum gives a coarse
heatmap of each keypoint. Pooling costs position, so a second network refines it: for each keypoint
it sees the features of the first layers, cropped around the coarse maximum, and gives a fine map of
that window. Its convolutions are shared by all keypoints, its last layer is not. Features are
computed once and trained by both parts: the loss is E1 + 0.1 E2 (`loss.heatmap`, `loss.windows`).
Spatial dropout drops whole maps, as neighbouring cells of one map are nearly the same.

The windows are cut with products of matrices that select whole coarse cells, so that the network
exports to TFLite as one file. Differences from the paper: strided convolutions instead of max
pooling, batch norms instead of local contrast normalization, and all parts are trained at once.
Size `paper` has 256 pixels and the paper's pooling of 8; there are no published counts.

Published: 82.0 PCKh@0.5 on MPII.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from blazetrack.heads.heatmap import OPTIONS
from models.zoo.heads.heatmap import heatmap_layer, score_layers
from models.zoo.layers import check_dropout, check_levels, check_sizes, conv_bn

__all__ = ["SIZES", "WINDOW", "cut_windows", "efficient_localization", "highest_cells"]

NAME = "efficient_localization"
BANKS = 3
STRIDE = 8  # of the coarse maps
WINDOW = int(OPTIONS["window_cells"][0])  # side of a window in coarse cells: the head's default

SIZES: Mapping[str, Mapping[str, Any]] = {
    "paper": {
        "side": 256,
        "width": (128, 128, 128),
        "kernel": 9,
        "top": (512, 256),
        "fine": (128, 128, 128),
        "dropout": 0.5,
    },
    "small": {"normalized": True},
}


def efficient_localization(
    side: int = 128,
    keypoints: int = 33,
    width: Sequence[int] = (16, 32, 64),
    kernel: int = 5,
    top: Sequence[int] = (64, 96),
    fine: Sequence[int] = (8, 16, 16),
    dropout: float = 0.1,
    normalized: bool = False,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, a multiple of 32.
        keypoints: K.
        width: channels of a bank's maps of 1/2, 1/4 and 1/8 of its picture.
        kernel: side of the first convolution behind the sum of the banks.
        top: channels of that convolution and of the 1×1 convolution behind it.
        fine: channels of the three convolutions on windows.
        dropout: share of dropped maps.
        normalized: maps are a softmax over their cells, see `heads.heatmap.heatmap_layer`.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `heatmap` `(B, side/8, side/8, K)`; `windows`
        `(B, n, n, K)`, n = 12, fine maps of the windows of 3 × 3 coarse cells around the highest
        one; `score` `(B, 1)`, a probability.

    Raises:
        InputError: a number is wrong.
    """
    check_levels(NAME, BANKS, width=width)
    check_levels(NAME, 2, top=top)
    check_levels(NAME, 3, fine=fine)
    numbers = {"width": width, "top": top, "fine": fine}
    check_sizes(
        NAME, side, STRIDE * 2 ** (BANKS - 1), keypoints=keypoints, kernel=kernel, **numbers
    )
    check_dropout(NAME, dropout)
    image = keras.Input((side, side, 3), name="image")
    picture, sums, shared = image, [], []
    for bank in range(BANKS):
        if bank:
            picture = layers.AveragePooling2D(2)(picture)
        first, x = _bank(picture, width)
        shared.append(first)
        if bank:
            x = layers.UpSampling2D(2**bank, interpolation="bilinear")(x)
        sums.append(x)
    x = conv_bn(layers.Add()(sums), top[0], kernel)
    x = conv_bn(layers.SpatialDropout2D(dropout)(x), top[1])
    heatmap = heatmap_layer(x, keypoints, normalized=normalized)
    windows = _refined(shared[:-1], heatmap, fine)
    outputs = {"heatmap": heatmap, "windows": windows, "score": score_layers(x)}
    return keras.Model(image, outputs, name=NAME)


def _bank(picture: Any, width: Sequence[int]) -> tuple[Any, Any]:
    """Maps of 1/2 and of 1/8 of the picture's side."""
    first = x = conv_bn(picture, width[0], 5, 2)
    for channels in width[1:]:
        x = conv_bn(x, channels, 3, 2)
    return first, x


def _refined(shared: Sequence[Any], heatmap: Any, fine: Sequence[int]) -> Any:
    """Fine maps `(B, n, n, K)` of the windows around the highest coarse cells."""
    keypoints = heatmap.shape[-1]
    cells = highest_cells(heatmap)
    first, second = (cut_windows(maps, *cells, heatmap.shape[1]) for maps in shared)
    x = layers.Concatenate()([conv_bn(first, fine[0], 3, 2), second])
    for channels in fine[1:]:
        x = conv_bn(x, channels, 3)
    side, channels = x.shape[1], fine[-1]
    x = ops.transpose(ops.reshape(x, (-1, keypoints, side * side, channels)), (0, 2, 1, 3))
    x = ops.reshape(x, (-1, side, side, keypoints * channels))
    x = layers.DepthwiseConv2D(1, depth_multiplier=4, name="fine")(x)  # 2 × 2 cells each
    x = ops.sum(ops.reshape(x, (-1, side * side, keypoints, channels, 4)), axis=3)
    x = ops.transpose(ops.reshape(x, (-1, side, keypoints, 2, 2)), (0, 3, 1, 4, 2))
    return layers.Reshape((2 * side, 2 * side, keypoints), name="windows", dtype="float32")(
        ops.reshape(x, (-1, side * 2 * side * 2 * keypoints))
    )


def highest_cells(heatmap: Any) -> tuple[Any, Any]:
    """Row and column `(B, K)`, as float32, of the highest cell of each map of `(B, h, w, K)`.

    The first one of several, as `argmax`, whose operators in Keras TFLite lacks.
    """
    height, width, keypoints = heatmap.shape[1:]
    maps = ops.stop_gradient(ops.reshape(heatmap, (-1, height * width, keypoints)))
    numbers = ops.convert_to_tensor(np.arange(height * width, dtype=np.float32)[:, None])
    highest = maps >= ops.max(maps, axis=1, keepdims=True)
    cell = ops.min(ops.where(highest, numbers, float(height * width - 1)), axis=1)
    row = ops.floor((cell + 0.5) / width)
    return row, cell - row * width


def cut_windows(maps: Any, row: Any, column: Any, cells: int) -> Any:
    """The windows of `WINDOW` coarse cells around a cell, 0 outside of the maps.

    Args:
        maps: `(B, H, H, C)`, H a multiple of `cells`.
        row, column: `(B, K)` float32, coarse cells.
        cells: side of the coarse map.

    Returns:
        `(B · K, n, n, C)` with `n = WINDOW · H / cells`.
    """
    side, channels, keypoints = maps.shape[1], maps.shape[3], row.shape[1]
    block = side // cells
    long = WINDOW * block
    rows = ops.reshape(_selection(row, cells), (-1, keypoints * WINDOW, cells))
    x = ops.matmul(rows, ops.reshape(maps, (-1, cells, block * side * channels)))
    x = ops.reshape(x, (-1, long, cells, block * channels))  # (B · K, rows, columns, …)
    x = ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, cells, long * block * channels))
    x = ops.matmul(ops.reshape(_selection(column, cells), (-1, WINDOW, cells)), x)
    x = ops.reshape(x, (-1, WINDOW, long, block * channels))
    return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, long, long, channels))


def _selection(cell: Any, cells: int) -> Any:
    """`(B, K)` → `(B, K, WINDOW, cells)`: 1 at each cell of the window, 0 elsewhere."""
    steps = np.arange(cells)[None] - np.arange(WINDOW)[:, None] + WINDOW // 2
    apart = cell[..., None, None] - ops.convert_to_tensor(steps.astype(np.float32))
    return ops.relu(1.0 - ops.abs(apart))
