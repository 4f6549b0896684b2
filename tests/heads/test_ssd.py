from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.heads.ssd import decode_boxes, encode_boxes

HW = (160, 320)  # not square, so that x and y cannot be mixed up unseen


def test_a_row_is_read_as_offsets_from_its_anchor_in_pixels() -> None:
    raw = np.array([[32, 16, 64, 80, 0, 0, -32, 16]], np.float32)
    centers = np.array([[0.5, 0.5]], np.float32)
    boxes, keypoints = decode_boxes(raw, centers, HW)
    np.testing.assert_allclose(boxes, [[0.5, 0.35, 0.7, 0.85]], rtol=1e-6)
    np.testing.assert_allclose(keypoints, [[[0.5, 0.5], [0.4, 0.6]]], rtol=1e-6)
    assert (boxes.dtype, keypoints.dtype) == (np.float32, np.float32)


def test_no_rows_are_no_boxes() -> None:
    boxes, keypoints = decode_boxes(np.zeros((0, 12), np.float32), np.zeros((0, 2), np.float32), HW)
    assert (boxes.shape, keypoints.shape) == ((0, 4), (0, 4, 2))


pixels = st.floats(-400, 400, width=32)
rows = st.lists(st.tuples(*[pixels] * 8), min_size=1, max_size=6)


@given(rows, st.integers(0, 2**32 - 1))
def test_encoding_undoes_decoding(values: list[tuple[float, ...]], seed: int) -> None:
    raw = np.array(values, np.float32)
    centers = np.random.default_rng(seed).random((len(raw), 2), np.float32)
    again = encode_boxes(*decode_boxes(raw, centers, HW), centers, HW)
    np.testing.assert_allclose(again, raw, atol=1e-3)


@given(st.integers(0, 2**32 - 1))
def test_decoding_undoes_encoding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = np.sort(rng.random((5, 2, 2), np.float32), axis=1)
    boxes, keypoints = corners.reshape(5, 4), rng.random((5, 4, 2), np.float32)
    centers = rng.random((5, 2), np.float32)
    again = decode_boxes(encode_boxes(boxes, keypoints, centers, HW), centers, HW)
    np.testing.assert_allclose(again[0], boxes, atol=1e-6)
    np.testing.assert_allclose(again[1], keypoints, atol=1e-6)
