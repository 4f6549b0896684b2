"""Soft labels of the published detector for each cell of a canvas, to distil a detector from.

Labels mark people, but not how person-like other places look, and two thousand pictures show few
places; a detector trained on many more gives scores for every cell of any canvas, random mosaics
too (distillation, arXiv 1503.02531).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import get_ident

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FileModel, Model
from blazetrack.errors import InputError
from blazetrack.heads.sigmoid import sigmoid
from blazetrack.model_info import Anchors
from blazetrack.store import Store
from models.data.targets.ssd import anchor_layout

__all__ = ["USED_ANCHORS", "DetectorSoftLabels"]

DETECTOR = "pose_detector"
# Its cells' sides in pixels, and which of a cell's two anchors ever has a score (measured on 300
# pictures with people); those of 32 pixels never do.
USED_ANCHORS: Mapping[int, int] = {8: 1, 16: 0}
VALUES = 10  # of its rows: the box, mid-hip, circle and mid-shoulder; a fourth point is left out

Float32 = NDArray[np.float32]


class DetectorSoftLabels:
    """The published detector on whole canvases; `SsdTargets.soft_labels`.

    Args:
        anchors: of the network in training: one for each of the published one's used cells.
        side: of the canvases in pixels: the published one's.
        store: where models are; None is the user's own cache.

    Raises:
        InputError: the network has other cells.
    """

    def __init__(self, anchors: Anchors, side: int, store: Store | None = None) -> None:
        store = store or Store()
        found = store.find(DETECTOR)
        published, input_hw = found.info.anchors, found.info.input_hw
        assert published is not None  # it is a detector
        own = Anchors(tuple(USED_ANCHORS), 1)
        if anchors != own or (side, side) != input_hw:
            raise InputError(
                f"distill_detector: {DETECTOR} has cells of {_in_words(own)} at a side of"
                f" {input_hw[0]}, the network has {_in_words(anchors)} at {side}"
            )
        strides = anchor_layout(published, input_hw)[1]
        per_cell = {one: published.per_map * published.strides.count(one) for one in USED_ANCHORS}
        self._rows = np.concatenate(
            [
                np.flatnonzero(strides == one)[place :: per_cell[one]]
                for one, place in USED_ANCHORS.items()
            ]
        )
        self._open = partial(FileModel, found.info, partial(store.variant, found), threads=1)
        self._models: dict[int, Model] = {}  # an interpreter serves one thread

    def __call__(self, image: NDArray[np.uint8]) -> tuple[Float32, Float32]:
        """`(S, S, 3)` uint8 → boxes `(A, 10)` as `decode_boxes` reads them, scores `(A,)`."""
        outputs = self._model().run(image)
        boxes, logits = outputs["boxes"][0], outputs["scores"][0, :, 0]
        return boxes[self._rows, :VALUES], sigmoid(logits[self._rows])

    def _model(self) -> Model:
        model = self._models.get(get_ident())
        if model is None:
            model = self._models[get_ident()] = self._open()
            model.want("boxes", "scores")
        return model


def _in_words(anchors: Anchors) -> str:
    cells = " and ".join(map(str, anchors.strides))
    return f"{cells} pixels, {anchors.per_map} a cell"
