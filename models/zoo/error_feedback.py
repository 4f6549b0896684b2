"""Iterative error feedback (CVPR 2016, arXiv 1507.06550): correct the pose step by step.

    image ─ first layer ───────┬────────────────┬────────────────┬──────── …
                               │                │                │
    mean pose ─ Gaussian maps ─+─ network ─ + ──+─ network ─ + ──+─ … ─ landmarks
         │                                  │                │
         └──────────────────────────────────┴────────────────┘   landmarks_1, landmarks_2 …

The input is the picture joined with a Gaussian map at each present joint, so that the network sees
its own last output; it gives a correction of each joint that is bounded in length. T = 4 steps
begin at the mean pose. All steps share their weights but for the batch norms, and are unrolled
here. The target of a step is the correction towards the truth with the same bound
(`loss.max_step`), and a step is not trained through the steps before it, as in the paper.

The first convolution is split: that of the picture and that of the maps are added before the first
ReLU, which is the same as one convolution of picture and maps together and lets the picture's part
run once. Maps are drawn at the stride of that layer. The mean pose is a weight, of the layer
`mean_pose`, which its own part of the loss draws to the middle of the poses.

The paper's network is GoogLeNet, trained on ImageNet; here size `paper` has the paper's 224 pixels,
four steps and bound of 20 pixels on a plain convolutional network, and no published counts.

Published: 81.3 PCKh@0.5 on MPII.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from blazetrack.errors import InputError
from models.zoo.heads.regression import dense_layer
from models.zoo.layers import check_levels, check_sizes, norm
from models.zoo.stages import stage_outputs

__all__ = ["MEAN_POSE", "SIZES", "error_feedback", "gaussian_maps"]

NAME = "error_feedback"
MEAN_POSE = "mean_pose"  # name of its layer
STRIDE = 4  # of the first layer, and of the maps

SIZES: Mapping[str, Mapping[str, Any]] = {
    "paper": {
        "side": 224,
        "width": (64, 128, 256, 512),
        "depth": (1, 2, 2, 2),
        "dense": 1024,
    },
    "small": {},  # the defaults
}


def error_feedback(
    side: int = 128,
    keypoints: int = 33,
    steps: int = 4,
    max_step: float = 20 / 224,
    sigma: float = 1.5,
    width: Sequence[int] = (32, 64, 96, 128),
    depth: Sequence[int] = (0, 0, 0, 1),
    dense: int = 384,
) -> keras.Model:
    """The network for training.

    Args:
        side: of the input in pixels, a multiple of 4.
        keypoints: K.
        steps: T.
        max_step: maximum length of a correction, in parts of the side.
        sigma: of the maps, in their cells.
        width: channels of the maps of 1/4, 1/8, … of the side.
        depth: convolutions per level, besides the one that makes the map.
        dense: features before the corrections.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `landmarks` `(B, 2K)`, x y in parts of the
        side from the centre, after the last step; `landmarks_0` the mean pose, `landmarks_1` … the
        steps between; `scores` `(B, K)` and `score` `(B, 1)` logits.

    Raises:
        InputError: a number is wrong.
    """
    check_levels(NAME, len(width), depth=depth)
    single = {"keypoints": keypoints, "steps": steps, "dense": dense}
    check_sizes(NAME, side, STRIDE, width=width, depth=depth, **single)
    if not 0 < max_step <= 1:
        raise InputError(f"{NAME}: max_step: expected a part of the side, got {max_step!r}")
    if not sigma > 0:
        raise InputError(f"{NAME}: sigma: expected a number above 0, got {sigma!r}")
    image = keras.Input((side, side, 3), name="image")
    seen = layers.Conv2D(width[0], 7, STRIDE, padding="same", use_bias=False, name="picture")(image)
    seen = norm(seen)
    start = _mean_pose(image, keypoints)
    correct = _network(keypoints, width, depth, dense)
    poses, pose, features = [], start, None
    for _ in range(steps):
        shown = ops.stop_gradient(pose)
        maps = gaussian_maps(shown, side // STRIDE, keypoints, sigma)
        correction, features = correct(seen, maps)
        pose = shown + _bounded(correction, keypoints, max_step)
        poses.append(pose)
    outputs = stage_outputs("landmarks", poses)
    outputs["landmarks"] = layers.Identity(dtype="float32", name="landmarks")(pose)
    outputs["landmarks_0"] = start
    outputs["scores"] = dense_layer(features, "scores", keypoints)
    outputs["score"] = dense_layer(features, "score", 1)
    return keras.Model(image, outputs, name=NAME)


def gaussian_maps(pose: Any, cells: int, keypoints: int, sigma: float) -> Any:
    """`(B, 2K)`, x y in parts of the side from the centre → maps `(B, cells, cells, K)`."""
    grid = ops.convert_to_tensor(((np.arange(cells) + 0.5) / cells - 0.5).astype(np.float32))
    xy = ops.reshape(pose, (-1, 1, keypoints, 2))
    scale = -0.5 * (cells / sigma) ** 2
    x, y = (
        ops.exp(scale * ops.square(xy[..., axis] - ops.reshape(grid, (1, cells, 1))))
        for axis in (0, 1)
    )  # (B, cells, K)
    return ops.expand_dims(y, 2) * ops.expand_dims(x, 1)


def _mean_pose(image: Any, keypoints: int) -> Any:
    """`(B, 2K)`: the same for each picture, a weight: the bias of a batch norm of zeros."""
    zeros = ops.repeat(ops.zeros_like(image[:, 0, 0, :1]), 2 * keypoints, axis=1)
    norm = layers.BatchNormalization(scale=False, dtype="float32", name=MEAN_POSE)
    return norm(zeros)


def _network(
    keypoints: int, width: Sequence[int], depth: Sequence[int], dense: int
) -> Callable[[Any, Any], tuple[Any, Any]]:
    """The layers of a step, shared by all: picture and maps → `(B, 2K)` and features.

    The batch norms are not shared: the statistics of the steps differ.
    """
    first = _convolution(width[0], "maps", 1)
    rest: list[Any] = []
    for level, (channels, count) in enumerate(zip(width, depth, strict=True)):
        for number in range(count + (level > 0)):
            stride = 2 if level and not number else 1
            rest.append(_convolution(channels, f"step{level}_{number}", 3, stride))
    reduce = _convolution(max(8, width[-1] // 2), "reduce", 1)
    full = layers.Dense(dense, activation="relu", kernel_initializer="he_normal", name="full")
    small = keras.initializers.VarianceScaling(0.01)
    last = layers.Dense(2 * keypoints, kernel_initializer=small, name="correction")
    relu = layers.ReLU()

    def step(seen: Any, maps: Any) -> tuple[Any, Any]:
        x = relu(layers.Add()([seen, norm(first(maps))]))
        for convolution in [*rest, reduce]:
            x = relu(norm(convolution(x)))
        features = full(layers.Flatten()(x))
        return last(features), features

    return step


def _convolution(channels: int, name: str, size: int, stride: int = 1) -> Any:
    return layers.Conv2D(
        channels,
        size,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )


def _bounded(correction: Any, keypoints: int, limit: float) -> Any:
    """Corrections `(B, 2K)` of length up to `limit`, with the direction that they have.

    The gradient passes as if there were no limit; otherwise a correction that once is longer would
    not become shorter again.
    """
    xy = ops.reshape(correction, (-1, keypoints, 2))
    length = ops.sqrt(ops.sum(ops.square(xy), axis=-1, keepdims=True) + 1e-12)
    bounded = ops.stop_gradient(xy * ops.minimum(1.0, limit / length))
    return ops.reshape(bounded + (xy - ops.stop_gradient(xy)), (-1, 2 * keypoints))
