"""Loss of the ssd head: focal loss of scores, smooth L1 of boxes, distillation."""

from __future__ import annotations

from typing import Any

from keras import ops

from blazetrack.model_info import ModelInfo
from models.train.losses import SsdLossSettings, Tensors
from models.train.losses.terms import focal, smooth_l1, soft_focal, weighted_mean

__all__ = ["parts"]

MIN_SCORE = 0.1  # boxes of the other detector with lower scores have no weight
MAX_RATIO = 2.0  # between the radius that errors are relative to and the true one


def parts(
    want: Tensors, got: Tensors, settings: SsdLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss, with targets of distillation also theirs.

    Args:
        want: `boxes` `(B, A, 4 + 2P)` rows in pixels, as `encode_boxes` gives them; `positives`
            `(B, A)` 1 where an anchor holds a person; `weights` `(B, A)`, 0 where unknown; for
            distillation `distilled_boxes` and `distilled_scores` `(B, A)` of another detector.
        got: `boxes` likewise, `scores` `(B, A, 1)` logits.
        settings: of the terms.
        info: the network; unused.
    """
    del info
    logits = got["scores"][..., 0]
    positives, weights = want["positives"], want["weights"]
    held = positives * weights
    people = ops.maximum(ops.sum(held), 1.0)
    scores = focal(positives, logits, settings.focal_alpha, settings.focal_gamma)
    error = _in_radii(ops.where(held[..., None] > 0, want["boxes"], 0.0), got["boxes"], settings)
    each = {
        "scores": ops.sum(scores * weights) / people,
        "boxes": weighted_mean(error[..., :4], held[..., None]),
        "points": weighted_mean(error[..., 4:], held[..., None]),
    }
    if "distilled_scores" in want:
        # Where labels and the other detector differ, both may be right: it misses people.
        sure = ops.maximum(want["distilled_scores"], held)
        distance = soft_focal(sure, logits, settings.focal_gamma)
        each["distilled_scores"] = ops.sum(distance) / ops.maximum(ops.sum(sure), 1.0)
        found = ops.where(want["distilled_scores"] > MIN_SCORE, want["distilled_scores"], 0.0)
        error = _in_radii(want["distilled_boxes"], got["boxes"], settings)
        each["distilled_boxes"] = weighted_mean(error, found[..., None])
    return each


def _in_radii(want: Any, got: Any, settings: SsdLossSettings) -> Any:
    """Smooth L1 between rows of boxes, in parts of the radius of the person in `got`.

    The absolute difference in parts of the true radius is least at a radius that is too small: of
    the sizes that a person may have, the small ones count more. The radius in `got` is a constant
    here; far from the true one, that counts.
    """
    true, own = _radius(want), ops.stop_gradient(_radius(got))
    radius = ops.clip(own, true / MAX_RATIO, true * MAX_RATIO)
    radius = ops.maximum(radius, 1.0)[..., None]  # pixels
    return smooth_l1((got - want) / radius, settings.curve)


def _radius(rows: Any) -> Any:
    """From point 0, mid-hip, to point 1, on the circle; pixels."""
    return ops.sqrt(ops.sum(ops.square(rows[..., 6:8] - rows[..., 4:6]), axis=-1))
