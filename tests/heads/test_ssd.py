"""Head `ssd`: rows at anchors and their inverse."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.heads.ssd import decode, decode_boxes, encode, encode_boxes
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.types import Detections

HW = (160, 320)  # not square, so that x and y cannot be mixed up unseen


def test_decode_boxes_reads_offsets_from_the_anchor_in_pixels() -> None:
    raw = np.array([[32, 16, 64, 80, 0, 0, -32, 16]], np.float32)
    centers = np.array([[0.5, 0.5]], np.float32)
    boxes, keypoints = decode_boxes(raw, centers, HW)
    np.testing.assert_allclose(boxes, [[0.5, 0.35, 0.7, 0.85]], rtol=1e-6)
    np.testing.assert_allclose(keypoints, [[[0.5, 0.5], [0.4, 0.6]]], rtol=1e-6)
    assert (boxes.dtype, keypoints.dtype) == (np.float32, np.float32)


def test_decode_boxes_no_rows_give_no_boxes() -> None:
    boxes, keypoints = decode_boxes(np.zeros((0, 12), np.float32), np.zeros((0, 2), np.float32), HW)
    assert (boxes.shape, keypoints.shape) == ((0, 4), (0, 4, 2))


pixels = st.floats(-400, 400, width=32)
rows = st.lists(st.tuples(*[pixels] * 8), min_size=1, max_size=6)


@given(rows, st.integers(0, 2**32 - 1))
def test_encode_boxes_undoes_decode_boxes(values: list[tuple[float, ...]], seed: int) -> None:
    raw = np.array(values, np.float32)
    centers = np.random.default_rng(seed).random((len(raw), 2), np.float32)
    again = encode_boxes(*decode_boxes(raw, centers, HW), centers, HW)
    np.testing.assert_allclose(again, raw, atol=1e-3)


@given(st.integers(0, 2**32 - 1))
def test_decode_boxes_undoes_encode_boxes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = np.sort(rng.random((5, 2, 2), np.float32), axis=1)
    boxes, keypoints = corners.reshape(5, 4), rng.random((5, 4, 2), np.float32)
    centers = rng.random((5, 2), np.float32)
    again = decode_boxes(encode_boxes(boxes, keypoints, centers, HW), centers, HW)
    np.testing.assert_allclose(again[0], boxes, atol=1e-6)
    np.testing.assert_allclose(again[1], keypoints, atol=1e-6)


@given(st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_decode_undoes_encode(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Centres in different quarters of the image, so that no two have the same anchor.
    quarter = np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75]])[:count, None]
    corners = np.array([[-1, -1], [1, 1]]) * rng.uniform(0.05, 0.3, (count, 2, 1)) / 2
    boxes = (quarter + corners + rng.uniform(-0.1, 0.1, (count, 1, 2))).reshape(count, 4)
    people = Detections(
        boxes.astype(np.float32),
        rng.random((count, 4, 2), np.float32),
        rng.uniform(0.6, 0.9, count).astype(np.float32),
        np.zeros(count, np.int64),
    )
    info = ModelInfo("d", "detector", HW, (0, 1), "zero", anchors=Anchors((16, 32)))
    found = decode(encode(people, info), info)
    order, back = people.boxes_unit[:, 0].argsort(), found.boxes_unit[:, 0].argsort()
    for name in ("boxes_unit", "keypoints_unit", "scores"):
        got, want = getattr(found, name)[back], getattr(people, name)[order]
        np.testing.assert_allclose(got, want, atol=1e-5)
