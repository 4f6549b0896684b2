"""Loss of the regression head: coordinates, of the last and of intermediate stages."""

from __future__ import annotations

from typing import Any

from keras import ops

from blazetrack.model_info import ModelInfo
from models.train.losses import LandmarkLossSettings, Tensors
from models.train.losses.terms import cross_entropy, known_mean, stages, weighted_mean, wing

__all__ = ["parts"]


def parts(
    want: Tensors, got: Tensors, settings: LandmarkLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss; those that the head options exclude are 0.

    Args:
        want: of `models.data`: `points` and `visibility`, each with `…_weight`, and `score`.
        got: `landmarks` `(B, K · 2)` or `(B, K · 3)`, order, unit and third value by the head
            options; where the network has them `scores` `(B, K)` and `score` `(B, 1)`, logits.
            The outputs `landmarks_1` … of earlier stages have the same target and parts of the
            loss of their own: `points_1` ….
        settings: of the terms.
        info: the network.
    """
    keypoints = want["visibility"].shape[-1]
    third = info.head_options.get("third", "none")
    weights = want["points_weight"][:, :keypoints]
    points = ops.where(weights > 0, want["points"][:, :keypoints], 0.0)
    each = dict.fromkeys(("z", "scores"), ops.zeros(()))
    for suffix, landmarks in stages(got, "landmarks").items():
        values = ops.reshape(landmarks, (-1, keypoints, 2 if third == "none" else 3))
        xyz = _in_sides(values, info)
        error = wing(xyz[..., :2] - points[..., :2], settings.wing, settings.wing_curve)
        each[f"points{suffix}"] = weighted_mean(error, weights[..., :2])
        if third == "z":
            error = wing(xyz[..., 2] - points[..., 2], settings.wing, settings.wing_curve)
            each[f"z{suffix}"] = weighted_mean(error, weights[..., 2])
        if third == "score":
            seen = known_mean("visibility", want, values[..., 2], cross_entropy)
            each[f"scores{suffix}"] = seen
    if "scores" in got:
        each["scores"] = known_mean("visibility", want, got["scores"], cross_entropy)
    if "score" in got:
        each["score"] = ops.mean(cross_entropy(want["score"], got["score"]))
    return each


def _in_sides(values: Any, info: ModelInfo) -> Any:
    """Values of the network → x y (and the third) in parts of the side."""
    if info.head_options.get("order") == "yx":
        values = ops.concatenate([values[..., 1:2], values[..., :1], values[..., 2:]], axis=-1)
    coordinates = info.head_options.get("coordinates", "unit")
    if coordinates == "pixel":
        return values / float(info.input_hw[1])
    if coordinates == "centred":
        return ops.concatenate([values[..., :2] + 0.5, values[..., 2:]], axis=-1)
    return values
