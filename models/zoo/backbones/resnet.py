"""ResNet (He et al., CVPR 2016, arXiv 1512.03385) and its residual blocks.

    image ─ 7×7, stride 2 ─ max pooling, stride 2 ─ stage 1 ─ stage 2 ─ stage 3 ─ stage 4
                                                      1/4       1/8       1/16      1/32

The stride of a bottleneck is in its 3×3 convolution, as in torchvision's files, from which the
networks of the papers begin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from keras import layers

from blazetrack.errors import InputError, did_you_mean
from models.zoo.layers import check_levels, check_sizes, conv_bn, deconv_bn, image_input

__all__ = [
    "RESIDUALS",
    "basic_block",
    "bottleneck_block",
    "get_residual",
    "resnet",
    "resnet_and_deconvolutions",
]

EXPANSION = 4  # channels of a bottleneck's output, in those of its 3×3 convolution

Residual = Callable[..., Any]


def basic_block(x: Any, channels: int, stride: int = 1) -> Any:
    """Residual block of two 3×3 convolutions: `channels` in the output."""
    y = conv_bn(conv_bn(x, channels, 3, stride), channels, 3, relu=False)
    return layers.ReLU()(layers.Add()([_shortcut(x, channels, stride), y]))


def bottleneck_block(x: Any, channels: int, stride: int = 1) -> Any:
    """Residual block of 1×1, 3×3 and 1×1: four times `channels` in the output."""
    y = conv_bn(conv_bn(x, channels), channels, 3, stride)
    y = conv_bn(y, EXPANSION * channels, relu=False)
    return layers.ReLU()(layers.Add()([_shortcut(x, EXPANSION * channels, stride), y]))


RESIDUALS: Mapping[str, Residual] = {"basic": basic_block, "bottleneck": bottleneck_block}


def get_residual(network: str, kind: str) -> Residual:
    """The residual block with the name `kind`.

    Raises:
        InputError: there is none; the message has the nearest name.
    """
    if kind not in RESIDUALS:
        raise InputError(f"{network}: no block '{kind}'; {did_you_mean(kind, RESIDUALS)}")
    return RESIDUALS[kind]


def resnet(
    image: Any, stem: int, width: Sequence[int], depth: Sequence[int], block: Residual
) -> Any:
    """The last map, of 1/32 of the side with four stages.

    Args:
        image: `(B, h, w, 3)`.
        stem: channels of the first convolution.
        width: channels of each stage, as its blocks take them.
        depth: blocks of each stage, 1 or more.
        block: of `RESIDUALS`.
    """
    x = layers.MaxPooling2D(3, 2, padding="same")(conv_bn(image, stem, 7, 2))
    for stage, (channels, blocks) in enumerate(zip(width, depth, strict=True)):
        for number in range(blocks):
            x = block(x, channels, 2 if stage and not number else 1)
    return x


def resnet_and_deconvolutions(
    network: str,
    side: int | Sequence[int],
    keypoints: int,
    stem: int,
    width: Sequence[int],
    depth: Sequence[int],
    block: str,
    deconvolutions: Sequence[int],
) -> tuple[Any, Any, Any]:
    """Input, last map of the transposed convolutions, last map of a ResNet of four stages.

    Args:
        network: its name, for messages.
        side: of the input in pixels, or height and width; multiples of 32.
        keypoints: K.
        stem: channels of the first convolution.
        width: channels of each stage, as its blocks take them.
        depth: blocks of each stage.
        block: a name in `RESIDUALS`.
        deconvolutions: channels of each transposed convolution of 4×4 and stride 2.

    Raises:
        InputError: a number is wrong, or there is no such block.
    """
    residual = get_residual(network, block)
    check_levels(network, 4, width=width, depth=depth)
    counts = {"stem": stem, "width": width, "blocks": depth, "deconvolutions": deconvolutions}
    check_sizes(network, 32, 32, keypoints=keypoints, **counts)
    image = image_input(network, side, 32)
    x = last = resnet(image, stem, width, depth, residual)
    for channels in deconvolutions:
        x = deconv_bn(x, channels)
    return image, x, last


def _shortcut(x: Any, channels: int, stride: int) -> Any:
    if stride == 1 and x.shape[-1] == channels:
        return x
    return conv_bn(x, channels, 1, stride, relu=False)
