"""The later stages of DeepPose (CVPR 2014, arXiv 1312.4659): each joint again, from nearby.

    landmarks of the stage before ── a crop around joint k ── convolutions, 2 dense ─┬─ joint 0
                                                                                     ├─ …
                                     of K displacements row k is added to joint k ───┴─ joint K - 1

Stage 1 (`deeppose`) sees the whole person at 128 pixels; a crop of a third of that square in 48
pixels has more detail. One network serves all joints of a stage: it gives a displacement for each,
and the row of the joint that the crop is around is used (the paper's ψ_i). It is trained on crops
around joints displaced at random, by the distribution of the errors of the stage before: a normal
distribution with their mean and covariance per joint, or the errors themselves (`data.errors`). A
further stage is another run with the stages before it as `data.previous`.

The layers are those of AlexNet as far as 48 pixels carry them; size `alexnet` is the paper's, with
the layers of stage 1. In the paper the crop's side is a multiple of the torso's diameter; here it
is a part of the person's square, which is in proportion to the body as well.

Published, PCP@0.5 on LSP, mean of arms and legs: stage 2 raises 0.54 to 0.60 (table 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from models.zoo.backbones.alexnet import KERNELS, alexnet, check_alexnet
from models.zoo.heads.displacement import displacement_layers
from models.zoo.layers import check_dropout, check_sizes

__all__ = ["SIZES", "deeppose_refinement"]

NAME = "deeppose_refinement"

SIZES: Mapping[str, Mapping[str, Any]] = {
    "alexnet": {
        "side": 220,
        "width": (96, 256, 384, 384, 256),
        "dense": (4096, 4096),
        "kernels": KERNELS,
        "stride": 4,
        "dropout": 0.6,
    },
    "small": {},  # the defaults
}


def deeppose_refinement(
    side: int = 48,
    keypoints: int = 33,
    width: Sequence[int] = (16, 32, 64, 64, 64),
    dense: Sequence[int] = (256, 256),
    kernels: Sequence[int] = (5, 3, 3, 3, 3),
    stride: int = 2,
    dropout: float = 0.0,
) -> keras.Model:
    """The network; arguments as for `deeppose.deeppose`.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `displacements` `(B, 2K)`, from the crop's
        centre to each keypoint, x y in parts of the crop's side.

    Raises:
        InputError: a number is wrong.
    """
    single = {"keypoints": keypoints, "stride": stride}
    check_sizes(NAME, side, 1, width=width, dense=dense, kernels=kernels, **single)
    check_dropout(NAME, dropout)
    check_alexnet(NAME, side, kernels, stride, width)
    image = keras.Input((side, side, 3), name="image")
    features = alexnet(image, width, dense, kernels, stride, dropout)
    return keras.Model(image, displacement_layers(features, keypoints), name=NAME)
