"""Backbone of HRNet (arXiv 1902.09212): parallel branches of halving resolution, fused repeatedly.

    1/4  ─ bottlenecks ─┬─ blocks ─┬──┬─ blocks ─┬──┬─ blocks ─┬─
                        │          ╳  │          ╳  │          ╳
    1/8                 └─ blocks ─┴──┼─ blocks ─┼──┼─ blocks ─┼─
                                      │          ╳  │          ╳
    1/16                              └─ blocks ─┴──┼─ blocks ─┼─
                                                    │          ╳
    1/32                                            └─ blocks ─┴─

A cross is a fusion: each branch becomes the sum of all, brought to its size by strided 3×3
convolutions or by a 1×1 convolution and bilinear upsampling (nearest in the paper; XNNPACK has
bilinear only).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from models.zoo.backbones.resnet import basic_block, bottleneck_block
from models.zoo.layers import conv_bn

__all__ = ["hrnet_backbone"]


def hrnet_backbone(
    image: Any,
    stem: tuple[int, int],
    first: tuple[int, int],
    width: int,
    modules: Sequence[int],
    blocks: int,
) -> tuple[Any, Any]:
    """The finest map, of 1/4 of the side, and the coarsest one before the last fusion.

    Args:
        image: `(B, h, w, 3)`.
        stem: channels of the two strided convolutions.
        first: channels and number of the first stage's bottlenecks.
        width: channels of the finest branch; each coarser one has twice as many.
        modules: of each further stage, the number of fusions; a stage adds a branch.
        blocks: basic blocks of each branch before a fusion.
    """
    x = conv_bn(conv_bn(image, stem[0], 3, 2), stem[1], 3, 2)
    channels, count = first
    for _ in range(count):
        x = bottleneck_block(x, channels)
    branches, coarsest = [x], x
    for stage, fusions in enumerate(modules):
        branches = _with_branch(branches, width)
        for number in range(fusions):
            last = stage + 1 == len(modules) and number + 1 == fusions
            branches = [_blocks(one, width << level, blocks) for level, one in enumerate(branches)]
            coarsest = branches[-1]
            targets = 1 if last else len(branches)
            branches = [_fused(branches, level, width) for level in range(targets)]
    return branches[0], coarsest


def _with_branch(branches: Sequence[Any], width: int) -> list[Any]:
    """The branches in their channels, and one more of half the last one's size."""
    kept = [
        one if one.shape[-1] == width << level else conv_bn(one, width << level, 3)
        for level, one in enumerate(branches)
    ]
    return [*kept, conv_bn(branches[-1], width << len(branches), 3, 2)]


def _blocks(x: Any, channels: int, count: int) -> Any:
    for _ in range(count):
        x = basic_block(x, channels)
    return x


def _fused(branches: Sequence[Any], level: int, width: int) -> Any:
    """The sum of all branches in the size of branch `level`."""
    channels = width << level
    parts = []
    for other, x in enumerate(branches):
        for step in range(other, level):
            last = step + 1 == level
            x = conv_bn(x, channels if last else x.shape[-1], 3, 2, relu=not last)
        if other > level:
            x = conv_bn(x, channels, relu=False)
            x = layers.UpSampling2D(2 ** (other - level), interpolation="bilinear")(x)
        parts.append(x)
    return layers.ReLU()(layers.Add()(parts))
