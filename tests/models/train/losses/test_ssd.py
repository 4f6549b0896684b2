"""The loss of a detector, with and without distillation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")


from models.train.losses import head_loss
from tests.models.train.losses.targets import (
    DETECTOR,
    DISTILLED,
    SSD_PARTS,
    Arrays,
    floats,
    info_of,
    value,
)

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def detector_targets() -> Arrays:
    rng = np.random.default_rng(2)
    boxes = np.tile(rng.normal(0, 1, (2, 1, 10)), (1, 6, 1))
    boxes[..., 4:8] = (0, 0, 0, -40)  # a person of radius 40
    boxes[1] *= 2
    positives = np.zeros((2, 6))
    positives[:, :2] = 1
    return floats({"boxes": boxes, "positives": positives, "weights": np.ones((2, 6))})


def detector_parts(targets: Arrays, boxes: Any, logits: Any) -> dict[str, float]:
    outputs = floats({"boxes": boxes, "scores": np.asarray(logits)[..., None]})
    parts = head_loss("ssd", targets, outputs, DETECTOR, info_of())
    return {name: float(value(part)) for name, part in parts.items()}


def test_ssd_loss_perfect_outputs_is_zero() -> None:
    targets = detector_targets()
    parts = detector_parts(targets, targets["boxes"], 40 * targets["positives"] - 20)
    assert set(parts) == {*SSD_PARTS, "total"}
    assert parts == pytest.approx(dict.fromkeys(parts, 0.0), abs=1e-6)


def test_ssd_loss_boxes_count_with_a_person_only() -> None:
    targets = detector_targets()
    logits = 40 * targets["positives"] - 20
    wrong = targets["boxes"] + np.where(targets["positives"][..., None] > 0, 0, 99)
    assert detector_parts(targets, wrong, logits)["total"] == pytest.approx(0, abs=1e-6)
    wrong = targets["boxes"].copy()
    wrong[0, 0, 0] += 20
    parts = detector_parts(targets, wrong, logits)
    assert parts["boxes"] > 0 == parts["points"]


def test_ssd_loss_errors_are_relative_to_person_size() -> None:
    targets = detector_targets()
    logits = 40 * targets["positives"] - 20
    cost = []
    for person, error in ((0, 20), (1, 40)):
        wrong = targets["boxes"].copy()
        wrong[person, 0, 5] += error
        cost.append(detector_parts(targets, wrong, logits)["points"])
    assert cost[0] == pytest.approx(cost[1])


def test_ssd_loss_without_distillation_has_no_distilled_parts() -> None:
    targets = detector_targets()
    parts = detector_parts(targets, targets["boxes"], 40 * targets["positives"] - 20)
    assert not set(parts) & set(DISTILLED)


def distilled() -> Arrays:
    """The other detector has a person without label at anchor 3 of the first image."""
    targets = detector_targets()
    scores, boxes = np.zeros_like(targets["positives"]), targets["boxes"].copy()
    scores[0, 3] = 0.7
    boxes[0, 3] = np.array([40, 40, 20, 20, 40, 90, 40, 30, 40, 60])
    return {**targets, "distilled_scores": scores, "distilled_boxes": np.nan_to_num(boxes)}


def test_ssd_loss_agreement_with_labels_and_detector_is_zero() -> None:
    targets = distilled()
    chance = np.clip(np.maximum(targets["positives"], targets["distilled_scores"]), 1e-7, 1 - 1e-7)
    parts = detector_parts(targets, targets["distilled_boxes"], np.log(chance / (1 - chance)))
    assert set(DISTILLED) < set(parts)
    assert [parts[name] for name in DISTILLED] == pytest.approx([0, 0], abs=1e-5)


def test_ssd_loss_labelled_person_missed_by_detector_is_zero() -> None:
    targets = distilled()
    targets["distilled_scores"][:] = 0
    logits = 40 * targets["positives"] - 20
    parts = detector_parts(targets, targets["boxes"], logits)
    assert parts["distilled_scores"] == pytest.approx(0, abs=1e-6)


def test_ssd_loss_distillation_trains_scores_and_boxes() -> None:
    targets = distilled()
    labels_only = 40 * targets["positives"] - 20
    parts = detector_parts(targets, targets["distilled_boxes"], labels_only)
    assert parts["distilled_scores"] > 0 == parts["distilled_boxes"]
    moved = targets["distilled_boxes"].copy()
    moved[0, 3] += 9
    assert detector_parts(targets, moved, labels_only)["distilled_boxes"] > 0
    unsure = {**targets, "distilled_scores": targets["distilled_scores"] * 0.1}
    assert detector_parts(unsure, moved, labels_only)["distilled_boxes"] == 0


def test_ssd_loss_anchors_of_weight_0_do_not_count() -> None:
    targets = detector_targets()
    targets["weights"][:, 0] = targets["weights"][:, 5] = 0
    targets["boxes"][:, 0] = np.nan
    logits = 40 * targets["positives"] - 20
    logits[:, 0], logits[:, 5] = -20, 20
    boxes = np.nan_to_num(targets["boxes"])
    assert detector_parts(targets, boxes, logits)["total"] == pytest.approx(0, abs=1e-6)


def test_ssd_loss_without_people_trains_scores_only() -> None:
    targets = detector_targets()
    targets["positives"][:] = 0
    parts = detector_parts(targets, targets["boxes"], np.ones((2, 6)))
    assert parts["scores"] > 0 == parts["boxes"] == parts["points"]
    assert np.isfinite(parts["total"])


def test_ssd_loss_unsure_radius_is_not_the_smaller_one() -> None:
    import keras

    rows = np.zeros((2, 10), np.float32)
    rows[:, 7] = -40, -80  # two people who look the same

    def loss(want: Any, got: Any) -> Any:
        ones = keras.ops.ones_like(want[:, :1])
        targets = {"boxes": want[:, None], "positives": ones, "weights": ones}
        outputs = {"boxes": got[:, None], "scores": ones[..., None]}
        return head_loss("ssd", targets, outputs, DETECTOR, info_of())["points"]

    start = np.zeros(10, np.float32)
    start[7] = -60
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(10)])
    network.layers[0].set_weights([np.zeros((1, 10), np.float32), start])
    network.compile(keras.optimizers.Adam(1.0), loss)
    for _ in range(60):
        network.train_on_batch(np.zeros((2, 1), np.float32), rows)
    assert network.layers[0].get_weights()[1][7] == pytest.approx(-60, abs=3)
