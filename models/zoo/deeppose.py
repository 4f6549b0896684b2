"""DeepPose (CVPR 2014, arXiv 1312.4659): the pose as numbers, by regression from the whole person.

    image ─ AlexNet: 5 convolutions, 2 dense ─┬─ landmarks   2K, in parts of the box from its centre
                                              ├─ scores      K, visibility
                                              └─ score       person or background

The first deep network for poses: no parts, no graph between them; the network sees the person and
gives all joints. Joints are normalized by the person's box, here the aligned square of the crop:
(0, 0) is its centre, ±0.5 its border. This is stage 1; the later stages are
`deeppose_refinement`, which see a crop around each joint (graph `pose_cascade`).

Size `alexnet` is that of the paper: 220 × 220 pixels, layers C(55×55×96) P C(27×27×256) P
C(13×13×384) C(13×13×384) C(13×13×256) P F(4096) F(4096). The paper gives 40 M parameters; the
layers that it lists have 58 M. Differences: batch norms (`backbones.alexnet`), wing loss instead of
L2, and scores for the tracker.

Published, PCP@0.5 on LSP, mean of upper and lower arms and legs: 0.54 for stage 1, 0.60 for stage
2, 0.61 for stage 3 (table 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from models.zoo.backbones.alexnet import KERNELS, alexnet, check_alexnet
from models.zoo.heads.regression import dense_layer
from models.zoo.layers import check_dropout, check_sizes

__all__ = ["SIZES", "deeppose"]

NAME = "deeppose"

SIZES: Mapping[str, Mapping[str, Any]] = {
    "alexnet": {
        "side": 220,
        "width": (96, 256, 384, 384, 256),
        "dense": (4096, 4096),
        "dropout": 0.6,
    },
    "small": {},  # the defaults
}


def deeppose(
    side: int = 128,
    keypoints: int = 33,
    width: Sequence[int] = (40, 96, 128, 128, 96),
    dense: Sequence[int] = (512, 512),
    kernels: Sequence[int] = KERNELS,
    stride: int = 4,
    dropout: float = 0.0,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels.
        keypoints: K.
        width: channels of the five convolutions.
        dense: outputs of the dense layers.
        kernels: sides of the convolutions.
        stride: of the first convolution.
        dropout: after each dense layer.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `landmarks` `(B, 2K)`, x y in parts of the
        side from the centre; `scores` `(B, K)` and `score` `(B, 1)` logits.

    Raises:
        InputError: a number is wrong.
    """
    single = {"keypoints": keypoints, "stride": stride}
    check_sizes(NAME, side, 1, width=width, dense=dense, kernels=kernels, **single)
    check_dropout(NAME, dropout)
    check_alexnet(NAME, side, kernels, stride, width)
    image = keras.Input((side, side, 3), name="image")
    features = alexnet(image, width, dense, kernels, stride, dropout)
    outputs = {
        "landmarks": dense_layer(features, "landmarks", 2 * keypoints),
        "scores": dense_layer(features, "scores", keypoints),
        "score": dense_layer(features, "score", 1),
    }
    return keras.Model(image, outputs, name=NAME)
