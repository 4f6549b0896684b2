"""Targets of a single-shot detector: which anchors are positive for which person, and their boxes.

An anchor is positive for people whose head's middle is near its cell and whose size is near its
own. All anchors of a cell have one centre; they differ in size: the finer the map, the smaller
the people, each anchor about 1.5 times the one before. What is neither clearly positive nor
clearly negative is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.ssd import encode_boxes
from blazetrack.model_info import Anchors
from models.common.config_base import Strict
from models.data.annotated import AnnotatedImage
from models.data.prefetch import Arrays

__all__ = ["MatchSettings", "SoftLabels", "SsdTargets", "anchor_layout", "anchor_sizes", "match"]

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
# `(S, S, 3)` uint8 → boxes `(A, 10)` and scores `(A,)` of another detector, to learn from.
SoftLabels = Callable[[NDArray[np.uint8]], tuple[Float32, Float32]]


class MatchSettings(Strict):
    """Distances between anchors and people, in sizes and in cells.

    Attributes:
        min_size, max_size: sizes of the first and the last anchor, diameters of people's circles
            in sides of the input; the others lie between in equal ratios.
        size: an anchor is positive for people up to so many times larger or smaller,
        size_ignored: and ignored up to here.
        cells: it is positive for heads up to so many cells away,
        cells_ignored: and ignored up to here.
        head: where this part of the side of the head's box is larger than a cell, it counts as the
            cell: the middle of a large head is not known to a pixel, so of many cells that look
            alike only few would be positive, and none could have a high score.
    """

    renamed: ClassVar[Mapping[str, str]] = {"smallest": "min_size", "largest": "max_size"}

    min_size: float = Field(default=0.12, gt=0)
    max_size: float = Field(default=1.7, gt=0)
    size: float = Field(default=1.5, ge=1)
    size_ignored: float = Field(default=2.2, ge=1)
    cells: float = Field(default=1.0, gt=0)
    cells_ignored: float = Field(default=2.0, gt=0)
    head: float = Field(default=0.0, ge=0)


@dataclass(frozen=True)
class SsdTargets:
    """Encoder of canvases: `boxes (A, 10)`, `positives (A,)` and `weights (A,)`, see `match`.

    With soft labels also `distilled_boxes (A, 10)` and `distilled_scores (A,)`, all float32.

    Attributes:
        anchors: of the network.
        matching: which anchors are positive.
        soft_labels: boxes and scores of another detector, see `models.distill.detector_targets`.
    """

    anchors: Anchors
    matching: MatchSettings = field(default_factory=MatchSettings)
    soft_labels: SoftLabels | None = None

    def __call__(self, canvas: AnnotatedImage) -> Arrays:
        boxes, positives, weights = match(canvas, self.anchors, self.matching)
        targets: Arrays = {"boxes": boxes, "positives": positives, "weights": weights}
        if self.soft_labels is not None:
            targets["distilled_boxes"], targets["distilled_scores"] = self.soft_labels(canvas.image)
        return targets


@lru_cache(maxsize=8)
def anchor_layout(anchors: Anchors, input_hw: tuple[int, int]) -> tuple[Float32, Float, Float]:
    """Centres `(A, 2)` in 0..1, cell sides `(A,)` in pixels, and which size in its cell `(A,)`.

    Sizes are counted through all maps, the finest first.
    """
    strides, sizes, first = [], [], 0
    maps = [(stride, len(list(same))) for stride, same in groupby(anchors.strides)]
    for stride, count in maps:
        cells = -(-input_hw[0] // stride) * -(-input_hw[1] // stride)
        per_cell = anchors.per_map * count
        strides.append(np.full(cells * per_cell, float(stride)))
        sizes.append(np.tile(np.arange(first, first + per_cell, dtype=np.float64), cells))
        first += per_cell
    return anchor_centers(anchors, input_hw), np.concatenate(strides), np.concatenate(sizes)


def anchor_sizes(anchors: Anchors, input_hw: tuple[int, int], settings: MatchSettings) -> Float:
    """`(A,)` the size of person of each anchor: a circle's diameter in input pixels."""
    step = anchor_layout(anchors, input_hw)[2]
    low, high = np.log([settings.min_size, settings.max_size])
    sizes: Float = np.exp(low + (high - low) * step / max(step.max(), 1)) * max(input_hw)
    return sizes


