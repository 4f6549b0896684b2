"""Targets of anchors, through the runtime's own decoding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.align.roi import rois_from_alignment, rois_from_detections
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.nms import weighted_nms
from blazetrack.heads.ssd import decode_boxes
from blazetrack.model_info import Anchors
from blazetrack.types import Crops, Detections, Rois
from models.data.annotated import AnnotatedImage
from models.data.targets.ssd import MatchSettings, anchor_sizes, match
from models.data.transforms.detector_view import MID_SHOULDER

LAYOUT = Anchors(strides=(8, 16, 16, 16), per_map=2)
HW = (128, 128)
CENTERS = anchor_centers(LAYOUT, HW)


EMPTY = AnnotatedImage.empty(np.zeros((*HW, 3), np.uint8), MID_SHOULDER, np.float64)


def person(x: float, y: float, radius: float, degrees: float = 0.0) -> AnnotatedImage:
    """A person whose head is at x, y."""
    turn = np.radians(degrees)
    up = np.array([np.sin(turn), -np.cos(turn)])
    head = np.array([x, y])
    hips, half = head - 0.7 * radius * up, radius / 4
    return AnnotatedImage.of(
        EMPTY.image,
        MID_SHOULDER,
        (head - 0.2 * radius * up)[None, None],
        np.stack([hips, hips + radius * up])[None],
        ["test/0"],
        boxes_px=np.concatenate([head - half, head + half])[None],
    )


CROWD = EMPTY.joined(
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
    boxes, positives, weights = match(CROWD, LAYOUT)
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
    assert np.abs(merged[order] * 128 - CROWD.boxes_px).max() < 1e-3
    assert np.abs(points[order, 2] * 128 - CROWD.points_px[:, 0, :2]).max() < 1e-3


def test_match_small_people_on_fine_and_large_on_coarse_maps() -> None:
    for radius, fine in ((9, True), (50, False)):
        positives = match(person(60, 60, radius), LAYOUT)[1]
        assert bool(positives[:512].any()) == fine
        assert bool(positives[512:].any()) != fine


@pytest.mark.parametrize("radius", [2, 9, 17, 22, 40, 90, 200])
def test_match_every_person_has_positive_anchors(radius: float) -> None:
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(0, 128, (20, 2)):
        positives = match(person(x, y, radius), LAYOUT)[1]
        near = np.hypot(*(CENTERS[positives > 0] * 128 - (x, y)).T)
        assert 1 <= positives.sum() <= 20
        assert near.max() <= 16


def test_match_by_the_head_adds_cells_for_large_heads_only() -> None:
    plain = MatchSettings(min_size=0.5, max_size=0.5)
    wide = plain.model_copy(update={"head": 0.5})
    for radius, more in ((16, False), (96, True)):
        canvas = person(64, 40, radius)
        few, many = (match(canvas, LAYOUT, one)[1] > 0 for one in (plain, wide))
        assert (many >= few).all()
        assert (many.sum() > 2 * few.sum()) == more
        reach = max(16.0, 0.5 * radius / 2)
        assert np.hypot(*(CENTERS[many] * 128 - (64, 40)).T).max() <= reach


def test_two_people_in_one_place_share_by_size() -> None:
    both = EMPTY.joined([person(60, 60, 12), person(60, 60, 60)])
    boxes, positives, _ = match(both, LAYOUT)
    rows = np.flatnonzero(positives)
    _, points = decode_boxes(boxes[rows], CENTERS[rows], HW)
    radius = np.hypot(*(points[:, 1] - points[:, 0]).T) * 128
    assert set(radius.round().astype(int)) == {12, 60}


def test_match_weights_are_0_around_a_person_and_1_far_away() -> None:
    _, positives, weights = match(person(60, 60, 20), LAYOUT)
    away = np.hypot(*(CENTERS * 128 - 60).T)
    assert np.all(weights[away > 40] == 1)
    assert (weights[away < 16] == 0).any()
    assert np.all(weights[positives > 0] == 1)


def test_match_ignored_region_has_weight_0() -> None:
    box = np.array([[30.0, 40, 60, 90]])
    boxes, positives, weights = match(replace(EMPTY, ignore_px=box), LAYOUT)
    assert not positives.any()
    assert not boxes.any()
    x, y = CENTERS.T * 128
    inside = (x > 30) & (x < 60) & (y > 40) & (y < 90)
    assert np.all(weights[inside] == 0)
    outside = (x < 21) | (x > 69) | (y < 31) | (y > 99)
    assert np.all(weights[outside] == 1)
    assert match(replace(person(45, 60, 20), ignore_px=box), LAYOUT)[1].any()


def test_a_tiny_ignored_box_still_holds_its_cell() -> None:
    weights = match(replace(EMPTY, ignore_px=np.array([[33.0, 33, 34, 34]])), LAYOUT)[2]
    assert (weights[:512] == 0).sum() == 2
    assert (weights[512:] == 0).sum() == 6


def test_other_inputs_work() -> None:
    boxes, positives, weights = match(
        replace(person(20, 10, 8), image=np.zeros((32, 64, 3), np.uint8)), LAYOUT
    )
    assert boxes.shape == (64 * 32 // 64 * 2 + 64 * 32 // 256 * 6, 10)
    assert positives.any()
    assert weights.dtype == boxes.dtype == positives.dtype == np.float32
