"""The losses of heatmaps, offsets and windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")


from models.train.losses import (
    LandmarkLossSettings,
    blazepose,
    head_loss,
    heatmap,
)
from tests.models.train.losses.targets import (
    POSE,
    SIDE,
    B,
    K,
    floats,
    info_of,
    perfect_outputs,
    pose_targets,
    value,
)

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


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
