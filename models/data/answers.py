"""What the published detector answers for each cell of a canvas: soft labels to learn from.

Labels say who is there. They do not say how likely a place looks, and two thousand pictures show
few places; a detector that saw many more answers for every cell of any canvas, also of those that
chance puts together (distillation, arXiv 1503.02531).
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import get_ident

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model, TfliteModel
from blazetrack.backends.logits import sigmoid
from blazetrack.errors import InputError
from blazetrack.store import Store
from blazetrack.types import Anchors

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
        self._store = store or Store()
        self._stored = self._store.find(TEACHER)
        own = Anchors(tuple(ANSWERING), 1)
        wanted = self._stored.info.input_hw[0]
        if anchors != own or side != wanted:
            raise InputError(
                f"answers: {TEACHER} answers for cells of {_in_words(own)} at a side of"
                f" {wanted}, the network has {_in_words(anchors)} at {side}"
            )
        self._models: dict[int, Model] = {}  # one for each thread that asks

    def __call__(self, image: NDArray[np.uint8]) -> tuple[Float32, Float32]:
        """`(S, S, 3)` uint8 → boxes `(A, 10)` as `decode_boxes` reads them, scores `(A,)`."""
        outputs = self._model().run(image)
        boxes, logits = outputs["boxes"][0], outputs["scores"][0, :, 0]
        rows = _answering(image.shape[0], self._stored.info.anchors)
        return np.array(boxes[rows, :VALUES]), sigmoid(logits[rows])

    def _model(self) -> Model:
        if get_ident() not in self._models:
            model = TfliteModel(
                self._stored.info,
                lambda wanted: self._store.variant(self._stored, wanted),
                threads=1,
            )
            model.want("boxes", "scores")
            self._models[get_ident()] = model
        return self._models[get_ident()]


def _answering(side: int, anchors: Anchors | None) -> NDArray[np.int64]:
    """Rows of the published detector's outputs that ever answer, the finest cells first."""
    assert anchors is not None  # it is a detector
    rows, first = [], 0
    for stride, kept in ANSWERING.items():
        per_cell = anchors.per_map * anchors.strides.count(stride)
        count = (side // stride) ** 2 * per_cell
        rows.append(np.arange(first + kept, first + count, per_cell))
        first += count
    return np.concatenate(rows)


def _in_words(anchors: Anchors) -> str:
    cells = " and ".join(map(str, anchors.strides))
    return f"{cells} pixels, {anchors.per_map} a cell"
