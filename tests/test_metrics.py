"""The measures of keypoints, on people whose numbers can be done in the head."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.metrics import OKS_SIGMAS_COCO17, mean_of, oks, pck, pcp, pdj, torso_size
from blazetrack.skeleton import COCO17

# Left shoulder, right shoulder, left hip, right hip: a square of side 100, so diagonals of 141.4.
TORSO = np.array([[[100.0, 0.0], [0.0, 0.0], [100.0, 100.0], [0.0, 100.0]]])
DIAGONAL = 100 * 2**0.5
ALL = np.ones((1, 4), bool)


def moved(*offsets: float) -> np.ndarray:
    """The torso with each point moved to the right."""
    points = TORSO.copy()
    points[0, :, 0] += offsets
    return points


def test_torso_size_is_mean_of_diagonals() -> None:
    assert torso_size(TORSO, (0, 1, 2, 3)) == pytest.approx([DIAGONAL])


def test_pck_threshold_is_inclusive_and_nan_is_wrong() -> None:
    correct = pck(moved(0.0, 19.9, 20.1, np.nan), TORSO, np.array([100.0]), 0.2)
    assert correct.tolist() == [[True, True, False, False]]


def test_mean_of_ignores_unlabelled() -> None:
    correct = np.array([[True, False], [True, True]])
    share, per_keypoint = mean_of(correct, np.array([[True, False], [True, False]]))
    assert share == 1.0
    assert per_keypoint[0] == 1.0
    assert np.isnan(per_keypoint[1])


def test_mean_of_nothing_labelled_is_zero() -> None:
    assert mean_of(np.zeros((1, 2), bool), np.zeros((1, 2), bool))[0] == 0.0


def test_pdj_is_pck_at_several_thresholds() -> None:
    found = pdj(moved(0, 15, 25, 45), TORSO, np.array([100.0]), np.array([0.1, 0.2, 0.5]))
    assert found.sum(axis=2).tolist() == [[1], [2], [4]]


def test_pcp_needs_both_ends() -> None:
    edges = [(0, 1), (2, 3)]  # both 100 long
    assert pcp(moved(50, 0, 51, 0), TORSO, edges).tolist() == [[True, False]]
    assert pcp(moved(np.nan, 0, 0, 0), TORSO, edges).tolist() == [[False, True]]


def test_oks_is_one_for_truth_and_falls_with_distance() -> None:
    truth = np.zeros((1, len(COCO17), 2))
    labelled = np.ones((1, len(COCO17)), bool)
    area = np.array([10_000.0])
    assert oks(truth, truth, labelled, area) == pytest.approx([1.0])
    # One standard deviation away: 2 · sigma · sqrt(area).
    away = truth.copy()
    away[0, :, 0] = 2 * OKS_SIGMAS_COCO17 * 100
    assert oks(away, truth, labelled, area) == pytest.approx([np.exp(-0.5)])
    assert oks(truth, truth, ~labelled, area).tolist() == [0.0]
    assert oks(truth * np.nan, truth, labelled, area).tolist() == [0.0]
