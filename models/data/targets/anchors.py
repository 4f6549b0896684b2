"""Which anchors of a single-shot detector answer for which person, and what they must say.

An anchor answers for people whose head's middle is near its cell and whose size is near its own.
All anchors of a cell have one centre; sizes tell them apart: the finer the map, the smaller the
people, each anchor about 1.5 times the one before. What is neither clearly right nor clearly wrong
counts neither way.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.ssd import encode_boxes
from blazetrack.model_info import Anchors
from models.common.config_base import Strict
from models.data.scenes import People, Scene

__all__ = ["MatchSettings", "anchor_layout", "anchor_sizes", "match", "targets_of"]

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]


class MatchSettings(Strict):
    """How near is near.

    Attributes:
        smallest, largest: sizes of the first and the last anchor, diameters of people's circles in
            sides of the input; the others lie between in equal ratios.
        size: an anchor answers for people up to so many times larger or smaller,
        size_ignored: and counts neither way up to here.
        cells: it answers for heads up to so many cells away,
        cells_ignored: and counts neither way up to here.
    """

    smallest: float = Field(default=0.12, gt=0)
    largest: float = Field(default=1.7, gt=0)
    size: float = Field(default=1.5, ge=1)
    size_ignored: float = Field(default=2.2, ge=1)
    cells: float = Field(default=1.0, gt=0)
    cells_ignored: float = Field(default=2.0, gt=0)


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
    """`(A,)` the size of person that each anchor is for: a circle's diameter in input pixels."""
    step = anchor_layout(anchors, input_hw)[2]
    low, high = np.log([settings.smallest, settings.largest])
    sizes: Float = np.exp(low + (high - low) * step / max(step.max(), 1)) * max(input_hw)
    return sizes


def match(
    people: People,
    anchors: Anchors,
    input_hw: tuple[int, int],
    *,
    ignore_px: Float | None = None,
    settings: MatchSettings | None = None,
) -> tuple[Float32, Float32, Float32]:
    """What a detector must say of a picture of its input's size.

    Args:
        people: in pixels of the input.
        anchors: of the network; maps of finer stride come first.
        input_hw: height and width of the input.
        ignore_px: `(M, 4)` regions where anchors that answer for nobody count neither way.
        settings: which anchors answer.

    Returns:
        Boxes `(A, 10)` as `decode_boxes` reads them, 0 where an anchor answers for nobody;
        positives `(A,)`, 1 where it answers for somebody; weights `(A,)`, 0 where it counts
        neither way; all float32.
    """
    settings = settings or MatchSettings()
    centers, stride, _ = anchor_layout(anchors, input_hw)
    wh = np.array(input_hw[::-1], np.float64)
    centers_px = centers * wh
    weights = np.ones(len(centers), np.float32)
    if ignore_px is not None and len(ignore_px):
        weights[_within(centers_px, stride, ignore_px)] = 0
    boxes, positives = np.zeros((len(centers), 10), np.float32), np.zeros_like(weights)
    if not len(people):
        return boxes, positives, weights
    cells, ratio = _distances(people, centers_px, stride, anchors, input_hw, settings)
    unsure = (cells <= settings.cells_ignored) & (ratio <= np.log(settings.size_ignored))
    weights[unsure.any(axis=0)] = 0
    rows, of = _answering(cells, ratio, settings)
    points = np.concatenate([people.alignment_px, people.shoulders_px[:, None]], axis=1) / wh
    heads = (people.heads_px / np.tile(wh, 2)).astype(np.float32)
    boxes[rows] = encode_boxes(heads[of], points[of].astype(np.float32), centers[rows], input_hw)
    positives[rows] = weights[rows] = 1
    return boxes, positives, weights


def _answering(
    cells: Float, ratio: Float, settings: MatchSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which anchors answer for somebody, and for whom."""
    near = (cells <= settings.cells) & (ratio <= np.log(settings.size))
    cost = np.where(near, cells + ratio, np.inf)
    # Every person has at least the anchor that is nearest in both.
    cost[np.arange(len(cost)), (cells + ratio).argmin(axis=1)] = 0
    rows = np.flatnonzero(np.isfinite(cost).any(axis=0))
    return rows, cost[:, rows].argmin(axis=0)


def _distances(
    people: People,
    centers_px: Float,
    stride: Float,
    anchors: Anchors,
    input_hw: tuple[int, int],
    settings: MatchSettings,
) -> tuple[Float, Float]:
    """`(N, A)` how many cells heads are away, and the logarithm of the ratio of sizes."""
    middle = people.heads_px.reshape(-1, 2, 2).mean(axis=1)
    cells = np.hypot(*np.moveaxis(middle[:, None] - centers_px, -1, 0)) / stride
    sizes = anchor_sizes(anchors, input_hw, settings)
    diameters = np.clip(people.diameters_px, sizes.min(), sizes.max())
    return cells, np.abs(np.log(diameters[:, None] / sizes))


def _within(centers_px: Float, stride: Float, boxes_px: Float) -> NDArray[np.bool_]:
    """`(A,)` whose cells touch a box."""
    reach = 0.5 * stride[:, None]
    x, y = centers_px.T[..., None]
    x0, y0, x1, y1 = boxes_px.T
    across = (x >= x0 - reach) & (x <= x1 + reach)
    within: NDArray[np.bool_] = (across & (y >= y0 - reach) & (y <= y1 + reach)).any(axis=1)
    return within


def targets_of(
    scene: Scene, anchors: Anchors, settings: MatchSettings | None = None
) -> tuple[Float32, Float32, Float32]:
    """`match` for a canvas."""
    height, width = scene.image.shape[:2]
    return match(
        scene.people, anchors, (height, width), ignore_px=scene.ignore_px, settings=settings
    )
