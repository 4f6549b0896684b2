"""Anchors and what they must say, through the runtime's own decoding."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.align.roi import rois_from_alignment, rois_from_detections
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.nms import weighted_nms
from blazetrack.heads.ssd import decode_boxes
from blazetrack.model_info import Anchors
from blazetrack.types import Crops, Detections, Rois
from models.data.scenes import People
from models.data.targets.anchors import MatchSettings, anchor_sizes, match

LAYOUT = Anchors(strides=(8, 16, 16, 16), per_map=2)
HW = (128, 128)
CENTERS = anchor_centers(LAYOUT, HW)


def person(x: float, y: float, radius: float, degrees: float = 0.0) -> People:
    """Somebody whose head is at x, y."""
    turn = np.radians(degrees)
    up = np.array([np.sin(turn), -np.cos(turn)])
    head = np.array([x, y])
    hips, half = head - 0.7 * radius * up, radius / 4
    return People(
        np.concatenate([head - half, head + half])[None],
        np.stack([hips, hips + radius * up])[None],
        (head - 0.2 * radius * up)[None],
    )


CROWD = People.joined(
    [person(20, 30, 12), person(100, 25, 20, 40), person(64, 70, 50, 180), person(30, 110, 9, -90)]
)


def test_anchors_are_few_on_the_fine_map_and_for_small_people() -> None:
    sizes = anchor_sizes(LAYOUT, HW, MatchSettings()) / 128
    assert len(sizes) == len(CENTERS) == 896
    fine, coarse = sizes[:512].reshape(-1, 2), sizes[512:].reshape(-1, 6)
    assert np.ptp(fine, axis=0).max() == 0
    assert np.ptp(coarse, axis=0).max() == 0
    steps = np.concatenate([fine[0], coarse[0]])
    assert steps[[0, -1]] == pytest.approx([0.12, 1.7])
    assert steps[1:] / steps[:-1] == pytest.approx(np.full(7, (1.7 / 0.12) ** (1 / 7)))


def test_decoded_targets_are_the_people_and_their_alignment() -> None:
    boxes, positives, weights = match(CROWD, LAYOUT, HW)
    rows = np.flatnonzero(positives)
    assert np.all(weights[rows] == 1)
    decoded = decode_boxes(boxes[rows], CENTERS[rows], HW)
    scores = np.ones(len(rows), np.float32)
    merged, points, best = weighted_nms(*decoded, scores, 0.3)
    assert len(merged) == len(CROWD)
    unit = Detections(merged, points, best, np.zeros(len(best), np.int64))
    whole = Rois(np.full((1, 2), 64.0), np.full((1, 2), 128.0), np.zeros(1), np.zeros(1, np.int64))
    same = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    crop = Crops(np.zeros((1, 128, 128, 3), np.uint8), same, whole, (128, 128))
    rois = rois_from_detections(unit, crop)
    expected = rois_from_alignment(CROWD.alignment_px, np.zeros(len(CROWD), np.int64))
    order = [int(np.hypot(*(rois.center_px - c).T).argmin()) for c in expected.center_px]
    assert sorted(order) == list(range(len(CROWD)))
    assert np.abs(rois.center_px[order] - expected.center_px).max() < 1e-3
    assert np.abs(rois.size_px[order] - expected.size_px).max() < 1e-3
    turned = rois.angle_rad[order] - expected.angle_rad
    assert np.abs((turned + np.pi) % (2 * np.pi) - np.pi).max() < 1e-4
    assert np.abs(merged[order] * 128 - CROWD.heads_px).max() < 1e-3
    assert np.abs(points[order, 2] * 128 - CROWD.shoulders_px).max() < 1e-3


def test_small_people_are_the_fine_maps_and_large_ones_the_coarse_ones() -> None:
    for radius, fine in ((9, True), (50, False)):
        positives = match(person(60, 60, radius), LAYOUT, HW)[1]
        assert bool(positives[:512].any()) == fine
        assert bool(positives[512:].any()) != fine


@pytest.mark.parametrize("radius", [2, 9, 17, 22, 40, 90, 200])
def test_everybody_has_some_anchors(radius: float) -> None:
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(0, 128, (20, 2)):
        positives = match(person(x, y, radius), LAYOUT, HW)[1]
        near = np.hypot(*(CENTERS[positives > 0] * 128 - (x, y)).T)
        assert 1 <= positives.sum() <= 20
        assert near.max() <= 16


def test_two_people_in_one_place_share_by_size() -> None:
    both = People.joined([person(60, 60, 12), person(60, 60, 60)])
    boxes, positives, _ = match(both, LAYOUT, HW)
    rows = np.flatnonzero(positives)
    _, points = decode_boxes(boxes[rows], CENTERS[rows], HW)
    radius = np.hypot(*(points[:, 1] - points[:, 0]).T) * 128
    assert set(radius.round().astype(int)) == {12, 60}


def test_around_a_person_nothing_counts_and_far_away_all_does() -> None:
    _, positives, weights = match(person(60, 60, 20), LAYOUT, HW)
    away = np.hypot(*(CENTERS * 128 - 60).T)
    assert np.all(weights[away > 40] == 1)
    assert (weights[away < 16] == 0).any()
    assert np.all(weights[positives > 0] == 1)


def test_what_is_ignored_counts_neither_way() -> None:
    nobody = People.none()
    box = np.array([[30.0, 40, 60, 90]])
    boxes, positives, weights = match(nobody, LAYOUT, HW, ignore_px=box)
    assert not positives.any()
    assert not boxes.any()
    x, y = CENTERS.T * 128
    inside = (x > 30) & (x < 60) & (y > 40) & (y < 90)
    assert np.all(weights[inside] == 0)
    outside = (x < 21) | (x > 69) | (y < 31) | (y > 99)
    assert np.all(weights[outside] == 1)
    assert match(person(45, 60, 20), LAYOUT, HW, ignore_px=box)[1].any()


def test_a_tiny_ignored_box_still_holds_its_cell() -> None:
    weights = match(People.none(), LAYOUT, HW, ignore_px=np.array([[33.0, 33, 34, 34]]))[2]
    assert (weights[:512] == 0).sum() == 2
    assert (weights[512:] == 0).sum() == 6


def test_other_inputs_work() -> None:
    boxes, positives, weights = match(person(20, 10, 8), LAYOUT, (32, 64))
    assert boxes.shape == (64 * 32 // 64 * 2 + 64 * 32 // 256 * 6, 10)
    assert positives.any()
    assert weights.dtype == boxes.dtype == positives.dtype == np.float32
