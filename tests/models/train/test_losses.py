"""What the losses say of right answers, wrong answers, and targets that nobody knows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("keras", reason="the workshop needs Keras")

from keras import ops

from models.train import losses
from models.train.loss_config import DetectorLossSettings, PoseLossSettings

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Arrays = dict[str, NDArray[np.float32]]

B, K, SIDE = 3, 4, 8
PARTNERS = (0, 2, 1, 3)  # keypoints 1 and 2 are left and right
POSE, DETECTOR = PoseLossSettings(), DetectorLossSettings()


def value(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(ops.convert_to_numpy(tensor))


def floats(arrays: dict[str, Any]) -> Arrays:
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def pose_targets() -> Arrays:
    rng = np.random.default_rng(0)
    targets: dict[str, Any] = {
        "points": rng.uniform(0.2, 0.8, (B, K + 2, 3)),
        "visibility": rng.integers(0, 2, (B, K)),
        "presence": rng.integers(0, 2, (B, K)),
        "world": rng.normal(size=(B, K, 3)),
    }
    targets |= {f"{name}_weight": np.ones_like(array) for name, array in targets.items()}
    return floats({**targets, "score": np.ones((B, 1))})


def right_answer(targets: Arrays) -> Arrays:
    """What a perfect network says; logits of 20 are as good as certain."""
    logits = {name: 40 * targets[name] - 20 for name in ("visibility", "presence", "score")}
    place = targets["points"][:, :K, :2] * SIDE
    cells = np.arange(SIDE) + 0.5
    dx = np.broadcast_to(place[:, None, None, :, 0] - cells[:, None], (B, SIDE, SIDE, K))
    dy = np.broadcast_to(place[:, None, None, :, 1] - cells[:, None, None], (B, SIDE, SIDE, K))
    return floats(
        {
            **logits,
            "points": targets["points"],
            "world": targets["world"],
            "heatmap": -0.5 * (dx**2 + dy**2) / POSE.heatmap_sigma**2,
            "offsets": np.concatenate([dx, dy], axis=-1) / SIDE,
        }
    )


def pose_parts(targets: Arrays, outputs: Arrays, **options: Any) -> dict[str, float]:
    settings = PoseLossSettings(**{**POSE.model_dump(), **options})
    parts = losses.pose_loss(targets, outputs, settings, PARTNERS)
    return {name: float(value(part)) for name, part in parts.items()}


def test_a_right_answer_costs_nothing() -> None:
    targets = pose_targets()
    parts = pose_parts(targets, right_answer(targets))
    assert set(parts) == {*losses.POSE_PARTS, "total"}
    assert max(parts.values()) < 1e-4


@pytest.mark.parametrize(
    "name", ["points", "visibility", "presence", "world", "score", "heatmap", "offsets"]
)
def test_a_wrong_answer_costs_in_its_own_part(name: str) -> None:
    targets = pose_targets()
    right = right_answer(targets)
    wrong = {**right, name: -right[name]}
    before, after = pose_parts(targets, right), pose_parts(targets, wrong)
    dearer = {part for part in before if after[part] > before[part] + 1e-4}
    assert dearer == {name, "total", *(("z",) if name == "points" else ())}


def test_the_total_is_the_weighted_sum() -> None:
    targets = pose_targets()
    outputs = {name: array + np.float32(0.3) for name, array in right_answer(targets).items()}
    parts = pose_parts(targets, outputs, points=2.0, world=0.0)
    total = parts.pop("total")
    weights = {**POSE.model_dump(), "points": 2.0, "world": 0.0}
    assert total == pytest.approx(sum(weights[name] * part for name, part in parts.items()))


def test_what_is_not_known_does_not_count_even_if_it_is_not_a_number() -> None:
    targets = pose_targets()
    outputs = {name: array + np.float32(0.3) for name, array in right_answer(targets).items()}
    for name in ("points", "visibility", "presence", "world"):
        targets[f"{name}_weight"][1] = 0
    want = pose_parts(targets, outputs)
    for name in ("points", "visibility", "presence", "world"):
        targets[name][1] = np.nan
    assert pose_parts(targets, outputs) == want


def test_a_batch_in_which_nothing_is_known_costs_only_the_score() -> None:
    targets = pose_targets()
    for name in targets:
        if name.endswith("_weight"):
            targets[name][:] = 0
    parts = pose_parts(targets, {name: array * 0 for name, array in right_answer(targets).items()})
    assert {name for name, part in parts.items() if part} == {"score", "total"}


def test_a_label_counts_by_its_weight() -> None:
    targets = pose_targets()
    right = right_answer(targets)
    wrong = {**right, "points": right["points"].copy()}
    wrong["points"][:, 0, 0] += 0.3
    full = pose_parts(targets, wrong)["points"]
    targets["points_weight"][:, 0] = 0.5
    per_label = full * B * (K + 2) * 2
    assert pose_parts(targets, wrong)["points"] == pytest.approx(
        0.5 * per_label / (B * (K + 2) * 2 - B), rel=1e-4
    )


def test_the_wing_is_steep_then_straight() -> None:
    def wing(error: float) -> float:
        return float(value(losses.wing(np.float32(error), 0.1, 0.02)))

    assert wing(0) == 0
    assert wing(0.3) - wing(0.2) == pytest.approx(0.1, abs=1e-6), "slope 1"
    assert wing(-0.05) == wing(0.05)
    assert wing(0.0999) == pytest.approx(wing(0.1001), abs=1e-3), "no step"
    assert wing(0.002) / 0.002 > 4, "steep"


def test_smooth_l1_is_round_then_straight() -> None:
    got = value(losses.smooth_l1(np.array([0, 0.1, 0.2, 1.2, -1.2], np.float32), 0.2))
    np.testing.assert_allclose(got, [0, 0.025, 0.1, 1.1, 1.1], rtol=1e-5)


def test_cross_entropy_is_that_of_probabilities() -> None:
    logits = np.array([-3, -0.5, 0, 0.5, 3], np.float32)
    p = 1 / (1 + np.exp(-logits))
    for target in (0.0, 0.3, 1.0):
        want = -target * np.log(p) - (1 - target) * np.log(1 - p)
        got = value(losses.cross_entropy(np.float32(target), logits))
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_focal_loss_hardly_counts_what_is_right_already() -> None:
    logits = np.array([-30, -2, 2, 30], np.float32)
    for target in (0.0, 1.0):
        aim = np.full(4, target, np.float32)
        plain = value(losses.focal(aim, logits, 0.25, 0.0))
        weight = 0.25 if target else 0.75
        np.testing.assert_allclose(
            plain, weight * value(losses.cross_entropy(aim, logits)), rtol=1e-4, atol=1e-7
        )
        missed = 1 / (1 + np.exp(logits if target else -logits))
        got = value(losses.focal(aim, logits, 0.25, 2.0))
        np.testing.assert_allclose(got, plain * missed**2, rtol=1e-4, atol=1e-7)


def test_a_heatmap_is_cheapest_where_the_keypoint_is() -> None:
    """Light one cell after the other: the cell that holds the point must win."""
    place = np.array([[[(5 + 0.4) / SIDE, (2 + 0.6) / SIDE]]], np.float32)
    costs = np.empty((SIDE, SIDE))
    for row, column in np.ndindex(SIDE, SIDE):
        heatmap = np.full((1, SIDE, SIDE, 1), -4, np.float32)
        heatmap[0, row, column] = 4
        loss = losses.heatmap_loss(place, np.ones((1, 1), np.float32), heatmap, POSE)
        costs[row, column] = float(value(loss))
    assert np.unravel_index(costs.argmin(), costs.shape) == (2, 5)


def test_a_keypoint_outside_the_crop_has_no_map() -> None:
    one = np.ones((1, 1), np.float32)
    heatmap = np.random.default_rng(0).normal(size=(1, SIDE, SIDE, 1)).astype(np.float32)
    costs = [
        float(value(losses.heatmap_loss(np.array([[[x, 0.5]]], np.float32), one, heatmap, POSE)))
        for x in (0.99, 1.01, 3.0)
    ]
    assert costs[0] > 0.1
    assert costs[1:] == [0.0, 0.0]


def test_offsets_count_only_around_the_keypoint() -> None:
    targets = pose_targets()
    right = right_answer(targets)["offsets"]
    place, weight = targets["points"][:, :K, :2], np.ones((B, K), np.float32)
    spoilt = right.copy()
    cells = (np.arange(SIDE) + 0.5) / SIDE
    for b, k in np.ndindex(B, K):
        dx, dy = place[b, k, 0] - cells[None], place[b, k, 1] - cells[:, None]
        far = np.hypot(dx, dy) * SIDE > POSE.offsets_radius
        spoilt[b, :, :, k][far] = 9
        spoilt[b, :, :, K + k][far] = 9
    assert float(value(losses.offsets_loss(place, weight, spoilt, POSE))) < 1e-5
    assert float(value(losses.offsets_loss(place, weight, right + 0.1, POSE))) > 0.1


def exchanged(points: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([points[:, PARTNERS], points[:, K:]], axis=1)


def trust(targets: Arrays, got: NDArray[np.float32], **options: float) -> NDArray[np.float32]:
    settings = PoseLossSettings(**{**POSE.model_dump(), **options})
    points, weights = targets["points"], targets["points_weight"]
    return value(losses.swap_trust(points, got, weights, PARTNERS, settings))


def test_labels_with_left_and_right_exchanged_count_less() -> None:
    targets = pose_targets()
    targets["points"][:, 1, 0], targets["points"][:, 2, 0] = 0.2, 0.8
    got = targets["points"].copy()
    got[1] = exchanged(got)[1]
    believed = trust(targets, got, swap_weight=0.25)
    want = np.ones((B, K))
    want[1, 1:3] = 0.25
    np.testing.assert_array_equal(believed, want)


def test_a_network_that_knows_nothing_yet_doubts_nobody() -> None:
    targets = pose_targets()
    assert (trust(targets, np.full_like(targets["points"], 0.5)) == 1).all()


def test_pairs_of_which_one_is_not_labelled_prove_nothing() -> None:
    targets = pose_targets()
    targets["points"][:, 1, 0], targets["points"][:, 2, 0] = 0.2, 0.8
    got = exchanged(targets["points"])
    targets["points_weight"][:, 2] = 0
    targets["points"][:, 2] = np.nan
    assert (trust(targets, got) == 1).all()


def test_doubted_labels_cost_less_in_points_and_maps_and_can_be_believed() -> None:
    targets = pose_targets()
    targets["points"][:, 1, 0], targets["points"][:, 2, 0] = 0.2, 0.8
    outputs = right_answer({**targets, "points": exchanged(targets["points"])})
    doubting = pose_parts(targets, outputs, swap_weight=0.0)
    believing = pose_parts(targets, outputs, swap_ratio=0.0)
    for name in ("points", "heatmap", "offsets"):
        assert doubting[name] < 0.8 * believing[name]
    assert doubting["points"] == pytest.approx(0, abs=1e-6)


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
    parts = losses.detector_loss(targets, outputs, DETECTOR)
    return {name: float(value(part)) for name, part in parts.items()}


def test_a_detector_that_is_right_costs_nothing() -> None:
    targets = detector_targets()
    parts = detector_parts(targets, targets["boxes"], 40 * targets["positives"] - 20)
    assert set(parts) == {*losses.DETECTOR_PARTS, "total"}
    assert parts == pytest.approx(dict.fromkeys(parts, 0.0), abs=1e-6)


def test_boxes_count_only_where_there_is_a_person() -> None:
    targets = detector_targets()
    logits = 40 * targets["positives"] - 20
    wrong = targets["boxes"] + np.where(targets["positives"][..., None] > 0, 0, 99)
    assert detector_parts(targets, wrong, logits)["total"] == pytest.approx(0, abs=1e-6)
    wrong = targets["boxes"].copy()
    wrong[0, 0, 0] += 20
    parts = detector_parts(targets, wrong, logits)
    assert parts["boxes"] > 0 == parts["points"]


def test_an_error_is_measured_against_the_size_of_the_person() -> None:
    targets = detector_targets()
    logits = 40 * targets["positives"] - 20
    cost = []
    for person, error in ((0, 20), (1, 40)):
        wrong = targets["boxes"].copy()
        wrong[person, 0, 5] += error
        cost.append(detector_parts(targets, wrong, logits)["points"])
    assert cost[0] == pytest.approx(cost[1])


def test_without_answers_there_are_no_parts_of_them() -> None:
    targets = detector_targets()
    parts = detector_parts(targets, targets["boxes"], 40 * targets["positives"] - 20)
    assert not set(parts) & set(losses.ANSWER_PARTS)


def answered() -> Arrays:
    """Where nobody is labelled, at anchor 3 of the first picture, the other one sees somebody."""
    targets = detector_targets()
    scores, boxes = np.zeros_like(targets["positives"]), targets["boxes"].copy()
    scores[0, 3] = 0.7
    boxes[0, 3] = np.array([40, 40, 20, 20, 40, 90, 40, 30, 40, 60])
    return {**targets, "answer_scores": scores, "answer_boxes": np.nan_to_num(boxes)}


def test_who_agrees_with_labels_and_answers_pays_nothing() -> None:
    targets = answered()
    chance = np.clip(np.maximum(targets["positives"], targets["answer_scores"]), 1e-7, 1 - 1e-7)
    parts = detector_parts(targets, targets["answer_boxes"], np.log(chance / (1 - chance)))
    assert set(losses.ANSWER_PARTS) < set(parts)
    assert [parts[name] for name in losses.ANSWER_PARTS] == pytest.approx([0, 0], abs=1e-5)


def test_somebody_whom_only_labels_know_is_no_mistake() -> None:
    targets = answered()
    targets["answer_scores"][:] = 0
    logits = 40 * targets["positives"] - 20
    parts = detector_parts(targets, targets["boxes"], logits)
    assert parts["answer_scores"] == pytest.approx(0, abs=1e-6)


def test_answers_pull_scores_and_boxes() -> None:
    targets = answered()
    nobody = 40 * targets["positives"] - 20
    parts = detector_parts(targets, targets["answer_boxes"], nobody)
    assert parts["answer_scores"] > 0 == parts["answer_boxes"]
    moved = targets["answer_boxes"].copy()
    moved[0, 3] += 9
    assert detector_parts(targets, moved, nobody)["answer_boxes"] > 0
    unsure = {**targets, "answer_scores": targets["answer_scores"] * 0.1}
    assert detector_parts(unsure, moved, nobody)["answer_boxes"] == 0


def test_anchors_of_weight_0_teach_nothing() -> None:
    targets = detector_targets()
    targets["weights"][:, 0] = targets["weights"][:, 5] = 0
    targets["boxes"][:, 0] = np.nan
    logits = 40 * targets["positives"] - 20
    logits[:, 0], logits[:, 5] = -20, 20
    boxes = np.nan_to_num(targets["boxes"])
    assert detector_parts(targets, boxes, logits)["total"] == pytest.approx(0, abs=1e-6)


def test_a_batch_without_people_still_teaches_to_be_silent() -> None:
    targets = detector_targets()
    targets["positives"][:] = 0
    parts = detector_parts(targets, targets["boxes"], np.ones((2, 6)))
    assert parts["scores"] > 0 == parts["boxes"] == parts["points"]
    assert np.isfinite(parts["total"])
