"""Masks as run lengths: the compressed RLE of COCO, as pycocotools reads and writes it.

Runs go down the columns and begin with the zeros (which may be none). Each length, from the third
on as the difference to the one before the last, is written in groups of 5 bits, the lowest first,
as characters from `0` on; the sixth bit marks that more follow (cocoapi, common/maskApi.c,
`rleToString`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError

__all__ = ["decode_mask", "encode_mask"]

_BITS, _MORE, _SIGN, _ZERO = 5, 0x20, 0x10, 48


def encode_mask(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """The RLE of a mask.

    Args:
        mask: `(H, W)` bool.

    Returns:
        `size`: [H, W]; `counts`: ASCII text.
    """
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], edges, [flat.size]])
    runs = np.diff(starts)
    if flat.size and flat[0]:
        runs = np.concatenate([[0], runs])
    differences = runs.copy()
    differences[3:] -= runs[1:-2]
    counts = "".join(map(_write, differences.tolist()))
    return {"size": [int(side) for side in mask.shape], "counts": counts}


def decode_mask(rle: dict[str, Any]) -> NDArray[np.bool_]:
    """The mask of an RLE, as `encode_mask` and pycocotools write it.

    Returns:
        `(H, W)` bool.

    Raises:
        InputError: the runs do not fill the size.
    """
    height, width = rle["size"]
    runs = _read(rle["counts"])
    for index in range(3, len(runs)):
        runs[index] += runs[index - 2]
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise InputError(
            f"mask: expected runs of {height * width} pixels in all, got {sum(runs)}; is the text "
            "complete?"
        )
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape((height, width), order="F")


def _write(number: int) -> str:
    """A number in groups of 5 bits, in two's complement."""
    text = ""
    while True:
        group = number & (_MORE - 1)
        number >>= _BITS
        if number == (-1 if group & _SIGN else 0):
            return text + chr(group + _ZERO)
        text += chr((group | _MORE) + _ZERO)


def _read(text: str) -> list[int]:
    numbers, number, shift = [], 0, 0
    for code in (ord(character) - _ZERO for character in text):
        number |= (code & (_MORE - 1)) << shift
        shift += _BITS
        if not code & _MORE:
            numbers.append(number - (1 << shift) if code & _SIGN else number)
            number, shift = 0, 0
    return numbers