def match(
    canvas: AnnotatedImage, anchors: Anchors, settings: MatchSettings | None = None
) -> tuple[Float32, Float32, Float32]:
    """Targets of the anchors for a picture of the input's size.

    Args:
        canvas: a `detector_view`: head boxes, alignment, and the mid-shoulder as only keypoint.
        anchors: of the network; maps of finer stride come first.
        settings: which anchors are positive.

    Returns:
        Boxes `(A, 10)` as `decode_boxes` reads them, 0 where an anchor is not positive; positives
        `(A,)`, 1 or 0; weights `(A,)`, 0 where an anchor is ignored; all float32.
    """
    settings = settings or MatchSettings()
    height, width = canvas.image.shape[:2]
    input_hw, wh = (height, width), np.array([width, height], np.float64)
    centers, stride, _ = anchor_layout(anchors, input_hw)
    centers_px = centers * wh
    weights = np.ones(len(centers), np.float32)
    weights[_within(centers_px, stride, canvas.ignore_px)] = 0
    boxes, positives = np.zeros((len(centers), 10), np.float32), np.zeros_like(weights)
    if not len(canvas):
        return boxes, positives, weights
    cells, ratio = _distances(canvas, centers_px, stride, anchors, settings)
    unsure = (cells <= settings.cells_ignored) & (ratio <= np.log(settings.size_ignored))
    weights[unsure.any(axis=0)] = 0
    rows, of = _positives(cells, ratio, settings)
    points = np.concatenate([canvas.alignment_px, canvas.points_px[..., :2]], axis=1) / wh
    heads = (canvas.boxes_px / np.tile(wh, 2)).astype(np.float32)
    boxes[rows] = encode_boxes(heads[of], points[of].astype(np.float32), centers[rows], input_hw)
    positives[rows] = weights[rows] = 1
    return boxes, positives, weights


def _positives(
    cells: Float, ratio: Float, settings: MatchSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which anchors are positive, and for which person."""
    near = (cells <= settings.cells) & (ratio <= np.log(settings.size))
    cost = np.where(near, cells + ratio, np.inf)
    # Every person has at least the anchor that is nearest in both.
    cost[np.arange(len(cost)), (cells + ratio).argmin(axis=1)] = 0
    rows = np.flatnonzero(np.isfinite(cost).any(axis=0))
    return rows, cost[:, rows].argmin(axis=0)


def _distances(
    canvas: AnnotatedImage,
    centers_px: Float,
    stride: Float,
    anchors: Anchors,
    settings: MatchSettings,
) -> tuple[Float, Float]:
    """`(N, A)` distances of heads in cells, and logarithms of the ratios of sizes."""
    height, width = canvas.image.shape[:2]
    middle = canvas.boxes_px.reshape(-1, 2, 2).mean(axis=1)
    heads = settings.head * (canvas.boxes_px[:, 2] - canvas.boxes_px[:, 0])
    cell = np.maximum(stride, heads[:, None])
    cells = np.hypot(*np.moveaxis(middle[:, None] - centers_px, -1, 0)) / cell
    sizes = anchor_sizes(anchors, (height, width), settings)
    diameters = np.clip(canvas.diameters_px, sizes.min(), sizes.max())
    return cells, np.abs(np.log(diameters[:, None] / sizes))


def _within(centers_px: Float, stride: Float, boxes_px: NDArray[np.floating]) -> NDArray[np.bool_]:
    """`(A,)` cells that touch a box."""
    reach = 0.5 * stride[:, None]
    x, y = centers_px.T[..., None]
    x0, y0, x1, y1 = boxes_px.T
    across = (x >= x0 - reach) & (x <= x1 + reach)
    within: NDArray[np.bool_] = (across & (y >= y0 - reach) & (y <= y1 + reach)).any(axis=1)
    return within
