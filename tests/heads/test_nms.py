"""Weighted non-maximum suppression."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.heads.nms import weighted_nms


def overlap(a: list[float], b: list[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (areas - width * height)


def slowly(
    boxes: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, min_iou: float
) -> list[tuple[list[float], float]]:
    """Group after group in plain loops: (box and keypoints as one list, score)."""
    rest = [
        (float(score), [float(v) for v in box], [float(v) for v in points.ravel()])
        for box, points, score in zip(boxes, keypoints, scores, strict=True)
    ]
    rest.sort(key=lambda one: -one[0])
    found = []
    while rest:
        best = rest[0]
        group = [one for one in rest if one is best or overlap(best[1], one[1]) > min_iou]
        rest = [one for one in rest if not any(one is member for member in group)]
        total = sum(score for score, _, _ in group)
        blend = [
            sum(score * (box + points)[i] for score, box, points in group) / total
            for i in range(len(best[1]) + len(best[2]))
        ]
        found.append((blend, best[0]))
    return found


def crowd(seed: int, people: int = 4, each: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Several boxes around each of a few people, as a detector gives them."""
    rng = np.random.default_rng(seed)
    place = rng.random((people, 1, 2))
    middle = (place + rng.normal(0, 0.02, (people, each, 2))).reshape(-1, 2)
    half = 0.5 * rng.uniform(0.08, 0.16, (len(middle), 2))
    boxes = np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)
    keypoints = (middle[:, None] + rng.normal(0, 0.1, (len(middle), 4, 2))).astype(np.float32)
    return boxes, keypoints, rng.uniform(0.5, 1.0, len(middle)).astype(np.float32)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("min_iou", [0.3, 0.5])
def test_weighted_nms_equals_plain_loops(seed: int, min_iou: float) -> None:
    found = weighted_nms(*crowd(seed), min_iou)
    want = slowly(*crowd(seed), min_iou)
    assert len(want) >= 4
    np.testing.assert_allclose(found[2], [score for _, score in want], rtol=1e-6)
    got = np.concatenate([found[0], found[1].reshape(len(found[1]), -1)], axis=1)
    np.testing.assert_allclose(got, [blend for blend, _ in want], atol=1e-5)


def test_weighted_nms_overlapping_boxes_give_their_weighted_mean() -> None:
    boxes = np.array([[0, 0, 4, 4], [1, 0, 5, 4]], np.float32)
    keypoints = np.array([[[0, 0]], [[4, 8]]], np.float32)
    found = weighted_nms(boxes, keypoints, np.array([0.2, 0.6], np.float32), 0.3)
    np.testing.assert_allclose(found[0], [[0.75, 0, 4.75, 4]], rtol=1e-6)
    np.testing.assert_allclose(found[1], [[[3, 6]]], rtol=1e-6)
    np.testing.assert_allclose(found[2], [0.6], rtol=1e-6)


def test_weighted_nms_overlap_equal_to_the_limit_is_not_merged() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2]], np.float32)  # one third
    points, scores = np.zeros((2, 1, 2), np.float32), np.array([0.9, 0.8], np.float32)
    assert len(weighted_nms(boxes, points, scores, 1 / 3)[2]) == 2
    assert len(weighted_nms(boxes, points, scores, 0.33)[2]) == 1


def test_weighted_nms_box_without_area_is_kept() -> None:
    boxes = np.ones((2, 4), np.float32)
    points, scores = np.ones((2, 1, 2), np.float32), np.array([0.5, 0.9], np.float32)
    np.testing.assert_allclose(weighted_nms(boxes, points, scores, 0.3)[2], [0.9, 0.5])


def test_weighted_nms_no_boxes_give_no_boxes() -> None:
    none = np.zeros((0, 4), np.float32), np.zeros((0, 4, 2), np.float32), np.zeros(0, np.float32)
    boxes, keypoints, scores = weighted_nms(*none, 0.3)
    assert (boxes.shape, keypoints.shape, scores.shape) == ((0, 4), (0, 4, 2), (0,))
