"""The light landmark network: the released one, smaller and with fewer channels, read by places.

    image ─ stem ─ stages of inverted residuals ─ bottom ─────────── tail ─┬─ points, visibility,
                    │      │      │                 │                      │  presence, world, score
                    └──────┴──────┴─── decoder ─────┘                      │
                                       │   ║                               │
                     heatmap, offsets ─┘   ╚════════ feature points ───────┘
                     (training only)

Encoder and decoder are those of the released file (`encoder.py`). There the regression sees the
bottom alone. At a smaller side that has too few cells to say where a wrist is, so here the
regression also reads the decoder's largest map by feature points, as deep spatial autoencoders do
(arXiv 1509.06113): a softmax over all places of each of some maps, and the mean place under it.
They learn from the regression alone; the double line lets features through and no gradient, as in
the paper of BlazePose (arXiv 2006.10204).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from models.zoo.backbones.efficientnet_lite import (
    EXPAND,
    Stage,
    conv,
    depthwise,
    encoder,
    full_depth,
    relu6,
    separable,
    widened,
)
from models.zoo.heads.blazepose import FEATURES, dense_heads, fold_heads, map_heads
from models.zoo.layers import check_levels, check_sizes

__all__ = ["FEATURE_MAPS", "SIZES", "TAPS", "blazepose_lite", "deployed"]

NAME = "blazepose_lite"
FEATURE_MAPS = "feature_maps"  # the layer whose maps become places
SEEN, TAIL = 48, 96  # channels: of the decoder, of the tail
STAGES = (
    Stage(16, 3, 1, 1),
    Stage(24, 3, 2, 4, (3,)),
    Stage(32, 5, 2, 6, (5,)),
    Stage(64, 3, 2, 6, (3, 3)),
    Stage(88, 5, 1, 6, (5, 5)),
    Stage(144, 5, 2, 6, (5, 5, 5)),
)
TAPS = (1, 2, 4)  # stages whose output the decoder sees

SIZES: Mapping[str, Mapping[str, Any]] = {
    "lite": {"keep": (0.67, 0.5, 0.4, 0.4, 0.4, 0.4)},
    "full": {"side": 256},
}


def blazepose_lite(
    side: int = 192,
    keypoints: int = 33,
    depth: Sequence[int] = full_depth(STAGES),
    keep: Sequence[float] | None = None,
    places: int = 36,
) -> keras.Model:
    """The network as it is trained.

    Args:
        side: of the input in pixels, a multiple of 32.
        keypoints: K.
        depth: blocks of each stage behind its first one.
        keep: of each stage, the part of the channels inside its blocks that is built (the first
            counts for the stem, the last for the bottom too); None is all.
        places: how many feature points.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → the outputs of `blazepose.blazepose`.

    Raises:
        InputError: a number is wrong, or more blocks are asked for than the layout has.
    """
    check_levels(NAME, len(STAGES), depth=depth)
    check_sizes(NAME, side, 32, depth=depth, keypoints=keypoints, places=places)
    image = keras.Input((side, side, 3), name="image")
    maps = encoder(image, NAME, STAGES, depth, keep)
    inside = EXPAND if keep is None else EXPAND * keep[-1]
    bottom = relu6(conv(maps[-1], "bottom_expand", widened(STAGES[-1].channels, inside)))
    bottom = depthwise(bottom, "bottom_depthwise", 3)
    decoded = _decoder(bottom, maps)
    features = layers.Concatenate(name=FEATURES)([_places(decoded, places), _tail(bottom)])
    heads = dense_heads(features, keypoints) | map_heads(decoded, keypoints)
    return keras.Model(image, heads, name=NAME)


def deployed(network: keras.Model) -> keras.Model:
    """As `heads.fold_heads`."""
    return fold_heads(network, NAME)


def _decoder(bottom: Any, maps: Sequence[Any]) -> Any:
    """The map of 1/4 of the side."""
    x = relu6(separable(bottom, "decoder_bottom", SEEN))
    for number in TAPS[::-1]:
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        skip = relu6(separable(maps[number], f"decoder{number}", SEEN))
        x = layers.Add()([x, skip])
    return x


def _places(decoded: Any, count: int) -> Any:
    """Where each feature map is high: x and y in parts of the side from the middle."""
    cells = decoded.shape[1]
    maps = layers.Conv2D(count, 1, name=FEATURE_MAPS)(ops.stop_gradient(decoded))
    maps = layers.Permute((2, 1))(layers.Reshape((cells * cells, count))(maps))
    middles = (np.arange(cells) + 0.5) / cells - 0.5
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2).astype(np.float32)
    places = ops.matmul(layers.Softmax(dtype="float32")(maps), ops.convert_to_tensor(grid))
    return layers.Flatten()(places)


def _tail(bottom: Any) -> Any:
    """What the bottom says of the whole: visibility, depth, whether anybody is there."""
    x = relu6(separable(bottom, "tail_in", TAIL))
    for part, stride in enumerate((1, 2)):
        x = _reduced(x, f"tail{part}_0", stride)
        x = relu6(layers.Add()([x, separable(x, f"tail{part}_1", TAIL)]))
    return layers.Flatten()(x)


def _reduced(x: Any, name: str, stride: int) -> Any:
    """A residual; where the map becomes smaller, with a maximum as the way round."""
    y = separable(x, name, TAIL, stride)
    if stride > 1:
        x = layers.MaxPooling2D(stride, padding="same")(x)
    return relu6(layers.Add()([x, y]))
