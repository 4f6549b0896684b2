"""Backbones of tf-pose-estimation's light networks: MobileNet V1 and V2 at an eighth of the side.

MobileNets: arXiv 1704.04861 and 1801.04381. The layers are those of tf-pose-estimation's
network_mobilenet_thin.py and network_mobilenet_v2.py.
"""

from __future__ import annotations

from typing import Any

from keras import layers

from models.zoo.backbones.vgg import separable_bn
from models.zoo.layers import conv_bn

__all__ = ["mobilenet_v1", "mobilenet_v2"]

# Channels and stride of the separable convolutions behind the first one.
V1 = ((64, 1), (128, 2), (128, 1), (256, 2), *[(256, 1)], *[(512, 1)] * 6)
# Channels, blocks and stride of the inverted residuals; those behind 96 channels are not read.
V2 = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1))


def mobilenet_v1(image: Any, width: float) -> Any:
    """Maps of layers 3, 7 and 11: `(B, side, side, 3)` → `(B, side / 8, side / 8, c)`.

    Args:
        image: pixels 0..1.
        width: channels per channel of the published network.
    """
    x = conv_bn(layers.Rescaling(2.0, -1.0)(image), _channels(32, width), 3, 2)
    maps = []
    for channels, stride in V1:
        x = separable_bn(x, _channels(channels, width), 3, stride)
        maps.append(x)
    return layers.Concatenate()([layers.MaxPooling2D(2)(maps[2]), maps[6], maps[10]])


def mobilenet_v2(image: Any, width: float) -> Any:
    """Maps of the last blocks of 32 and of 96 channels, the latter enlarged: as `mobilenet_v1`."""
    x = conv_bn(layers.Rescaling(2.0, -1.0)(image), _multiple(32 * width), 3, 2)
    maps = {}
    for channels, blocks, stride in V2:
        for number in range(blocks):
            expand = 1 if channels == 16 else 6
            x = _inverted(x, _multiple(channels * width), stride if number == 0 else 1, expand)
        maps[channels] = x
    return layers.Concatenate()([maps[32], layers.UpSampling2D(interpolation="bilinear")(maps[96])])


def _channels(channels: int, width: float) -> int:
    return max(int(channels * width), 8)


def _multiple(channels: float) -> int:
    """The nearest multiple of 8, not less than 90 % (MobileNet V2, `make_divisible`)."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


def _inverted(x: Any, channels: int, stride: int, expand: int) -> Any:
    y = conv_bn(x, x.shape[-1] * expand) if expand > 1 else x
    y = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(y)
    y = conv_bn(layers.ReLU()(layers.BatchNormalization()(y)), channels, relu=False)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y
