"""Soft labels of the published detector, and which of its rows are used."""

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
from models.common.person_finder import PersonFinder
from models.distill.detector_targets import DetectorSoftLabels

CELLS, SIDE = Anchors(strides=(8, 16), per_map=1), 224


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    """The drawn person on a square."""
    with open_source("synthetic?frames=1&size=448x448") as source:
        image = next(iter(source)).image
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def test_highest_score_is_the_detection(weights: Store, picture: NDArray[np.uint8]) -> None:
    boxes, scores = DetectorSoftLabels(CELLS, SIDE, weights)(picture)
    assert boxes.shape == (28**2 + 14**2, 10)
    assert scores.shape == (28**2 + 14**2,)
    assert boxes.dtype == scores.dtype == np.float32
    best = int(scores.argmax())
    centers = anchor_centers(CELLS, (SIDE, SIDE))[best : best + 1]
    _, points = decode_boxes(boxes[best : best + 1], centers, (SIDE, SIDE))
    found = PersonFinder.published(store=weights).find(picture)
    assert scores[best] == pytest.approx(found.scores[0], abs=1e-3)
    np.testing.assert_allclose(points[0, :2] * SIDE, found.alignment_px[0], atol=6)  # NMS averages
    np.testing.assert_allclose(points[0, 2] * SIDE, found.shoulders_px[0], atol=6)


def test_used_rows_have_the_scores(weights: Store, picture: NDArray[np.uint8]) -> None:
    """With the other anchor of each cell, all scores would be low."""
    _, scores = DetectorSoftLabels(CELLS, SIDE, weights)(picture)
    assert (scores > 0.5).any()
    _, empty = DetectorSoftLabels(CELLS, SIDE, weights)(np.zeros_like(picture))
    assert (empty < 0.5).all()


@pytest.mark.parametrize(("cells", "side"), [(Anchors((8, 16)), SIDE), (CELLS, 192)])
def test_other_cells_are_refused(weights: Store, cells: Anchors, side: int) -> None:
    wanted = "has cells of 8 and 16 pixels, 1 a cell at a side of 224, the network has"
    with pytest.raises(InputError, match=wanted):
        DetectorSoftLabels(cells, side, weights)
