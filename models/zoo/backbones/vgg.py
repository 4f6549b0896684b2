"""First ten layers of VGG-19 (arXiv 1409.1556), reduced to 128 channels by OpenPose.

OpenPose, models/pose/coco/pose_deploy_linevec.prototxt; `separable` is the variant `dsconv` of
tf-pose-estimation, in which strides replace the poolings.
"""

from __future__ import annotations

from typing import Any

from keras import layers

from models.zoo.layers import conv_bn

__all__ = ["separable_vgg", "vgg"]

# Channels of the convolutions before each pooling; the last two are OpenPose's own.
BLOCKS = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 256, 128))


def vgg(image: Any) -> Any:
    """`(B, side, side, 3)` → `(B, side / 8, side / 8, 128)`."""
    x = layers.Rescaling(1.0, -0.5)(image)  # of pixels 0..1
    for number, block in enumerate(BLOCKS, start=1):
        for index, channels in enumerate(block, start=1):
            name = f"conv{number}_{index}"
            x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
        if number < len(BLOCKS):
            x = layers.MaxPooling2D(2)(x)
    return x


def separable_vgg(image: Any) -> Any:
    """The same of separable convolutions with batch norms; the first one is dense."""
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(image)
    for number, block in enumerate(BLOCKS, start=1):
        for index, channels in enumerate(block, start=1):
            if (number, index) != (1, 1):
                last = index == len(block) and number < len(BLOCKS)
                x = separable_bn(x, channels, 3, 2 if last else 1)
    return x


def separable_bn(x: Any, channels: int, size: int = 3, stride: int = 1) -> Any:
    """Depthwise and 1×1 convolution with batch norm and ReLU between none of them."""
    if size > 1 or stride > 1:
        x = layers.DepthwiseConv2D(size, stride, padding="same", use_bias=False)(x)
    return conv_bn(x, channels)
