"""Segmentation masks on an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blazetrack.render.text import Color, Image

__all__ = ["tint_masks"]

_STRENGTH = 0.45  # share of the colour where the mask is certain


def tint_masks(canvas: Image, masks: NDArray[np.float32], colors: Sequence[Color]) -> None:
    """Blend a colour over each person's mask, by its probability.

    Args:
        canvas: `(H, W, 3)` uint8 RGB, modified.
        masks: `(N, H, W)` float32 in 0..1, in the size of the canvas.
        colors: N colours.
    """
    for mask, color in zip(masks, colors, strict=True):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not rows.size:
            continue
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        share = (_STRENGTH * mask[part])[..., None]
        blend = canvas[part] * (1 - share) + share * np.array(color, np.float32)
        canvas[part] = np.rint(blend).astype(np.uint8)
