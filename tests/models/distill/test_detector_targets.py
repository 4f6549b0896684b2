"""What the published detector is asked about each canvas, and which of its rows answer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.ssd import decode_boxes
from blazetrack.model_info import Anchors
from blazetrack.sources import open_source
from blazetrack.store import Store
from models.common.person_finder import Finder
from models.distill.detector_targets import Answers

CELLS, SIDE = Anchors(strides=(8, 16), per_map=1), 224


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    """The drawn person on a square."""
    with open_source("synthetic?frames=1&size=448x448") as source:
        image = next(iter(source)).image
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def test_the_surest_answer_is_what_the_detector_finds(
    weights: Store, picture: NDArray[np.uint8]
) -> None:
    boxes, scores = Answers(CELLS, SIDE, weights)(picture)
    assert boxes.shape == (28**2 + 14**2, 10)
    assert scores.shape == (28**2 + 14**2,)
    assert boxes.dtype == scores.dtype == np.float32
    best = int(scores.argmax())
    centers = anchor_centers(CELLS, (SIDE, SIDE))[best : best + 1]
    _, points = decode_boxes(boxes[best : best + 1], centers, (SIDE, SIDE))
    found = Finder.published(store=weights).find(picture)
    assert scores[best] == pytest.approx(found.scores[0], abs=1e-3)
    np.testing.assert_allclose(points[0, :2] * SIDE, found.alignment_px[0], atol=6)  # NMS averages
    np.testing.assert_allclose(points[0, 2] * SIDE, found.shoulders_px[0], atol=6)


def test_no_other_row_ever_answers(weights: Store, picture: NDArray[np.uint8]) -> None:
    """Were the wrong ones of a cell's anchors asked, nobody would ever be seen."""
    _, scores = Answers(CELLS, SIDE, weights)(picture)
    assert (scores > 0.5).any()
    _, empty = Answers(CELLS, SIDE, weights)(np.zeros_like(picture))
    assert (empty < 0.5).all()


@pytest.mark.parametrize(("cells", "side"), [(Anchors((8, 16)), SIDE), (CELLS, 192)])
def test_other_cells_have_no_answers(weights: Store, cells: Anchors, side: int) -> None:
    wanted = "answers for cells of 8 and 16 pixels, 1 a cell at a side of 224, the network has"
    with pytest.raises(InputError, match=wanted):
        Answers(cells, side, weights)
