"""Training losses per head: pure functions of targets and outputs, on any Keras backend.

Targets are batches of `models.data`, outputs those of a network of `models.zoo` in training.
Coordinates are in parts of the crop's side. A target of weight 0 may hold any value, also NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Literal

from pydantic import Field

from blazetrack.model_info import ModelInfo
from models.common.config_base import Strict
from models.zoo.stages import stage_of

__all__ = [
    "LOSS_SETTINGS",
    "LandmarkLossSettings",
    "PafLossSettings",
    "RefinementLossSettings",
    "SsdLossSettings",
    "head_loss",
]

Tensors = Mapping[str, Any]


class LandmarkLossSettings(Strict):
    """Loss of landmark heads: weights of the parts that a head has; 0 disables a part.

    Attributes:
        points: x and y of keypoints and alignment points, wing loss.
        mean_pose: likewise of the pose that an iterative network begins with.
        z: of keypoints, likewise.
        visibility: of keypoints, cross-entropy.
        presence: of keypoints in the crop, cross-entropy.
        world: metres, absolute difference.
        score: person or background, cross-entropy.
        scores: of keypoints, cross-entropy with their visibility.
        heatmap: divergence, squared error or cross-entropy to a Gaussian around the keypoint.
        offsets: from the cells around a keypoint to it, smooth L1.
        windows: likewise to `heatmap`, on the fine maps around its highest cells.
        simcc: divergence of the bins of both axes from their target.
        wing: half-width of the wing loss, in parts of the side; larger errors count linearly.
        wing_curve: errors below this count nearly linearly too, with a steeper slope.
        heatmap_error: of the heatmap head: squared (with logits cross-entropy), or divergence, for
            networks whose maps are `normalized`; it learns faster from random weights.
        heatmap_sigma: of the Gaussian around a keypoint, in cells.
        simcc_sigma: of the Gaussian around a keypoint, in bins; 0 is one bin with label smoothing.
        offsets_radius: distance in cells from a keypoint below which a cell has a target.
        max_step: of an iterative network, maximum length of a correction in parts of the side: the
            target of a step is so far from the step before, on the way to the keypoint. 0 is no
            limit. Of the regression head.
        swap_ratio: the labels of a person are treated as left-right swapped if exchanging them
            leaves less than this part of the error; 0 is never. Of the blazepose head.
        swap_weight: weight of swapped labels.
    """

    points: float = Field(1.0, ge=0)
    mean_pose: float = Field(1.0, ge=0)
    z: float = Field(0.3, ge=0)
    visibility: float = Field(0.1, ge=0)
    presence: float = Field(0.1, ge=0)
    world: float = Field(0.5, ge=0)
    score: float = Field(0.2, ge=0)
    scores: float = Field(0.1, ge=0)
    heatmap: float = Field(0.2, ge=0)
    offsets: float = Field(0.1, ge=0)
    windows: float = Field(0.02, ge=0)
    simcc: float = Field(0.1, ge=0)
    wing: float = Field(0.1, gt=0)
    wing_curve: float = Field(0.02, gt=0)
    heatmap_error: Literal["squared", "divergence"] = "squared"
    heatmap_sigma: float = Field(1.5, gt=0)
    simcc_sigma: float = Field(6.0, ge=0)
    offsets_radius: float = Field(2.0, gt=0)
    max_step: float = Field(0.0, ge=0)
    swap_ratio: float = Field(0.5, ge=0, le=1)
    swap_weight: float = Field(0.1, ge=0, le=1)


class SsdLossSettings(Strict):
    """Loss of the ssd head.

    Attributes:
        scores: of all anchors, focal loss.
        boxes: face box of anchors with a person.
        points: mid-hip, circle and mid-shoulder of anchors with a person.
        distilled_scores: difference from the scores of another detector, soft focal loss.
        distilled_boxes: likewise of boxes and points, where that detector finds a person.
        focal_alpha: share of the weight of anchors with a person.
        focal_gamma: exponent that reduces the weight of easy anchors.
        curve: errors below this part of the person's radius count quadratically.
    """

    renamed: ClassVar[Mapping[str, str]] = {
        "answer_scores": "distilled_scores",
        "answer_boxes": "distilled_boxes",
    }

    scores: float = Field(1.0, ge=0)
    boxes: float = Field(1.0, ge=0)
    points: float = Field(1.0, ge=0)
    distilled_scores: float = Field(1.0, ge=0)
    distilled_boxes: float = Field(1.0, ge=0)
    focal_alpha: float = Field(0.25, gt=0, lt=1)
    focal_gamma: float = Field(2.0, ge=0)
    curve: float = Field(0.1, gt=0)


class PafLossSettings(Strict):
    """Loss of the paf head.

    Attributes:
        heatmap: squared error of confidence maps.
        paf: squared error of fields.
        positives: additional weight of the cells of a keypoint or limb.
    """

    heatmap: float = Field(1.0, ge=0)
    paf: float = Field(1.0, ge=0)
    positives: float = Field(3.0, ge=0)


class RefinementLossSettings(Strict):
    """Loss of the displacement head.

    Attributes:
        displacements: of the keypoint that the crop is around, wing loss.
        wing: half-width of the wing loss, in parts of the crop's side.
        wing_curve: errors below this count nearly linearly too, with a steeper slope.
    """

    displacements: float = Field(1.0, ge=0)
    wing: float = Field(0.2, gt=0)
    wing_curve: float = Field(0.05, gt=0)


LOSS_SETTINGS: Mapping[str, type[Strict]] = {
    "blazepose": LandmarkLossSettings,
    "displacement": RefinementLossSettings,
    "heatmap": LandmarkLossSettings,
    "paf": PafLossSettings,
    "regression": LandmarkLossSettings,
    "simcc": LandmarkLossSettings,
    "ssd": SsdLossSettings,
}
"""Head → settings of its loss; `models/train/losses/<head>.py` holds a function `parts`."""


def head_loss(
    head: str, targets: Tensors, outputs: Tensors, settings: Strict, info: ModelInfo
) -> dict[str, Any]:
    """Loss of a batch.

    Args:
        head: in `LOSS_SETTINGS`.
        targets, outputs: see `parts` of the head.
        settings: weights of the parts, of the class in `LOSS_SETTINGS`.
        info: the network.

    Returns:
        Scalars by name: the parts, unweighted, and `total`, their weighted sum. A part of an
        intermediate stage, `heatmap_1`, has the weight of the last one's, `heatmap`.
    """
    from keras import ops  # configs are read without it

    want, got = (
        {name: ops.cast(value, "float32") for name, value in tensors.items()}
        for tensors in (targets, outputs)
    )
    module = import_module(f"models.train.losses.{head}")
    parts: dict[str, Any] = module.parts(want, got, settings, info)
    weighted = [getattr(settings, stage_of(name)[0]) * part for name, part in parts.items()]
    return {**parts, "total": sum(weighted)}
