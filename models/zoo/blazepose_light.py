"""The light landmark network: the encoder of the released one at half its side, read by places.

    image ─ stem ─ stages of inverted residuals ─ bottom ─────────── tail ─┬─ points, visibility,
                    │      │      │                 │                      │  presence, world, score
                    └──────┴──────┴─── decoder ─────┘                      │
                                       │   ║                               │
                     heatmap, offsets ─┘   ╚════════ feature points ───────┘
                     (training only)

Encoder and decoder have the layout of `pose_landmark_full.tflite` (Apache-2.0), read off its
operators, at any side and with fewer blocks: its weights fit, and are what a short training begins
from (`models.pretrained`). In that file the regression sees the bottom alone. At half the side the
bottom has 4×4 cells, too few to say where a wrist is, so here the regression also reads the
decoder's largest map by feature points, as deep spatial autoencoders do (arXiv 1509.06113): a
softmax over all places of each of 64 maps, and the mean place under it. They learn from the
regression alone; the double line lets features through and no gradient, as in the paper of
BlazePose (arXiv 2006.10204).

There are no batch norms: the released file has them folded into its convolutions. To measure them
anew at another side breaks what the weights know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

from blazetrack.errors import InputError
from models.zoo.blocks import check_levels, check_sizes
from models.zoo.heads import FEATURES, dense_heads, fold_heads, map_heads

__all__ = ["FEATURE_MAPS", "SIZES", "STAGES", "Stage", "blazepose_light", "deployed"]

NAME = "blazepose_light"
FEATURE_MAPS = "feature_maps"  # the layer whose maps become places
STEM, SEEN, TAIL = 24, 48, 96  # channels: of the stem, of the decoder, of the tail
MAPS = 64


class Stage(NamedTuple):
    """Inverted residuals (arXiv 1801.04381) of one width.

    Attributes:
        channels: of its output.
        kernel: side of the first block's depthwise convolution.
        stride: of the first block.
        expand: channels inside the first block, per channel of its input.
        inner: sides of the depthwise convolutions of the blocks behind it; how many of those
            are built is an argument.
    """

    channels: int
    kernel: int
    stride: int
    expand: int
    inner: tuple[int, ...] = ()


STAGES = (
    Stage(16, 3, 1, 1),
    Stage(24, 3, 2, 4, (3,)),
    Stage(32, 5, 2, 6, (5,)),
    Stage(64, 3, 2, 6, (3, 3)),
    Stage(88, 5, 1, 6, (5, 5)),
    Stage(144, 5, 2, 6, (5, 5, 5)),
)
EXPAND = 6  # of the blocks behind a stage's first, and of the bottom
TAPS = (1, 2, 4)  # stages whose output the decoder sees
FULL_DEPTH = tuple(len(one.inner) for one in STAGES)

SIZES: Mapping[str, Mapping[str, Any]] = {"lite": {"side": 128}, "full": {"side": 256}}


def blazepose_light(
    side: int = 128, keypoints: int = 33, depth: Sequence[int] = FULL_DEPTH
) -> keras.Model:
    """The network as it is trained.

    Args:
        side: of the input in pixels, a multiple of 32.
        keypoints: K.
        depth: blocks of each stage behind its first one.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → the outputs of `blazepose.blazepose`.

    Raises:
        InputError: a number is wrong, or more blocks are asked for than the layout has.
    """
    check_levels(NAME, len(STAGES), depth=depth)
    check_sizes(NAME, side, 32, depth=depth, keypoints=keypoints)
    if any(count > most for count, most in zip(depth, FULL_DEPTH, strict=True)):
        raise InputError(f"{NAME}: depth: expected up to {FULL_DEPTH}, got {depth}")
    image = keras.Input((side, side, 3), name="image")
    x = _relu6(_conv(layers.ZeroPadding2D(1)(image), "stem", STEM, 3, 2))
    seen = []
    for number, (one, blocks) in enumerate(zip(STAGES, depth, strict=True)):
        x = _inverted(x, f"stage{number}_0", one.channels, one.kernel, one.stride, one.expand)
        for place, kernel in enumerate(one.inner[:blocks], start=1):
            x = _inverted(x, f"stage{number}_{place}", one.channels, kernel, 1, EXPAND)
        if number in TAPS:
            seen.append(x)
    bottom = _relu6(_conv(x, "bottom_expand", x.shape[-1] * EXPAND))
    bottom = _depthwise(bottom, "bottom_depthwise", 3)
    decoded = _decoder(bottom, seen)
    features = layers.Concatenate(name=FEATURES)([_places(decoded), _tail(bottom)])
    heads = dense_heads(features, keypoints) | map_heads(decoded, keypoints)
    return keras.Model(image, heads, name=NAME)


def deployed(network: keras.Model) -> keras.Model:
    """As `heads.fold_heads`."""
    return fold_heads(network, NAME)


def _relu6(x: Any) -> Any:
    return layers.ReLU(6.0)(x)


def _conv(x: Any, name: str, channels: int, size: int = 1, stride: int = 1) -> Any:
    he = keras.initializers.HeNormal()
    return layers.Conv2D(channels, size, stride, padding="valid", kernel_initializer=he, name=name)(
        x
    )


def _depthwise(x: Any, name: str, size: int, stride: int = 1, padding: str = "same") -> Any:
    he = keras.initializers.RandomNormal(stddev=2**0.5 / size)  # of the inputs of one channel
    conv = layers.DepthwiseConv2D(
        size, stride, padding=padding, depthwise_initializer=he, name=name
    )
    return _relu6(conv(x))


def _inverted(x: Any, name: str, channels: int, kernel: int, stride: int, expand: int) -> Any:
    y = x
    if expand > 1:
        y = _relu6(_conv(y, f"{name}_expand", x.shape[-1] * expand))
    if stride > 1:
        y = _depthwise(
            layers.ZeroPadding2D(kernel // 2)(y), f"{name}_depthwise", kernel, 2, "valid"
        )
    else:
        y = _depthwise(y, f"{name}_depthwise", kernel)
    y = _conv(y, f"{name}_project", channels)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _separable(x: Any, name: str, channels: int, stride: int = 1) -> Any:
    return _conv(_depthwise(x, f"{name}_depthwise", 3, stride), f"{name}_project", channels)


def _decoder(bottom: Any, seen: Sequence[Any]) -> Any:
    """The map of 1/4 of the side."""
    x = _relu6(_separable(bottom, "decoder_bottom", SEEN))
    for number, skip in zip(TAPS[::-1], seen[::-1], strict=True):
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        x = layers.Add()([x, _relu6(_separable(skip, f"decoder{number}", SEEN))])
    return x


def _places(decoded: Any) -> Any:
    """Where each feature map is high: x and y in parts of the side from the middle."""
    cells = decoded.shape[1]
    maps = layers.Conv2D(MAPS, 1, name=FEATURE_MAPS)(ops.stop_gradient(decoded))
    maps = layers.Permute((2, 1))(layers.Reshape((cells * cells, MAPS))(maps))
    middles = (np.arange(cells) + 0.5) / cells - 0.5
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2).astype(np.float32)
    places = ops.matmul(layers.Softmax(dtype="float32")(maps), ops.convert_to_tensor(grid))
    return layers.Flatten()(places)


def _tail(bottom: Any) -> Any:
    """What the bottom says of the whole: visibility, depth, whether anybody is there."""
    x = _relu6(_separable(bottom, "tail_in", TAIL))
    for part, cells in enumerate((4, 2)):
        x = _reduce(x, f"tail{part}_0", cells)
        x = _relu6(layers.Add()([x, _separable(x, f"tail{part}_1", TAIL)]))
    return layers.Flatten()(x)


def _reduce(x: Any, name: str, cells: int) -> Any:
    """A residual to a map of so many cells a side, with a maximum as the way round."""
    stride = max(1, x.shape[1] // cells)
    y = _separable(x, name, TAIL, stride)
    if stride > 1:
        x = layers.MaxPooling2D(stride)(x)
    return _relu6(layers.Add()([x, y]))
