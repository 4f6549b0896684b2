"""Small BlazePose: the released network with fewer channels and a spatial soft-argmax.

    image ─ stem ─ stages of inverted residuals ─ bottom ─────────── tail ─┬─ points, visibility,
                    │      │      │                 │                      │  presence, world, score
                    └──────┴──────┴─── decoder ─────┘                      │
                                       │   ║                               │
                     heatmap, offsets ─┘   ╚════════ feature points ───────┘
                     (training only)

Encoder and decoder are those of the released file (`backbones/efficientnet_lite.py`). There the
input of the regression is the bottom alone, which at a smaller side has too few cells to locate a
wrist. Here it also has feature points of the decoder's largest map, as in deep spatial autoencoders
(arXiv 1509.06113): the mean position under a softmax over all cells of each feature map. Only the
regression trains them; the double line passes features and stops the gradient, as in the paper of
BlazePose (arXiv 2006.10204).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from models.zoo.backbones.efficientnet_lite import Stage, encoder, full_depth
from models.zoo.heads.blazepose import FEATURES, blazepose_layers
from models.zoo.layers import check_sizes, relu6, separable

__all__ = ["FEATURE_MAPS", "SIZES", "STAGES", "TAPS", "blazepose_lite"]

NAME = "blazepose_lite"
FEATURE_MAPS = "feature_maps"  # name of the layer before the softmax
DECODER, TAIL = 48, 96  # channels
STAGES = (
    Stage(16, 3, 1, 1),
    Stage(24, 3, 2, 4, (3,)),
    Stage(32, 5, 2, 6, (5,)),
    Stage(64, 3, 2, 6, (3, 3)),
    Stage(88, 5, 1, 6, (5, 5)),
    Stage(144, 5, 2, 6, (5, 5, 5)),
)
TAPS = (1, 2, 4)  # stages whose output is an input of the decoder

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
    """The network for training.

    Args:
        side: of the input in pixels, a multiple of 32.
        keypoints: K.
        depth: blocks of each stage after its first.
        keep: of each stage, the share of the channels inside its blocks that is built (the first
            is also that of the stem, the last that of the bottom); None is all.
        places: number of feature points.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → the outputs of `blazepose.blazepose`.

    Raises:
        InputError: a number is wrong, or `depth` exceeds the layout.
    """
    check_sizes(NAME, side, 32, depth=depth, keypoints=keypoints, places=places)
    image = keras.Input((side, side, 3), name="image")
    maps, bottom = encoder(image, NAME, STAGES, depth, keep, "bottom")
    decoded = _decoder(bottom, maps)
    features = layers.Concatenate(name=FEATURES)([_soft_argmax(decoded, places), _tail(bottom)])
    return keras.Model(image, blazepose_layers(features, decoded, keypoints), name=NAME)


def _decoder(bottom: Any, maps: Sequence[Any]) -> Any:
    """The map of 1/4 of the side."""
    x = relu6(separable(bottom, "decoder_bottom", DECODER))
    for number in TAPS[::-1]:
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        skip = relu6(separable(maps[number], f"decoder{number}", DECODER))
        x = layers.Add()([x, skip])
    return x


def _soft_argmax(decoded: Any, count: int) -> Any:
    """Mean x y of each feature map, in parts of the side from the centre."""
    cells = decoded.shape[1]
    maps = layers.Conv2D(count, 1, name=FEATURE_MAPS)(ops.stop_gradient(decoded))
    maps = layers.Permute((2, 1))(layers.Reshape((cells * cells, count))(maps))
    centers = (np.arange(cells) + 0.5) / cells - 0.5
    grid = np.stack(np.meshgrid(centers, centers), axis=-1).reshape(-1, 2).astype(np.float32)
    means = ops.matmul(layers.Softmax(dtype="float32")(maps), ops.convert_to_tensor(grid))
    return layers.Flatten()(means)


def _tail(bottom: Any) -> Any:
    """Features of the whole crop, from the bottom: for visibility, depth and score."""
    x = relu6(separable(bottom, "tail_in", TAIL))
    for part, stride in enumerate((1, 2)):
        x = _reduced(x, f"tail{part}_0", stride)
        x = relu6(layers.Add()([x, separable(x, f"tail{part}_1", TAIL)]))
    return layers.Flatten()(x)


def _reduced(x: Any, name: str, stride: int) -> Any:
    """Residual block; max pooling is the shortcut where the map is reduced."""
    y = separable(x, name, TAIL, stride)
    if stride > 1:
        x = layers.MaxPooling2D(stride, padding="same")(x)
    return relu6(layers.Add()([x, y]))
