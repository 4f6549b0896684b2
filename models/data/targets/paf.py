"""Targets of networks for several people: confidence maps, fields, and where they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from blazetrack.heads.paf import encode
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO18, Skeleton
from blazetrack.types import Landmarks
from models.data.annotated import AnnotatedImage
from models.data.prefetch import Arrays

__all__ = ["STRIDE", "PafTargets"]

STRIDE = 8  # pixels per cell (arXiv 1611.08050: the maps have an eighth of the side)
OF_PERSON = 0.3  # confidence from which a cell belongs to a labelled person


@dataclass(frozen=True)
class PafTargets:
    """Encoder of canvases: `heatmap (h, w, K + 1)`, `paf (h, w, 2L)`, `weights (h, w, 1)`, float32.

    The weights are 0 in ignored regions, except where a labelled person is.

    Attributes:
        skeleton: of the canvases.
        head_options: of the network's head.
        sigma: of the confidence around a keypoint, in cells.
        width: half of a limb's width, in cells.
    """

    skeleton: Skeleton = COCO18
    head_options: Mapping[str, object] = field(default_factory=dict)
    sigma: float = 1.0
    width: float = 1.0

    def __call__(self, canvas: AnnotatedImage) -> Arrays:
        height, width = canvas.image.shape[:2]
        cells = height // STRIDE, width // STRIDE
        info = ModelInfo(
            "targets",
            "landmarks",
            (height, width),
            (0.0, 1.0),
            "zero",
            {"heatmap": "", "paf": ""},
            self.skeleton,
            head="paf",
            head_options=self.head_options,
        )
        encoded = encode(_people(canvas), info, cells, self.sigma, self.width)
        targets = {name: value[0] for name, value in encoded.items()}
        known = ~_ignored(canvas, cells) | (targets["heatmap"][..., :-1].max(-1) > OF_PERSON)
        return {**targets, "weights": known[..., None].astype(np.float32)}


def _people(canvas: AnnotatedImage) -> Landmarks:
    points, known = canvas.points_px.astype(np.float64), canvas.labelled.astype(np.float64)
    points = np.nan_to_num(points)
    zeros = np.zeros(len(canvas), np.int64)
    return Landmarks(points, np.zeros_like(points), known, known, np.ones(len(canvas)), zeros)


def _ignored(canvas: AnnotatedImage, cells: tuple[int, int]) -> np.ndarray:
    """`(h, w)` cells whose centre lies in an ignored region."""
    y, x = (((np.arange(count) + 0.5) * STRIDE)[:, None] for count in cells)
    x0, y0, x1, y1 = canvas.ignore_px.T
    across, down = (x >= x0) & (x <= x1), (y >= y0) & (y <= y1)  # (w, M), (h, M)
    ignored: np.ndarray = (down[:, None] & across[None]).any(axis=-1)
    return ignored
