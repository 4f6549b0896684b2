"""Peaks, limbs and people, by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from blazetrack.heads.paf import RULES
from blazetrack.heads.paf_parser import Limbs, best_first, best_total, find_peaks, parse_people

TF_POSE, PAPER = RULES["tf_pose"], RULES["paper"]
CHAIN = Limbs(np.array([[0, 1], [1, 2], [2, 3]]), np.array([0, 2, 4]), 0)


def gaussian(hw, xy, height=1.0):
    y, x = np.mgrid[: hw[0], : hw[1]]
    return height * np.exp(-0.5 * ((x - xy[0]) ** 2 + (y - xy[1]) ** 2))


def rows(*heights):
    """Maps and fields of horizontal chains of four keypoints, one per row of 20."""
    maps, fields = np.zeros((20 * len(heights), 60, 4)), np.zeros((20 * len(heights), 60, 6))
    for number, height in enumerate(heights):
        y = 10 + 20 * number
        for k in range(4):
            maps[..., k] = np.maximum(
                maps[..., k], gaussian(maps.shape[:2], (8 + 14 * k, y), height)
            )
        fields[y - 2 : y + 3, :, ::2] = 1
    return maps.astype(np.float32), fields.astype(np.float32)


def in_cells(found):
    """`(N, K, 2)` cells before they were enlarged by 4."""
    return found.xy_cells // 4


@pytest.mark.parametrize(("rules", "upsample"), [(TF_POSE, 4), (PAPER, 4), (PAPER, 8)])
def test_find_peaks_is_the_middle_of_the_enlarged_cell(rules, upsample) -> None:
    maps = np.stack([gaussian((24, 30), (9, 14)), np.zeros((24, 30))], axis=-1)
    first, second = find_peaks(maps.astype(np.float32), rules, upsample)
    assert len(first) == 1
    assert np.abs(first[0] - ((np.array([9, 14]) + 0.5) * upsample - 0.5)).max() <= 0.5
    assert len(second) == 0


def test_find_peaks_paper_equals_opencv() -> None:
    maps = np.random.default_rng(0).random((12, 16, 2), np.float32)
    large = cv2.GaussianBlur(
        cv2.resize(maps, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC), (25, 25), 3.0,
        borderType=cv2.BORDER_REFLECT,
    )  # fmt: skip
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for k, peaks in enumerate(find_peaks(maps, PAPER, 8)):
        top = large[..., k] == cv2.dilate(large[..., k], cross)
        want = np.argwhere(top & (large[..., k] > 0.1))[:, ::-1]
        np.testing.assert_array_equal(peaks, want)


def test_find_peaks_keeps_the_highest_of_too_many() -> None:
    maps = np.random.default_rng(0).random((200, 200, 1), np.float32)
    assert len(find_peaks(maps, TF_POSE, 1)[0]) <= 96


@pytest.mark.parametrize("optimal", [False, True])
def test_parse_people_two_rows_are_two_people(optimal) -> None:
    found = parse_people(*rows(1.0, 0.7), CHAIN, TF_POSE, 4, optimal=optimal)
    assert in_cells(found)[..., 0].tolist() == [[8, 22, 36, 50]] * 2
    assert sorted(in_cells(found)[:, 0, 1].tolist()) == [10, 30]
    # Confidences, and three limbs of 1.
    np.testing.assert_allclose(np.sort(found.scores), [0.7 + 0.75, 1 + 0.75], atol=1e-5)


@pytest.mark.parametrize("part", [0.3, 0.04, -1.0])
def test_parse_people_limb_needs_the_field_along_all_of_it(part) -> None:
    maps, fields = rows(1.0)
    fields[..., 2] *= part  # of the limb in the middle
    found = parse_people(maps, fields, CHAIN, TF_POSE, 4)
    assert len(found.scores) == (part == 0.3)


def test_parse_people_field_across_a_limb_joins_nothing() -> None:
    maps, fields = rows(1.0)
    fields = fields[..., [1, 0, 3, 2, 5, 4]]
    assert len(parse_people(maps, fields, CHAIN, TF_POSE, 4).scores) == 0


def test_parse_people_parts_that_meet_become_one_person() -> None:
    maps, fields = rows(1.0)
    apart = Limbs(np.array([[0, 1], [2, 3], [1, 2]]), np.array([0, 4, 2]), 0)
    found = parse_people(maps, fields, apart, TF_POSE, 4)
    assert in_cells(found)[:, :, 0].tolist() == [[8, 22, 36, 50]]


def test_parse_people_joining_limb_begins_no_person() -> None:
    maps, fields = rows(1.0)
    joining = Limbs(CHAIN.pairs, CHAIN.channels, 3)
    assert len(parse_people(maps, fields, joining, TF_POSE, 4).scores) == 0


def test_parse_people_optimal_assignment_has_the_higher_total() -> None:
    """The best limb takes a keypoint away from both others, where it is chosen first."""
    scores = np.array([[0.9, 1.0], [-np.inf, 0.9]])
    assert best_first(scores) == [(0, 1, 1.0)]
    assert best_total(scores) == [(0, 0, 0.9), (1, 1, 0.9)]
