"""The detector (BlazeFace, arXiv 1907.05047), with the alignment points of BlazePose in its boxes.

Blaze blocks down to 1/16 of the side; two anchors per cell at 1/8 of the side, six at 1/16. Where
a face says much about the person around it, its place is known best on the fine map and the person
on the coarse one, so the coarse map is added to the fine one before the heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from blazetrack.errors import InputError, ModelError
from blazetrack.model_info import Anchors
from models.zoo.layers import blaze_block, check_levels, check_sizes, conv, says

__all__ = ["ANCHORS", "SIZES", "anchor_heads", "blazeface", "deployed"]

NAME = "blazeface"
ANCHORS = Anchors(strides=(8, 16, 16, 16), per_map=2)

SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {},  # the defaults
    "full": {"side": 192, "width": (32, 64, 128, 192), "depth": (1, 3, 7, 7)},
}


def blazeface(
    side: int = 128,
    points: int = 3,
    width: Sequence[int] = (32, 48, 96, 128),
    depth: Sequence[int] = (0, 3, 6, 6),
    kernel: int = 5,
) -> keras.Model:
    """The network, as it is trained and as it is exported.

    Args:
        side: of the input in pixels, a multiple of 16.
        points: P, besides the box: mid-hip, the point on the person's circle, mid-shoulder.
        width: channels of the maps of 1/2, 1/4, 1/8 and 1/16 of the side.
        depth: blocks on each of them, besides the one that halves the map.
        kernel: side of the depthwise convolutions.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `boxes` `(B, A, 4 + 2P)`, rows as
        `blazetrack.heads.ssd` decodes them; `scores` `(B, A, 1)` logits. Rows are in the order
        of `anchor_centers(ANCHORS, (side, side))`; at 128 pixels A is 896.
    """
    check_levels(NAME, 4, width=width, depth=depth)
    check_sizes(NAME, side, 16, points=points, kernel=kernel, width=width, depth=depth)
    image = keras.Input((side, side, 3), name="image")
    x, maps = conv(image, width[0], 5, 2), []
    for level, (channels, blocks) in enumerate(zip(width, depth, strict=True)):
        if level:
            x = blaze_block(x, channels, 2, kernel)
        for _ in range(blocks):
            x = blaze_block(x, channels, 1, kernel)
        maps.append(x)
    *_, fine, coarse = maps
    down = layers.UpSampling2D(interpolation="bilinear")(conv(coarse, width[-2], relu=False))
    fine = layers.ReLU()(layers.Add()([fine, down]))
    return keras.Model(image, anchor_heads(NAME, fine, coarse, side, points), name=NAME)


def deployed(network: keras.Model) -> keras.Model:
    """The network as it is exported: itself; `ModelError` if it is no such network."""
    if says(network) != {"boxes", "scores"}:
        got = ", ".join(sorted(says(network))) or "one output"
        raise ModelError(f"deployed: expected a network of {network.name}, got one of {got}")
    return network


def anchor_heads(who: str, fine: Any, coarse: Any, side: int, points: int) -> dict[str, Any]:
    """Rows of both maps, of 1/8 and 1/16 of the side: by map, y, x, anchor."""
    if points < 2:
        raise InputError(f"{who}: points: expected mid-hip, circle and any more, got {points}")
    values = 4 + 2 * points
    # Rows are in pixels, far from what fresh weights say: a head's 1 is a quarter of the side.
    pixels = layers.Rescaling(side / 4, dtype="float32")
    # Most anchors hold nobody: untrained ones say 1 % (focal loss, arXiv 1708.02002, section 4.1).
    rare = keras.initializers.Constant(-4.6)
    boxes, scores = [], []
    for x, maps in ((fine, 1), (coarse, 3)):
        anchors = maps * ANCHORS.per_map
        cells = x.shape[1] * x.shape[2]
        box = layers.Conv2D(anchors * values, 1, dtype="float32")(x)
        score = layers.Conv2D(anchors, 1, bias_initializer=rare, dtype="float32")(x)
        boxes.append(layers.Reshape((cells * anchors, values))(pixels(box)))
        scores.append(layers.Reshape((cells * anchors, 1))(score))
    return {
        "boxes": layers.Concatenate(axis=1, name="boxes")(boxes),
        "scores": layers.Concatenate(axis=1, name="scores")(scores),
    }
