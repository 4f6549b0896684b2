"""OpenPose: several people from confidence maps and part affinity fields, refined in stages.

                      ┌─ branch ── fields 1 ─┐          ┌─ branch ── fields T
    image ─ backbone ─┤                      ├─ concat ─┤
                │     └─ branch ── maps 1 ───┤    …     └─ branch ── maps T
                └────────────────────────────┘
                          features, to each stage

A network reads the whole picture once, however many people there are: a map per keypoint has a
maximum at each person's, and the field of each limb points along it, which separates the people
(`blazetrack.heads.paf`). Each stage reads the features and the result of the stage before it, and
each has its loss (Cao, Simon, Wei and Sheikh, CVPR 2017, arXiv 1611.08050). 18 points, 19 limbs,
one cell per 8 pixels.

Published: AP 0.618 on COCO test-dev, 8.8 frames a second at 368×654 (section 3.2 and figure 1);
tf-pose-estimation (github.com/ildoonet/tf-pose-estimation) replaces the backbone by lighter ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import keras
from keras import layers

from blazetrack.errors import InputError, did_you_mean
from models.zoo.backbones.mobilenet import mobilenet_v1, mobilenet_v2
from models.zoo.backbones.vgg import separable_bn, separable_vgg, vgg
from models.zoo.heads.paf import fields_layer, maps_layer
from models.zoo.layers import bottleneck, check_sizes, conv_bn
from models.zoo.stages import stage_names

__all__ = ["BACKBONES", "SIZES", "openpose"]

NAME = "openpose"


def _small_backbone(image: Any, width: Sequence[int] = (16, 32, 80, 128)) -> Any:
    """Dense 3×3 convolutions, which are fast on a CPU, and a coarser map joined in."""
    x = conv_bn(conv_bn(image, width[0], 3, 2), width[1], 3, 2)
    fine = bottleneck(conv_bn(x, width[2], 3, 2), width[2])
    coarse = bottleneck(bottleneck(conv_bn(fine, width[3], 3, 2), width[3]), width[3])
    coarse = layers.UpSampling2D(interpolation="bilinear")(conv_bn(coarse, width[2]))
    return layers.ReLU()(layers.Add()([conv_bn(fine, width[2], relu=False), coarse]))


def _dense(x: Any, channels: int, size: int) -> Any:
    return layers.Conv2D(channels, size, padding="same", activation="relu")(x)


def _bottlenecks(x: Any, channels: int, size: int) -> Any:
    """A residual block; a change of channels by a 1×1 convolution."""
    x = x if x.shape[-1] == channels else conv_bn(x, channels)
    return bottleneck(x, channels) if size > 1 else x


Layers = tuple[tuple[int, int], ...]  # channels and size of each layer of a branch
# Branches of the first stage and of the others (paper, figure 3; network_dsconv.py,
# network_mobilenet_thin.py), then one 1×1 convolution to the maps.
WIDE: tuple[Layers, Layers] = (((128, 3),) * 3 + ((512, 1),), ((128, 7),) * 5 + ((128, 1),))
LIGHT: tuple[Layers, Layers] = (((128, 3),) * 3 + ((512, 1),), ((128, 3),) * 3 + ((128, 1),))
SMALL: tuple[Layers, Layers] = (((64, 3),), ((64, 3),) * 2)

# Backbone → its function of the image and a width, the block of the branches, and their layers.
BACKBONES: Mapping[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Layers, Layers]]] = {
    "cmu": (vgg, _dense, WIDE),
    "dsconv": (separable_vgg, separable_bn, WIDE),
    "mobilenet_thin": (partial(mobilenet_v1, width=0.75), separable_bn, LIGHT),
    "mobilenet_v2": (partial(mobilenet_v2, width=1.4), separable_bn, LIGHT),
    "small": (_small_backbone, _bottlenecks, SMALL),
}

SIZES: Mapping[str, Mapping[str, Any]] = {
    "cmu": {"side": 368, "backbone": "cmu"},
    "dsconv": {"side": 368, "backbone": "dsconv"},
    "mobilenet_thin": {"side": 368, "backbone": "mobilenet_thin", "width": 0.5},
    "mobilenet_v2": {"side": 368, "backbone": "mobilenet_v2"},
    "small": {"side": 192, "backbone": "small", "stages": 2},
}


def openpose(
    side: int = 368,
    keypoints: int = 18,
    limbs: int = 19,
    backbone: str = "cmu",
    stages: int = 6,
    width: float = 1.0,
) -> keras.Model:
    """The network, the same in training and inference.

    Args:
        side: of the input in pixels, a multiple of 16.
        keypoints: K.
        limbs: L, of the skeleton: `blazetrack.heads.paf.limbs_of`.
        backbone: a name in `BACKBONES`.
        stages: T.
        width: channels of the branches per channel of the published ones.

    Returns:
        `image` `(B, side, side, 3)` float32 in 0..1 → `heatmap` `(B, side / 8, side / 8, K + 1)`
        and `paf` `(B, side / 8, side / 8, 2L)`, and those of the stages before the last as
        `heatmap_1`, `paf_1` ….

    Raises:
        InputError: a number is wrong, or there is no such backbone.
    """
    check_sizes(NAME, side, 16, keypoints=keypoints, limbs=limbs, stages=stages)
    if backbone not in BACKBONES:
        raise InputError(f"{NAME}: no backbone '{backbone}'; {did_you_mean(backbone, BACKBONES)}")
    if not width > 0:
        raise InputError(f"{NAME}: width: expected a number above 0, got {width!r}")
    features_of, block, branches = BACKBONES[backbone]
    image = keras.Input((side, side, 3), name="image")
    x = features = features_of(image)
    outputs: dict[str, Any] = {}
    for number, names in enumerate(
        zip(stage_names("paf", stages), stage_names("heatmap", stages), strict=True)
    ):
        layout = branches[min(number, 1)]
        fields, maps = (_branch(x, block, layout, width) for _ in range(2))
        outputs[names[0]] = fields_layer(fields, limbs, names[0])
        outputs[names[1]] = maps_layer(maps, keypoints, names[1])
        x = layers.Concatenate()([outputs[names[0]], outputs[names[1]], features])
    return keras.Model(image, outputs, name=NAME)


def _branch(x: Any, block: Callable[..., Any], layout: Layers, width: float) -> Any:
    for channels, size in layout:
        x = block(x, max(int(channels * width), 8), size)
    return x
