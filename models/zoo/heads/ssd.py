"""Layers of the ssd head: boxes and scores, one row per anchor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from blazetrack.errors import InputError

__all__ = ["anchor_rows", "check_points", "ssd_layers", "ssd_outputs"]

# Logit of 1 %, the score of untrained anchors: most hold no person (focal loss, arXiv 1708.02002,
# section 4.1).
PRIOR = -4.6


def check_points(network: str, points: int) -> None:
    """Require the points that alignment needs: mid-hip and the point on the circle."""
    if points < 2:
        raise InputError(f"{network}: points: expected mid-hip, circle and any more, got {points}")


def ssd_layers(maps: Sequence[tuple[Any, int]], side: int, points: int) -> dict[str, Any]:
    """Boxes and scores by one 1×1 convolution each per map.

    Args:
        maps: `(B, h, w, c)` and the anchors per cell, the finest map first.
        side: of the input in pixels.
        points: P, per box.
    """
    values = 4 + 2 * points
    # Rows are in pixels, fresh outputs near 1: scaled by a quarter of the side.
    pixels = layers.Rescaling(side / 4, dtype="float32")
    prior = keras.initializers.Constant(PRIOR)
    boxes, scores = [], []
    for x, anchors in maps:
        box = layers.Conv2D(anchors * values, 1, dtype="float32")(x)
        score = layers.Conv2D(anchors, 1, bias_initializer=prior, dtype="float32")(x)
        boxes.append(anchor_rows(pixels(box), anchors))
        scores.append(anchor_rows(score, anchors))
    return ssd_outputs(boxes, scores)


def anchor_rows(x: Any, anchors: int = 1) -> Any:
    """`(B, h, w, anchors · V)` → `(B, h · w · anchors, V)`: rows by y, x, anchor."""
    _, height, width, values = x.shape
    return layers.Reshape((height * width * anchors, values // anchors))(x)


def ssd_outputs(boxes: Sequence[Any], scores: Sequence[Any]) -> dict[str, Any]:
    """The outputs `boxes` `(B, A, 4 + 2P)` and `scores` `(B, A, 1)` from the rows of each map."""
    return {
        "boxes": layers.Concatenate(axis=1, name="boxes")(boxes),
        "scores": layers.Concatenate(axis=1, name="scores")(scores),
    }
