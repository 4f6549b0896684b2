"""The node `detect`."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.detect.detector import Detector
from blazetrack.errors import ModelError
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.ssd import encode_boxes
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.types import Crops, Rois

LAYOUT, HW = Anchors((16, 32), per_map=1), (64, 64)
CENTERS = anchor_centers(LAYOUT, HW)  # 16 + 4
INFO = ModelInfo("fake", "detector", HW, (-1, 1), "zero", {}, anchors=LAYOUT)


def crops(count: int = 1) -> Crops:
    """Crops whose pixels all hold the number of the crop."""
    pixels = np.zeros((count, *HW, 3), np.uint8)
    pixels[:] = np.arange(count)[:, None, None, None]
    rois = Rois(
        np.zeros((count, 2)), np.ones((count, 2)), np.zeros(count), np.zeros(count, np.int64)
    )
    return Crops(pixels, np.zeros((count, 2, 3)), rois, HW)


def network_outputs(
    *found: tuple[int, float, tuple[float, float, float, float]],
) -> dict[str, np.ndarray]:
    """Raw outputs: (anchor, logit, box x0 y0 x1 y1); keypoints in the box's middle."""
    raw = np.zeros((1, len(CENTERS), 12), np.float32)
    logits = np.full((1, len(CENTERS), 1), -100, np.float32)
    for anchor, logit, box in found:
        middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
        raw[0, anchor] = encode_boxes(
            np.array([box], np.float32),
            np.array([[middle] * 4], np.float32),
            CENTERS[anchor : anchor + 1],
            HW,
        )
        logits[0, anchor] = logit
    return {"boxes": raw, "scores": logits}


LEFT, RIGHT = (0.1, 0.1, 0.3, 0.3), (0.6, 0.6, 0.9, 0.9)


def test_detector_row_above_the_score_is_a_person() -> None:
    found = Detector(FakeModel(INFO, lambda pixels: network_outputs((5, 2.0, LEFT))))(crops())
    np.testing.assert_allclose(found.boxes_unit, [LEFT], atol=1e-6)
    np.testing.assert_allclose(found.keypoints_unit, [[[0.2, 0.2]] * 4], atol=1e-6)
    np.testing.assert_allclose(found.scores, [1 / (1 + np.exp(-2.0))], rtol=1e-6)
    assert found.row.tolist() == [0]


def test_detector_without_people_gives_an_empty_result() -> None:
    found = Detector(FakeModel(INFO, lambda pixels: network_outputs()))(crops())
    assert len(found) == 0
    assert found.keypoints_unit.shape == (0, 4, 2)


def test_detector_score_equal_to_min_score_counts() -> None:
    model = FakeModel(INFO, lambda pixels: network_outputs((0, 0.0, LEFT)))  # sigmoid(0) = 0.5
    assert len(Detector(model, min_score=0.5)(crops())) == 1
    assert len(Detector(model, min_score=0.51)(crops())) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("place", "value"),
    [(0, nan), (3, nan), (0, inf), (2, inf), (2, -1.0), (3, -1.0), (4, nan), (11, inf)],
)
def test_detector_row_without_a_valid_box_is_dropped(place: int, value: float) -> None:
    """Places: centre x y, width, height, then the keypoints."""
    outputs = network_outputs((5, 2.0, LEFT), (6, 3.0, RIGHT))
    outputs["boxes"][0, 6, place] = value
    found = Detector(FakeModel(INFO, lambda pixels: outputs))(crops())
    np.testing.assert_allclose(found.boxes_unit, [LEFT], atol=1e-6)


def test_detector_nan_score_is_dropped() -> None:
    model = FakeModel(INFO, lambda pixels: network_outputs((5, nan, LEFT), (6, 3.0, RIGHT)))
    np.testing.assert_allclose(Detector(model)(crops()).boxes_unit, [RIGHT], atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_detector_huge_logit_does_not_overflow() -> None:
    model = FakeModel(INFO, lambda pixels: network_outputs((5, 1e30, LEFT), (6, -1e30, RIGHT)))
    assert Detector(model)(crops()).scores.tolist() == [1.0]


def test_detector_overlapping_rows_are_merged_best_first() -> None:
    near = tuple(v + 0.01 for v in LEFT)
    model = FakeModel(
        INFO, lambda pixels: network_outputs((1, 1.0, LEFT), (2, 1.0, near), (3, 4.0, RIGHT))
    )
    found = Detector(model)(crops())
    np.testing.assert_allclose(found.boxes_unit[0], RIGHT, atol=1e-6)
    np.testing.assert_allclose(found.boxes_unit[1], np.add(LEFT, 0.005), atol=1e-6)
    assert len(Detector(model, min_iou=0.99)(crops())) == 3


def test_detector_row_is_the_index_of_the_crop() -> None:
    def by_crop(pixels: np.ndarray) -> dict[str, np.ndarray]:
        number = int(pixels[0, 0, 0])
        return network_outputs(*[(5, 2.0, LEFT), (6, 3.0, RIGHT)][:number])

    model = FakeModel(INFO, by_crop)
    found = Detector(model)(crops(3))
    assert found.row.tolist() == [1, 2, 2]
    np.testing.assert_allclose(found.boxes_unit[1], RIGHT, atol=1e-6)
    assert model.runs == 3


@pytest.mark.parametrize(
    ("key", "got"), [("boxes", "19 boxes, 20 scores"), ("scores", "20 boxes, 19 scores")]
)
def test_detector_wrong_number_of_rows_is_an_error(key: str, got: str) -> None:
    outputs = network_outputs()
    outputs[key] = outputs[key][:, :-1]
    with pytest.raises(ModelError, match=f"detect: fake: expected 20 rows, got {got}"):
        Detector(FakeModel(INFO, lambda pixels: outputs))(crops())


def test_detector_refuses_a_landmark_model() -> None:
    info = ModelInfo("full", "landmarks", HW, (0, 1), "replicate")
    with pytest.raises(ModelError, match=r"expected a detector, got full \(landmarks\)"):
        Detector(FakeModel(info, lambda pixels: {}))
