"""Loss of the regression head: coordinates, of the last and of intermediate stages."""

from __future__ import annotations

from typing import Any

from keras import ops

from blazetrack.model_info import ModelInfo
from models.train.losses import LandmarkLossSettings, Tensors
from models.train.losses.terms import cross_entropy, known_mean, stages, weighted_mean, wing

__all__ = ["bounded_target", "parts"]


def parts(
    want: Tensors, got: Tensors, settings: LandmarkLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss; those that the head options exclude are 0.

    Args:
        want: of `models.data`: `points` and `visibility`, each with `…_weight`, and `score`.
        got: `landmarks` `(B, K · 2)` or `(B, K · 3)`, order, unit and third value by the head
            options; where the network has them `scores` `(B, K)` and `score` `(B, 1)`, logits.
            The outputs `landmarks_1` … of earlier stages have the same target and parts of the
            loss of their own: `points_1` …. `landmarks_0` is the first pose of an iterative
            network, whose steps have targets of their own (`max_step`).
        settings: of the terms.
        info: the network.
    """
    keypoints = want["visibility"].shape[-1]
    third = info.head_options.get("third", "none")
    weights = want["points_weight"][:, :keypoints]
    points = ops.where(weights > 0, want["points"][:, :keypoints], 0.0)
    each = dict.fromkeys(("z", "scores"), ops.zeros(()))
    width = 2 if third == "none" else 3
    before = None  # the output of the stage before, of an iterative network
    if "landmarks_0" in got:
        before = _in_sides(ops.reshape(got["landmarks_0"], (-1, keypoints, width)), info)[..., :2]
        error = wing(before - points[..., :2], settings.wing, settings.wing_curve)
        each["mean_pose"] = weighted_mean(error, weights[..., :2])
    for suffix, landmarks in stages(got, "landmarks").items():
        values = ops.reshape(landmarks, (-1, keypoints, width))
        xyz = _in_sides(values, info)
        target = points[..., :2]
        if before is not None and settings.max_step:
            target = bounded_target(before, target, settings.max_step)
        error = wing(xyz[..., :2] - target, settings.wing, settings.wing_curve)
        before = None if before is None else xyz[..., :2]
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


def bounded_target(before: Any, points: Any, max_step: float) -> Any:
    """The points `(B, K, 2)`, or those at `max_step` from `before` on the way to them."""
    before = ops.stop_gradient(before)
    way = points - before
    length = ops.sqrt(ops.sum(ops.square(way), axis=-1, keepdims=True) + 1e-12)
    return before + way * ops.minimum(1.0, max_step / length)


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
