"""Rows of five values per keypoint, alignment points, metres, refinement by heatmap, mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.heads.base import Head, Options, Outputs, keypoints_of, option
from blazetrack.heads.sigmoid import logit, sigmoid
from blazetrack.model_info import ModelInfo
from blazetrack.types import Landmarks

__all__ = ["BLAZEPOSE", "decode", "decode_rows", "encode", "refine_landmarks"]

Float32 = NDArray[np.float32]

VALUES = 5  # x, y, z in crop pixels, visibility logit, presence logit

OPTIONS: Options = {
    "refine": (True, False),  # move landmarks to the centre of gravity of their heatmap
    "kernel_size": (7, *range(1, 64, 2)),  # side of the refinement window, in heatmap cells
    "masks": (False, True),
}


def decode(outputs: Outputs, info: ModelInfo) -> Landmarks:
    """The person of one crop.

    Args:
        outputs: `landmarks`, at least K + 2 rows of `VALUES`; `score`, a probability; and where
            they are read `heatmap` `(1, h, w, ≥ K + 2)` logits, `world` `K · 3` metres, `mask`
            `(1, H, W, 1)` logits.
        info: the model.

    Raises:
        ModelError: too few landmarks.
    """
    keypoints, read = keypoints_of(info), BLAZEPOSE.reads(info)
    rows, peaks = decode_rows(outputs["landmarks"], keypoints), None
    if "heatmap" in read:
        if (got := outputs["heatmap"].shape)[3:] < (keypoints + 2,):
            want = f"(1, h, w, {keypoints + 2} or more)"
            raise ModelError(f"model {info.name}: expected heatmaps {want}, got {got}")
        side = np.array(info.input_hw[::-1], np.float64)
        unit = (rows[:, :2] / side).astype(np.float32)
        heatmap, kernel_size = outputs["heatmap"][0], option(info, OPTIONS, "kernel_size")
        rows[:, :2] = refine_landmarks(unit, heatmap, kernel_size) * side
        # One axis at a time: ten times faster than both at once.
        peaks = sigmoid(heatmap.max(axis=0).max(axis=0)[None, :keypoints]).astype(np.float64)
    world = np.zeros((1, keypoints, 3))
    if "world" in read:
        world[0] = outputs["world"].reshape(-1, 3)[:keypoints]
    if "mask" in read and outputs["mask"].shape != (1, *info.input_hw, 1):
        sides = (1, *info.input_hw, 1), outputs["mask"].shape
        raise ModelError("model {}: expected a mask {}, got {}".format(info.name, *sides))
    return Landmarks(
        xyz_crop=rows[None, :keypoints, :3],
        world_m=world,
        visibility=rows[None, :keypoints, 3],
        presence=rows[None, :keypoints, 4],
        scores=outputs["score"].reshape(-1)[:1].astype(np.float64),
        row=np.zeros(1, np.int64),
        alignment_crop=rows[None, keypoints:, :2],
        masks_crop=sigmoid(outputs["mask"][..., 0]) if "mask" in read else None,
        peaks=peaks,
        skeleton=info.skeleton,
    )


def encode(people: Landmarks, info: ModelInfo) -> dict[str, NDArray[Any]]:
    """Landmarks, score and metres for the one person of a crop; the inverse of `decode`."""
    assert people.alignment_crop is not None
    keypoints = keypoints_of(info)
    rows = np.zeros((1, keypoints + 2, VALUES), np.float32)
    rows[:, :keypoints, :3] = people.xyz_crop
    rows[:, :keypoints, 3] = logit(people.visibility)
    rows[:, :keypoints, 4] = logit(people.presence)
    rows[:, keypoints:, :2] = people.alignment_crop
    return {
        "landmarks": rows.reshape(1, -1),
        "score": people.scores.astype(np.float32)[None],
        "world": people.world_m.reshape(1, -1).astype(np.float32),
    }


def decode_rows(raw: NDArray[Any], keypoints: int) -> NDArray[np.float64]:
    """Raw rows → x, y, z in crop pixels, visibility and presence as probabilities.

    The keypoints come first; the two rows behind them are the alignment points, any further
    rows are not used (MediaPipe, tensors_to_landmarks_calculator.cc).

    Args:
        raw: the network's output, `R · 5` values with R ≥ keypoints + 2.
        keypoints: K.

    Returns:
        `(K + 2, 5)` float64.

    Raises:
        ModelError: too few values, or not a multiple of 5.
    """
    if raw.size % VALUES or raw.size // VALUES < keypoints + 2:
        want = f"at least {keypoints + 2} × {VALUES} values"
        raise ModelError(f"landmarks: expected {want}, got an output of shape {raw.shape}")
    rows = raw.reshape(-1, VALUES)[: keypoints + 2].astype(np.float64)
    rows[:, 3:] = sigmoid(rows[:, 3:])
    return rows


def refine_landmarks(
    xy: Float32, heatmap: NDArray[Any], kernel_size: int = 7, min_confidence: float = 0.5
) -> Float32:
    """Move each landmark to the centre of gravity of its heatmap in a window around it.

    The window is `kernel_size` cells square around the cell of the landmark, clipped at the map's
    border; a landmark outside its map, or whose window nowhere reaches `min_confidence`, is not
    moved. The position of a cell is its top left corner, not its centre (MediaPipe,
    refine_landmarks_from_heatmap_calculator.cc).

    Args:
        xy: `(L, 2)` float32, x y as parts of the map's side, 0..1.
        heatmap: `(h, w, C)` logits with C ≥ L; channel i belongs to landmark i.
        kernel_size: odd.
        min_confidence: a probability.

    Returns:
        `(L, 2)` float32, a new array.
    """
    height, width, channels = heatmap.shape
    size = np.array([width, height], np.float32)
    with np.errstate(invalid="ignore"):  # NaN lands far outside
        cell = (xy * size).astype(np.intp)
    held = ((cell >= 0) & (cell < size)).all(axis=1)
    step = np.arange(kernel_size)[:, None] - (kernel_size - 1) // 2
    columns, inside_x = _clipped(cell[:, 0] + step, width)  # (k, L)
    rows, inside_y = _clipped(cell[:, 1] + step, height)
    places = ((rows * width)[:, None] + columns) * channels + np.arange(len(xy))  # (k, k, L)
    weight = sigmoid(heatmap.reshape(-1).take(places))
    weight *= inside_y[:, None] & inside_x
    # A sum over the first axis adds cell by cell, in the order of MediaPipe.
    total = weight.reshape(-1, len(xy)).sum(axis=0)
    moment_x = (weight * columns.astype(np.float32)).reshape(-1, len(xy)).sum(axis=0)
    moment_y = (weight * rows[:, None].astype(np.float32)).reshape(-1, len(xy)).sum(axis=0)
    sure = held & (weight.max(axis=(0, 1)) >= min_confidence) & (total > 0)
    refined = xy.copy()
    np.divide(moment_x / size[0], total, out=refined[:, 0], where=sure)
    np.divide(moment_y / size[1], total, out=refined[:, 1], where=sure)
    return refined


def _clipped(cells: NDArray[np.intp], size: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Cells clipped to 0..size − 1, and which of them were inside."""
    clipped = np.minimum(np.maximum(cells, 0), size - 1)
    return clipped, clipped == cells


BLAZEPOSE = Head(
    kind="landmarks",
    required=("landmarks", "score"),
    optional={"world": None, "heatmap": ("refine", True), "mask": ("masks", True)},
    decode=decode,
    encode=encode,
    options=OPTIONS,
)
