"""Masks as run lengths: inverse of each other, and the text of pycocotools."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from blazetrack.errors import InputError
from blazetrack.mask_rle import decode_mask, encode_mask

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.booleans())


@given(MASKS)
def test_decode_mask_inverts_encode_mask(mask: np.ndarray) -> None:
    assert (decode_mask(encode_mask(mask)) == mask).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools
@given(MASKS)
def test_encode_mask_equals_pycocotools(mask: np.ndarray) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    rle = encode_mask(mask)
    assert rle["counts"] == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    assert (coco.decode(rle) == mask).all()


def test_encode_mask_long_runs_equal_pycocotools() -> None:
    coco = pytest.importorskip("pycocotools.mask")
    mask = np.zeros((900, 700), bool)
    mask[100:800, 50:60] = mask[:, 300:500] = True
    want = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert encode_mask(mask) == {"size": [900, 700], "counts": want["counts"].decode()}
    assert (decode_mask(encode_mask(mask)) == mask).all()


def test_decode_mask_incomplete_text_is_refused() -> None:
    rle = encode_mask(np.eye(9, dtype=bool))
    with pytest.raises(InputError, match="expected runs of 81 pixels"):
        decode_mask({**rle, "counts": rle["counts"][:-3]})
