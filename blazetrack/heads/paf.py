"""Confidence maps of keypoints and part affinity fields of limbs ↔ any number of people.

The tensors are those of OpenPose (arXiv 1611.08050) and tf-pose-estimation. A confidence map has
one maximum per person at the keypoint; the last map is the background. The field of a limb holds
two channels, x and y of the unit vector from its first to its second keypoint, on the limb and 0
elsewhere. For `coco18` the limbs, their order and their channels are those of the published
networks (`COCO18_LIMBS`: OpenPose, poseParameters.cpp; tf-pose-estimation, common.py); for any
other skeleton they are its edges, two channels each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.heads.base import Array, Head, Options, Outputs, keypoints_of, option
from blazetrack.heads.paf_parser import Limbs, Rules, parse_people
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO18, Skeleton
from blazetrack.types import Landmarks

__all__ = ["COCO18_LIMBS", "PAF", "RULES", "decode", "encode", "limbs_of"]

Float = NDArray[np.float64]

# First and second keypoint, and the channel of x; that of y follows it. In the order in which
# people are put together. The last two limbs only join what other limbs have begun.
COCO18_LIMBS = """
neck right_shoulder 12, neck left_shoulder 20, right_shoulder right_elbow 14,
right_elbow right_wrist 16, left_shoulder left_elbow 22, left_elbow left_wrist 24,
neck right_hip 0, right_hip right_knee 2, right_knee right_ankle 4, neck left_hip 6,
left_hip left_knee 8, left_knee left_ankle 10, neck nose 28, nose right_eye 30,
right_eye right_ear 34, nose left_eye 32, left_eye left_ear 36, right_shoulder right_ear 18,
left_shoulder left_ear 26
"""
COCO18_JOINING = 2

RULES: Mapping[str, Rules] = {
    # tf_pose/estimator.py, tensblur/smoother.py and pafprocess.h; `resize_out_ratio` 4 of run.py.
    "tf_pose": Rules(upsample=4, cubic=False, corners=True, min_peak=0.05, last_sample=False),
    # The paper's own demonstration: thresholds 0.1 and 0.05, 10 samples, more than 80 % of them.
    "paper": Rules(upsample=8, cubic=True, corners=False, min_peak=0.1, last_sample=True),
}
"""How maps become people: see `Rules`."""

OPTIONS: Options = {
    "rules": tuple(RULES),
    # Cells of the enlarged map per cell of the network's; 0 is that of the rules.
    "upsample": (0, 1, 2, 4, 8),
    # Which pairs of keypoints become limbs: the best first, as in the paper, or the pairs of the
    # highest total.
    "assignment": ("greedy", "optimal"),
    # Position of cell c of W of the enlarged map in the crop: its corner, c / W, as the published
    # programs have it, or its centre.
    "cells": ("corner", "centre"),
}


def decode(outputs: Outputs, info: ModelInfo) -> Landmarks:
    """The people of one crop, in the order in which they were put together.

    Visibility and presence are the confidence of the keypoint; a keypoint that was not found has
    0 and lies in the middle of the person's others. The score is half of the published one, which
    is the sum of the confidences of keypoints and limbs per keypoint; people with fewer than four
    keypoints or a published score below 0.4 are left out.

    Args:
        outputs: `heatmap` `(1, h, w, K + 1)`, or K without the background, and `paf`
            `(1, h, w, 2L)`. Where the model has no output `paf`, `heatmap` holds both:
            `(1, h, w, K + 1 + 2L)`, such as the 57 channels of the published networks.
        info: the model.

    Raises:
        ModelError: outputs of another shape.
    """
    limbs, keypoints = limbs_of(info.skeleton or COCO18), keypoints_of(info)
    maps, fields = _maps(outputs, keypoints, limbs, info)
    rules, upsample = _rules(info)
    optimal = option(info, OPTIONS, "assignment") == "optimal"
    found = parse_people(maps, fields, limbs, rules, upsample, optimal=optimal)
    size = np.array(info.input_hw[::-1], np.float64)
    cells = np.array(maps.shape[1::-1], np.float64) * upsample
    shift = 0.5 if option(info, OPTIONS, "cells") == "centre" else 0.0
    xyz = np.zeros((len(found.scores), keypoints, 3))
    xyz[..., :2] = (found.xy_cells + shift) / cells * size
    middle = np.nanmean(xyz, axis=1, keepdims=True) if len(xyz) else xyz
    confidence = np.clip(np.nan_to_num(found.confidence), 0.0, 1.0)
    return Landmarks(
        xyz_crop=np.where(np.isnan(xyz), middle, xyz),
        world_m=np.zeros_like(xyz),
        visibility=confidence,
        presence=confidence,
        scores=np.clip(found.scores / 2, 0.0, 1.0),
        row=np.zeros(len(xyz), np.int64),
        skeleton=info.skeleton,
    )


def encode(
    people: Landmarks,
    info: ModelInfo,
    map_hw: tuple[int, int],
    sigma: float = 1.0,
    width: float = 1.0,
) -> dict[str, Array]:
    """The outputs for the people of one crop; the inverse of `decode`.

    Args:
        people: N people; keypoints with presence 0 are not drawn.
        info: the model.
        map_hw: height and width of the maps.
        sigma: of the Gaussians, in cells; where several overlap, the highest counts (paper, 2.2).
        width: distance from a limb's axis up to which a cell belongs to it, in cells; where
            several overlap, the mean counts (paper, 2.3).

    Returns:
        `heatmap` and `paf`, or `heatmap` with both, as `decode` reads them, float32.
    """
    limbs, xy = limbs_of(info.skeleton or COCO18), _in_cells(people.xyz_crop[..., :2], info, map_hw)
    known = people.presence > 0
    grid = np.stack(np.meshgrid(np.arange(map_hw[1]), np.arange(map_hw[0])), axis=-1)
    maps, fields = np.zeros((*map_hw, known.shape[1])), np.zeros((*map_hw, 2 * len(limbs.pairs)))
    count = np.zeros((*map_hw, len(limbs.pairs)))
    for points, seen in zip(xy, known, strict=True):
        apart = np.square(grid[:, :, None] - np.where(seen[:, None], points, -1e6)).sum(axis=-1)
        np.maximum(maps, np.exp(-0.5 * apart / sigma**2), out=maps)
        _add_limbs(fields, count, grid, points, seen, limbs, width)
    fields[..., limbs.channels] /= np.maximum(count, 1)
    fields[..., limbs.channels + 1] /= np.maximum(count, 1)
    background = np.clip(1 - maps.max(axis=-1, keepdims=True, initial=0), 0, 1)
    maps = np.concatenate([maps, background], axis=-1)
    outputs = {"heatmap": maps, "paf": fields}
    if "paf" not in info.outputs:
        outputs = {"heatmap": np.concatenate([maps, fields], axis=-1)}
    return {name: value[None].astype(np.float32) for name, value in outputs.items()}


@cache
def limbs_of(skeleton: Skeleton) -> Limbs:
    """The limbs of a skeleton: keypoints, channels, and how many only join.

    Raises:
        ModelError: it has none.
    """
    if skeleton == COCO18:
        lines = [line.split() for line in COCO18_LIMBS.split(",")]
        pairs = [(skeleton.index(first), skeleton.index(second)) for first, second, _ in lines]
        channels = [int(channel) for *_, channel in lines]
        return Limbs(np.array(pairs), np.array(channels), COCO18_JOINING)
    if not skeleton.edges:
        raise ModelError(f"head paf: expected a skeleton with edges, got {skeleton.name}")
    return Limbs(np.array(skeleton.edges), 2 * np.arange(len(skeleton.edges)), 0)


def _rules(info: ModelInfo) -> tuple[Rules, int]:
    rules = RULES[option(info, OPTIONS, "rules")]
    return rules, option(info, OPTIONS, "upsample") or rules.upsample


def _maps(outputs: Outputs, keypoints: int, limbs: Limbs, info: ModelInfo) -> tuple[Array, Array]:
    """Confidence maps `(h, w, K)` and fields `(h, w, 2L)`, float32."""
    maps, count = outputs["heatmap"], 2 * len(limbs.pairs)
    if maps.ndim == 4 and "paf" not in outputs and maps.shape[3] > count:
        maps, fields = maps[..., :-count], maps[..., -count:]
    else:
        fields = outputs.get("paf", np.zeros((0,)))
    channels = maps.shape[3] if maps.ndim == 4 else 0
    if channels not in (keypoints, keypoints + 1) or fields.shape != (*maps.shape[:3], count):
        want = f"(1, h, w, {keypoints + 1}) and (1, h, w, {count}), or both in one"
        got = ", ".join(str(one.shape) for one in outputs.values())
        raise ModelError(f"model {info.name}: expected maps {want}, got {got}")
    return maps[0, ..., :keypoints].astype(np.float32), fields[0].astype(np.float32)


def _in_cells(xy: Float, info: ModelInfo, map_hw: tuple[int, int]) -> Float:
    """Crop pixels → cells, so that `decode` gives the same pixels again."""
    size, cells = np.array(info.input_hw[::-1], float), np.array(map_hw[::-1], float)
    centre = option(info, OPTIONS, "cells") == "centre"
    inside: Float = xy / size * cells - 0.5 + (0.0 if centre else 0.5 / _rules(info)[1])
    return inside


def _add_limbs(
    fields: Float, count: Float, grid: Array, points: Float, seen: Array, limbs: Limbs, width: float
) -> None:
    """Add the limbs of one person; of a limb shorter than a cell at least one cell is drawn."""
    for number, ((first, second), channel) in enumerate(
        zip(limbs.pairs, limbs.channels, strict=True)
    ):
        along = points[second] - points[first]
        length = float(np.hypot(*along))
        if not (seen[first] and seen[second]) or length < 1e-6:
            continue
        along = along / length
        from_first = grid - points[first]
        forward = from_first @ along
        across = np.abs(from_first @ np.array([-along[1], along[0]]))
        on_limb = (across <= width) & (forward >= -0.5) & (forward <= length + 0.5)
        fields[on_limb, channel : channel + 2] += along
        count[on_limb, number] += 1


PAF = Head(
    kind="landmarks",
    required=("heatmap",),
    optional={"paf": None},
    decode=decode,
    encode=encode,
    options=OPTIONS,
    several=True,
)
