"""Loss weights; kept apart so that settings are read without Keras."""

from __future__ import annotations

from pydantic import Field

from models.common.config_base import Strict

__all__ = ["DetectorLossSettings", "PoseLossSettings"]


class PoseLossSettings(Strict):
    """Of a landmark network. The parts are weighted sums; 0 switches a part off.

    Attributes:
        points: x and y of keypoints and alignment points.
        z: likewise.
        visibility: of keypoints, as cross-entropy.
        presence: of keypoints in the crop, as cross-entropy.
        world: metres, as absolute difference.
        score: person or nobody, as cross-entropy.
        heatmap: which cells a keypoint is near, as divergence of distributions.
        offsets: from the cells around a keypoint to it.
        wing: half-width of the wing loss, in parts of the side: errors above it count linearly.
        wing_curve: errors below this count nearly linearly too, but more steeply.
        heatmap_sigma: of the Gaussian drawn around a keypoint, in cells.
        offsets_radius: cells nearer than this to a keypoint say where it is, in cells.
        swap_ratio: where left and right exchanged in all of a person's labels would leave less
            than this part of the error, the labels are taken for exchanged; 0 is never.
        swap_weight: what such labels still count.
    """

    points: float = Field(1.0, ge=0)
    z: float = Field(0.3, ge=0)
    visibility: float = Field(0.1, ge=0)
    presence: float = Field(0.1, ge=0)
    world: float = Field(0.5, ge=0)
    score: float = Field(0.2, ge=0)
    heatmap: float = Field(0.2, ge=0)
    offsets: float = Field(0.1, ge=0)
    wing: float = Field(0.1, gt=0)
    wing_curve: float = Field(0.02, gt=0)
    heatmap_sigma: float = Field(1.5, gt=0)
    offsets_radius: float = Field(2.0, gt=0)
    swap_ratio: float = Field(0.5, ge=0, le=1)
    swap_weight: float = Field(0.1, ge=0, le=1)


class DetectorLossSettings(Strict):
    """Of a detector network.

    Attributes:
        scores: which anchors hold a person, as focal loss.
        boxes: the face box.
        points: mid-hip, circle and mid-shoulder.
        answer_scores: how far scores are from another detector's, as soft focal loss, where
            `data.answers` has it asked.
        answer_boxes: likewise boxes and points, where that one sees somebody.
        focal_alpha: part of the weight that anchors with a person have.
        focal_gamma: how little anchors count that are right already.
        curve: errors below this part of the person's radius count quadratically.
    """

    scores: float = Field(1.0, ge=0)
    boxes: float = Field(1.0, ge=0)
    points: float = Field(1.0, ge=0)
    answer_scores: float = Field(1.0, ge=0)
    answer_boxes: float = Field(1.0, ge=0)
    focal_alpha: float = Field(0.25, gt=0, lt=1)
    focal_gamma: float = Field(2.0, ge=0)
    curve: float = Field(0.1, gt=0)
