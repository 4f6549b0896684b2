"""Agreement of predictions with labels."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from models.distill.agreement import (
    ARMS,
    CHAINS,
    HEAD,
    LEGS,
    LabelledJoints,
    agreement_states,
    blend_weights,
    distances,
    left_right_swaps,
    mean_error,
)

ELBOW, WRIST, INDEX, KNEE = (
    BLAZEPOSE33.index(f"left_{part}") for part in ("elbow", "wrist", "index", "knee")
)


def predictions_of(truth: LabelledJoints, runs: int = 1) -> np.ndarray:
    """Predictions that agree with all labels; points without a label lie at 0."""
    points = np.zeros((runs, 33, 3))
    for point, xy in zip(truth.point, truth.xy_px, strict=True):
        if point == HEAD:
            points[:, [7, 8], :2] = xy
        else:
            points[:, point, :2] = xy
    return points


def test_labels_of_lsp_are_twelve_points_and_the_head(make_person) -> None:
    truth = LabelledJoints.of(make_person(LSP14))
    assert len(truth) == 13
    assert sorted(truth.point)[-1] == HEAD
    neck, top = np.multiply((0.5, 0.22), (120, 160)), np.multiply((0.5, 0.08), (120, 160))
    head = truth.xy_px[list(truth.point).index(HEAD)]
    assert np.all(head == pytest.approx(neck + 0.52 * (top - neck)))


def test_labels_of_coco_have_no_head_of_their_own(make_person) -> None:
    truth = LabelledJoints.of(make_person(COCO17))
    assert HEAD not in truth.point
    assert 0 in truth.point


def test_unit_of_a_foreshortened_torso_has_a_minimum(make_person) -> None:
    person = make_person(COCO17)
    upright = LabelledJoints.of(person).unit_px
    points = person.points_px[0].copy()
    hips = [COCO17.index("left_hip"), COCO17.index("right_hip")]
    points[hips, 1] = points[COCO17.index("left_shoulder"), 1] + 1
    radius = person.diameters_px[0] / 2
    bent = LabelledJoints.of(
        make_person(COCO17, points_px=points, alignment_px=person.alignment_px[0])
    )
    assert bent.unit_px == pytest.approx(0.4 * radius, rel=1e-5)
    assert bent.unit_px < upright


def test_distance_is_in_torsos(make_person) -> None:
    truth = LabelledJoints.of(make_person(LSP14))
    points = predictions_of(truth, runs=2)
    points[1, ELBOW, 0] += 0.25 * truth.unit_px
    off = distances(points, truth)
    row = list(truth.point).index(ELBOW)
    assert np.all(off[0] == pytest.approx(0))
    assert off[1, row] == pytest.approx(0.25)
    assert mean_error(off)[1] == pytest.approx(0.25 / 13)


def test_mean_error_clips_distances_at_1(make_person) -> None:
    truth = LabelledJoints.of(make_person(LSP14))
    points = predictions_of(truth)
    points[0, ELBOW] += 1e6
    assert mean_error(distances(points, truth))[0] == pytest.approx(1 / 13)


def test_swapped_arms_have_an_error_until_exchanged(make_person) -> None:
    truth = LabelledJoints.of(make_person(LSP14))
    partners = list(BLAZEPOSE33.partners)
    points = predictions_of(truth)
    arms = points.copy()
    arms[:, list(ARMS)] = points[:, [partners[p] for p in ARMS]]
    assert mean_error(distances(arms, truth))[0] > 0.1
    assert mean_error(distances(arms, truth.swapped(ARMS)))[0] == pytest.approx(0)
    assert mean_error(distances(arms, truth.swapped(LEGS)))[0] > 0.1


def test_left_right_swaps_need_labels_on_both_sides(make_person) -> None:
    person = make_person(LSP14)
    weights = person.weights[0].copy()
    weights[[i for i, name in enumerate(LSP14.names) if "right" in name]] = 0
    assert set(left_right_swaps(LabelledJoints.of(person))) == {"all", "arms", "legs"}
    assert not left_right_swaps(LabelledJoints.of(make_person(LSP14, weights=weights)))


def test_agreement_states_are_1_minus_1_and_0(make_person) -> None:
    truth = LabelledJoints.of(make_person(LSP14))
    points = predictions_of(truth)
    points[0, KNEE, 0] += 0.5 * truth.unit_px
    got = agreement_states(distances(points, truth)[0], truth, 0.35, 0.2)
    assert got[KNEE] == -1
    assert got[ELBOW] == got[HEAD] == 1
    assert got[INDEX] == got[0] == 0


def test_blend_weights_prefer_the_run_near_the_labels(make_person) -> None:
    truth = LabelledJoints.of(make_person(LSP14))
    points = predictions_of(truth, runs=3)
    points[1, :, 0] += 0.3 * truth.unit_px
    share = blend_weights(distances(points, truth), truth, 0.02, 0.05)
    assert np.all(share.sum(axis=0) == pytest.approx(1))
    assert np.all(share[[0, 2]] == pytest.approx(0.5, abs=1e-3))


def test_blend_weights_of_a_hand_follow_its_arm(make_person) -> None:
    truth = LabelledJoints.of(make_person(LSP14))
    points = predictions_of(truth, runs=2)
    points[0, [ELBOW, WRIST], 0] += 0.2 * truth.unit_px
    points[1, [KNEE, 27], 0] += 0.2 * truth.unit_px
    share = blend_weights(distances(points, truth), truth, 0.02, 0.05)
    assert share[1, INDEX] > 0.95
    assert share[0, BLAZEPOSE33.index("left_heel")] > 0.95


def test_chains_stay_on_their_side() -> None:
    for point, chain in enumerate(CHAINS):
        side = BLAZEPOSE33.names[point].partition("_")[0]
        assert bool(chain) == (point > 10)
        assert all(BLAZEPOSE33.names[p].startswith(side) for p in chain)


def test_between_takes_the_median_of_runs() -> None:
    points = np.zeros((5, 33, 3))
    points[4] += 100
    circle = np.array([[0, 0], [0, -10]], np.float32)
    truth = LabelledJoints.between(points, circle)
    assert len(truth) == 33
    assert np.all(mean_error(distances(points, truth))[:4] == 0)
    assert mean_error(distances(points, truth))[4] == 1
