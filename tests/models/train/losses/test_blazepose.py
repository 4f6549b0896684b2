"""The loss of the head `blazepose`: correct and wrong outputs, unknown targets, swapped labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("keras", reason="models needs Keras")


from models.train.losses import (
    LandmarkLossSettings,
    blazepose,
    head_loss,
)
from tests.models.train.losses.targets import (
    PARTNERS,
    POSE,
    POSE_PARTS,
    Arrays,
    B,
    K,
    info_of,
    perfect_outputs,
    pose_targets,
    value,
)

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


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
