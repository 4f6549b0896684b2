"""Losses of correct and wrong outputs, and of unknown targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("keras", reason="models needs Keras")

from keras import ops

from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import Skeleton
from models.train.losses import (
    LandmarkLossSettings,
    SsdLossSettings,
    blazepose,
    head_loss,
    heatmap,
    simcc,
    terms,
)

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Arrays = dict[str, NDArray[np.float32]]

B, K, SIDE = 3, 4, 8
PARTNERS = (0, 2, 1, 3)  # keypoints 1 and 2 are left and right
SKELETON = Skeleton("four", ("nose", "left_hand", "right_hand", "tail"))
POSE, DETECTOR = LandmarkLossSettings(), SsdLossSettings()
POSE_PARTS = ("points", "z", "visibility", "presence", "world", "score", "heatmap", "offsets")
SSD_PARTS, DISTILLED = ("scores", "boxes", "points"), ("distilled_scores", "distilled_boxes")


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


def perfect_outputs(targets: Arrays) -> Arrays:
    """Outputs of a perfect network; logits of 20 are nearly certain."""
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


def info_of(**options: Any) -> ModelInfo:
    hw, name = (SIDE, SIDE), "test"
    return ModelInfo(name, "landmarks", hw, (0, 1), "zero", {}, SKELETON, head_options=options)


def pose_parts(targets: Arrays, outputs: Arrays, **options: Any) -> dict[str, float]:
    settings = LandmarkLossSettings(**{**POSE.model_dump(), **options})
    parts = head_loss("blazepose", targets, outputs, settings, info_of())
    return {name: float(value(part)) for name, part in parts.items()}


def test_blazepose_loss_perfect_outputs_is_zero() -> None:
    targets = pose_targets()
    parts = pose_parts(targets, perfect_outputs(targets))
    assert set(parts) == {*POSE_PARTS, "total"}
    assert max(parts.values()) < 1e-4


@pytest.mark.parametrize(
    "name", ["points", "visibility", "presence", "world", "score", "heatmap", "offsets"]
)
def test_blazepose_loss_wrong_output_raises_its_part(name: str) -> None:
    targets = pose_targets()
    right = perfect_outputs(targets)
    wrong = {**right, name: -right[name]}
    before, after = pose_parts(targets, right), pose_parts(targets, wrong)
    raised = {part for part in before if after[part] > before[part] + 1e-4}
    assert raised == {name, "total", *(("z",) if name == "points" else ())}


def test_blazepose_loss_total_is_weighted_sum() -> None:
    targets = pose_targets()
    outputs = {name: array + np.float32(0.3) for name, array in perfect_outputs(targets).items()}
    parts = pose_parts(targets, outputs, points=2.0, world=0.0)
    total = parts.pop("total")
    weights = {**POSE.model_dump(), "points": 2.0, "world": 0.0}
    assert total == pytest.approx(sum(weights[name] * part for name, part in parts.items()))


def test_blazepose_loss_unknown_nan_targets_do_not_count() -> None:
    targets = pose_targets()
    outputs = {name: array + np.float32(0.3) for name, array in perfect_outputs(targets).items()}
    for name in ("points", "visibility", "presence", "world"):
        targets[f"{name}_weight"][1] = 0
    want = pose_parts(targets, outputs)
    for name in ("points", "visibility", "presence", "world"):
        targets[name][1] = np.nan
    assert pose_parts(targets, outputs) == want


def test_blazepose_loss_without_labels_is_score_only() -> None:
    targets = pose_targets()
    for name in targets:
        if name.endswith("_weight"):
            targets[name][:] = 0
    parts = pose_parts(
        targets, {name: array * 0 for name, array in perfect_outputs(targets).items()}
    )
    assert {name for name, part in parts.items() if part} == {"score", "total"}


def test_blazepose_loss_weights_labels() -> None:
    targets = pose_targets()
    right = perfect_outputs(targets)
    wrong = {**right, "points": right["points"].copy()}
    wrong["points"][:, 0, 0] += 0.3
    full = pose_parts(targets, wrong)["points"]
    targets["points_weight"][:, 0] = 0.5
    per_label = full * B * (K + 2) * 2
    assert pose_parts(targets, wrong)["points"] == pytest.approx(
        0.5 * per_label / (B * (K + 2) * 2 - B), rel=1e-4
    )


def test_wing_is_steep_then_linear() -> None:
    def wing(error: float) -> float:
        return float(value(terms.wing(np.float32(error), 0.1, 0.02)))

    assert wing(0) == 0
    assert wing(0.3) - wing(0.2) == pytest.approx(0.1, abs=1e-6), "slope 1"
    assert wing(-0.05) == wing(0.05)
    assert wing(0.0999) == pytest.approx(wing(0.1001), abs=1e-3), "no step"
    assert wing(0.002) / 0.002 > 4, "steep"


def test_smooth_l1_is_quadratic_then_linear() -> None:
    got = value(terms.smooth_l1(np.array([0, 0.1, 0.2, 1.2, -1.2], np.float32), 0.2))
    np.testing.assert_allclose(got, [0, 0.025, 0.1, 1.1, 1.1], rtol=1e-5)


def test_cross_entropy_equals_that_of_probabilities() -> None:
    logits = np.array([-3, -0.5, 0, 0.5, 3], np.float32)
    p = 1 / (1 + np.exp(-logits))
    for target in (0.0, 0.3, 1.0):
        want = -target * np.log(p) - (1 - target) * np.log(1 - p)
        got = value(terms.cross_entropy(np.float32(target), logits))
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_focal_reduces_easy_examples() -> None:
    logits = np.array([-30, -2, 2, 30], np.float32)
    for target in (0.0, 1.0):
        aim = np.full(4, target, np.float32)
        plain = value(terms.focal(aim, logits, 0.25, 0.0))
        weight = 0.25 if target else 0.75
        np.testing.assert_allclose(
            plain, weight * value(terms.cross_entropy(aim, logits)), rtol=1e-4, atol=1e-7
        )
        missed = 1 / (1 + np.exp(logits if target else -logits))
        got = value(terms.focal(aim, logits, 0.25, 2.0))
        np.testing.assert_allclose(got, plain * missed**2, rtol=1e-4, atol=1e-7)


def test_heatmap_loss_is_lowest_with_the_keypoints_cell_lit() -> None:
    """One cell lit at a time: the loss is lowest for the cell of the point."""
    place = np.array([[[(5 + 0.4) / SIDE, (2 + 0.6) / SIDE]]], np.float32)
    costs = np.empty((SIDE, SIDE))
    for row, column in np.ndindex(SIDE, SIDE):
        maps = np.full((1, SIDE, SIDE, 1), -4, np.float32)
        maps[0, row, column] = 4
        loss = blazepose.heatmap_loss(place, np.ones((1, 1), np.float32), maps, 1.5)
        costs[row, column] = float(value(loss))
    assert np.unravel_index(costs.argmin(), costs.shape) == (2, 5)


def test_heatmap_loss_keypoint_outside_crop_is_zero() -> None:
    one = np.ones((1, 1), np.float32)
    maps = np.random.default_rng(0).normal(size=(1, SIDE, SIDE, 1)).astype(np.float32)
    costs = [
        float(value(blazepose.heatmap_loss(np.array([[[x, 0.5]]], np.float32), one, maps, 1.5)))
        for x in (0.99, 1.01, 3.0)
    ]
    assert costs[0] > 0.1
    assert costs[1:] == [0.0, 0.0]


def test_offsets_loss_counts_cells_around_keypoint_only() -> None:
    targets = pose_targets()
    right = perfect_outputs(targets)["offsets"]
    place, weight = targets["points"][:, :K, :2], np.ones((B, K), np.float32)
    spoilt = right.copy()
    cells = (np.arange(SIDE) + 0.5) / SIDE
    for b, k in np.ndindex(B, K):
        dx, dy = place[b, k, 0] - cells[None], place[b, k, 1] - cells[:, None]
        far = np.hypot(dx, dy) * SIDE > POSE.offsets_radius
        spoilt[b, :, :, k][far] = 9
        spoilt[b, :, :, K + k][far] = 9
    assert float(value(heatmap.offsets_loss(place, weight, spoilt, POSE.offsets_radius))) < 1e-5
    assert float(value(heatmap.offsets_loss(place, weight, right + 0.1, POSE.offsets_radius))) > 0.1


def exchanged(points: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([points[:, PARTNERS], points[:, K:]], axis=1)


def trust(targets: Arrays, got: NDArray[np.float32], **options: float) -> NDArray[np.float32]:
    settings = LandmarkLossSettings(**{**POSE.model_dump(), **options})
    points, weights = targets["points"], targets["points_weight"]
    return value(blazepose.swap_trust(points, got, weights, PARTNERS, settings))


def test_swap_trust_swapped_labels_have_lower_weight() -> None:
    targets = pose_targets()
    targets["points"][:, 1, 0], targets["points"][:, 2, 0] = 0.2, 0.8
    got = targets["points"].copy()
    got[1] = exchanged(got)[1]
    got = trust(targets, got, swap_weight=0.25)
    want = np.ones((B, K))
    want[1, 1:3] = 0.25
    np.testing.assert_array_equal(got, want)


def test_swap_trust_equal_outputs_trust_all_labels() -> None:
    targets = pose_targets()
    assert (trust(targets, np.full_like(targets["points"], 0.5)) == 1).all()


def test_swap_trust_ignores_pairs_with_one_label() -> None:
    targets = pose_targets()
    targets["points"][:, 1, 0], targets["points"][:, 2, 0] = 0.2, 0.8
    got = exchanged(targets["points"])
    targets["points_weight"][:, 2] = 0
    targets["points"][:, 2] = np.nan
    assert (trust(targets, got) == 1).all()


def test_blazepose_loss_swapped_labels_count_less_unless_disabled() -> None:
    targets = pose_targets()
    targets["points"][:, 1, 0], targets["points"][:, 2, 0] = 0.2, 0.8
    outputs = perfect_outputs({**targets, "points": exchanged(targets["points"])})
    checked = pose_parts(targets, outputs, swap_weight=0.0)
    unchecked = pose_parts(targets, outputs, swap_ratio=0.0)
    for name in ("points", "heatmap", "offsets"):
        assert checked[name] < 0.8 * unchecked[name]
    assert checked["points"] == pytest.approx(0, abs=1e-6)


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


@pytest.mark.parametrize("activation", ["none", "sigmoid"])
def test_heatmap_loss_is_lowest_for_the_target_maps(activation: str) -> None:
    targets = pose_targets()
    targets["score"][2] = 0  # background: all maps are 0
    targets["points_weight"][2] = 0
    drawn = value(heatmap.gaussians(targets["points"][:, :K, :2], (B, SIDE, SIDE, K), 1.5))
    drawn = np.clip(drawn * targets["score"][:, None, None], 1e-6, 1 - 1e-6)
    maps = np.log(drawn / (1 - drawn)) if activation == "sigmoid" else drawn
    info, settings = info_of(activation=activation), LandmarkLossSettings()

    def total(**outputs: Any) -> float:
        return float(value(head_loss("heatmap", targets, floats(outputs), settings, info)["total"]))

    best = total(heatmap=maps)
    assert activation == "sigmoid" or best < 1e-6
    for person in range(B):
        wrong = maps.copy()
        wrong[person] = maps[person, ::-1] + (9 if activation == "sigmoid" else 0.5)
        assert total(heatmap=wrong) > best + 1e-4
        assert total(heatmap=maps, heatmap_1=wrong) > best + 1e-4, "an intermediate stage"


def test_heatmap_divergence_is_zero_for_the_target_in_any_scale() -> None:
    targets = pose_targets()
    drawn = value(heatmap.gaussians(targets["points"][:, :K, :2], (B, SIDE, SIDE, K), 1.5))
    np.testing.assert_allclose(value(heatmap.divergence(drawn, 14 * drawn)), 0.0, atol=1e-4)
    assert (value(heatmap.divergence(drawn, drawn[:, ::-1])) > 0.01).any()
    assert np.isfinite(value(heatmap.divergence(drawn, 0 * drawn))).all()
    settings = LandmarkLossSettings(heatmap_error="divergence")
    got = head_loss("heatmap", targets, floats({"heatmap": drawn}), settings, info_of())
    assert abs(float(value(got["heatmap"]))) < 1e-4


def test_heatmap_parts_are_the_outputs_of_the_network() -> None:
    targets = pose_targets()
    outputs = perfect_outputs(targets)
    chosen = {name: outputs[name] for name in ("heatmap", "offsets", "score")}
    got = head_loss("heatmap", targets, chosen, LandmarkLossSettings(), info_of())
    assert set(got) == {*chosen, "total"}
    assert float(value(got["offsets"])) < 1e-4


def test_heatmap_loss_stages_are_parts_with_one_weight() -> None:
    targets = pose_targets()
    rng, settings = np.random.default_rng(0), LandmarkLossSettings(heatmap=0.5)
    sizes = {"heatmap_10": 2, "heatmap_2": SIDE, "heatmap": SIDE // 2}
    outputs = floats({name: rng.random((B, side, side, K)) for name, side in sizes.items()})
    got = head_loss("heatmap", targets, outputs, settings, info_of())
    assert list(got) == ["heatmap_2", "heatmap_10", "heatmap", "total"]
    parts = [float(value(got[name])) for name in sizes]
    assert float(value(got["total"])) == pytest.approx(0.5 * sum(parts), rel=1e-5)


def test_heatmap_loss_score_is_a_probability_or_a_logit() -> None:
    targets = pose_targets()
    targets["score"][0] = 0
    outputs = perfect_outputs(targets)
    probability = 1 / (1 + np.exp(-np.array([[-1.0], [0.5], [2.0]], np.float32)))
    for activation, score in (("none", probability), ("sigmoid", np.array([[-1], [0.5], [2]]))):
        chosen = floats({"heatmap": outputs["heatmap"], "score": score})
        info = info_of(activation=activation)
        got = head_loss("heatmap", targets, chosen, LandmarkLossSettings(), info)
        want = -np.log([1 - probability[0, 0], probability[1, 0], probability[2, 0]]).mean()
        assert float(value(got["score"])) == pytest.approx(want, rel=1e-4)


@pytest.mark.parametrize("order", ["xy", "yx"])
@pytest.mark.parametrize("coordinates", ["unit", "pixel", "centred"])
@pytest.mark.parametrize("third", ["none", "z", "score"])
def test_regression_loss_follows_head_options(order: str, coordinates: str, third: str) -> None:
    targets = pose_targets()
    points = targets["points"][:, :K].copy()
    scores = 40 * targets["visibility"] - 20
    points[..., :2] -= 0.5 if coordinates == "centred" else 0
    points *= SIDE if coordinates == "pixel" else 1
    points[..., :2] = points[..., 1::-1] if order == "yx" else points[..., :2]
    points[..., 2] = scores if third == "score" else points[..., 2]
    landmarks = points[..., : 2 if third == "none" else 3].reshape(B, -1)
    info, settings = info_of(order=order, coordinates=coordinates, third=third), POSE
    outputs = floats({"landmarks": landmarks, "score": 40 * targets["score"] - 20})
    got = head_loss("regression", targets, outputs, settings, info)
    assert set(got) == {"points", "z", "scores", "score", "total"}
    assert float(value(got["total"])) < 1e-4
    wrong = head_loss(
        "regression", targets, {**outputs, "landmarks_1": landmarks + 0.3}, settings, info
    )
    assert float(value(wrong["points"])) < 1e-4
    assert float(value(wrong["points_1"])) > 1e-3


def test_heatmap_loss_windows_count_where_they_hold_their_keypoint() -> None:
    targets = pose_targets()
    xy = targets["points"][:, :K, :2]
    maps = value(heatmap.gaussians(xy, (B, 8, 8, K), 1.0))
    row, column = np.divmod(maps.reshape(B, 64, K).argmax(axis=1), 8)
    inside = (xy * 8 - np.stack([column, row], axis=-1) - 0.5) / 3 + 0.5  # parts of 3 × 3 cells
    sigma = POSE.heatmap_sigma
    fine = value(heatmap.gaussians(inside.astype(np.float32), (B, 12, 12, K), sigma))
    info, part = info_of(decoding="windows"), "windows"

    def loss(maps: Any, fine: Any) -> float:
        outputs = floats({"heatmap": maps, "windows": fine})
        return float(value(head_loss("heatmap", targets, outputs, POSE, info)[part]))

    assert loss(maps, fine) < 1e-6
    assert loss(maps, np.zeros_like(fine)) > 1e-3
    away = np.zeros_like(maps)
    away[:, 0, 0] = 1
    far = (np.abs(xy * 8 - 0.5) > 1.5).any(axis=-1)
    targets["points_weight"][:, :K] *= far[..., None]
    assert loss(away, np.ones_like(fine)) == 0


@pytest.mark.parametrize("cells", ["corner", "centre"])
@pytest.mark.parametrize("sigma", [2.0, 0.0])
def test_simcc_loss_is_lowest_for_the_encoded_keypoints(cells: str, sigma: float) -> None:
    targets, info = pose_targets(), replace(info_of(cells=cells), head="simcc")
    weight = targets["points_weight"][:, :K, :2].min(axis=-1)
    xy = np.where(weight[..., None] > 0, targets["points"][:, :K, :2], 0)
    shift = 0.5 if cells == "centre" else 0.0
    right = {
        name: value(simcc.bin_targets(floats({"xy": xy})["xy"][..., axis], 64, sigma, shift))
        for axis, name in enumerate(("simcc_x", "simcc_y"))
    }
    settings = LandmarkLossSettings(simcc_sigma=sigma)

    def loss(outputs: Any) -> float:
        return float(value(head_loss("simcc", targets, floats(outputs), settings, info)["simcc"]))

    assert abs(loss(right)) < 1e-4
    assert loss({**right, "simcc_x": np.roll(right["simcc_x"], 3, axis=-1)}) > 0.1
    k = int(np.argmax(weight[0] > 0))
    np.testing.assert_allclose(right["simcc_y"].sum(axis=-1)[0, k], 1, atol=1e-5)
    highest = right["simcc_x"][0, k].argmax()
    assert abs((highest + shift) / 64 - xy[0, k, 0]) <= 0.5 / 64 + 1e-6


def test_regression_loss_steps_have_targets_on_the_way() -> None:
    targets = pose_targets()
    points = np.where(targets["points_weight"] > 0, targets["points"], 0)[:, :K, :2]
    start = np.full_like(points, 0.5)
    way = points - start
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    first = start + way * np.minimum(1, 0.1 / np.maximum(length, 1e-9))
    second = start + way * np.minimum(1, 0.2 / np.maximum(length, 1e-9))
    named = {"landmarks_0": start, "landmarks_1": first, "landmarks": second}
    outputs = floats({name: one.reshape(B, -1) for name, one in named.items()})
    info = info_of()
    for max_step, right in ((0.1, True), (0.0, False)):
        settings = LandmarkLossSettings(max_step=max_step)
        got = head_loss("regression", targets, outputs, settings, info)
        assert {"mean_pose", "points_1", "points"} < set(got)
        assert float(value(got["mean_pose"])) > 1e-2
        for part in ("points_1", "points"):
            assert (float(value(got[part])) < 1e-4) == right
