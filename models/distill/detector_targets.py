"""What the published detector answers for each cell of a canvas: soft labels to learn from.

Labels say who is there. They do not say how likely a place looks, and two thousand pictures show
few places; a detector that saw many more answers for every cell of any canvas, also of those that
chance puts together (distillation, arXiv 1503.02531).
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
from models.data.targets.anchors import anchor_layout

__all__ = ["ANSWERING", "Answers"]

TEACHER = "pose_detector"
# Its cells' sides in pixels, and which of a cell's two anchors ever answers (found by looking, on
# 300 pictures with people); those of 32 pixels never do.
ANSWERING: Mapping[int, int] = {8: 1, 16: 0}
VALUES = 10  # of its rows: the box, mid-hip, circle and mid-shoulder; a fourth point is left out

Float32 = NDArray[np.float32]


class Answers:
    """The published detector, asked about whole canvases.

    Args:
        anchors: of the network that learns: one for each of the cells that ever answer.
        side: of the canvases in pixels: the published one's.
        store: where models are; None is the user's own cache.

    Raises:
        InputError: the network's cells are others.
    """

    def __init__(self, anchors: Anchors, side: int, store: Store | None = None) -> None:
        store = store or Store()
        found = store.find(TEACHER)
        published, input_hw = found.info.anchors, found.info.input_hw
        assert published is not None  # it is a detector
        own = Anchors(tuple(ANSWERING), 1)
        if anchors != own or (side, side) != input_hw:
            raise InputError(
                f"answers: {TEACHER} answers for cells of {_in_words(own)} at a side of"
                f" {input_hw[0]}, the network has {_in_words(anchors)} at {side}"
            )
        strides = anchor_layout(published, input_hw)[1]
        per_cell = {one: published.per_map * published.strides.count(one) for one in ANSWERING}
        self._rows = np.concatenate(
            [
                np.flatnonzero(strides == one)[place :: per_cell[one]]
                for one, place in ANSWERING.items()
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
