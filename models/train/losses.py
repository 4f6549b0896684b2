"""What training makes small: pure functions of targets and outputs, on any Keras backend.

Targets and outputs are dicts as `models.data.batches` and the networks of `models.zoo` give them,
all of them batches. Coordinates are in parts of the crop's side. A target of weight 0 may hold
anything, NaN too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from models.train.loss_config import DetectorLossSettings, PoseLossSettings

__all__ = [
    "ANSWER_PARTS",
    "DETECTOR_PARTS",
    "POSE_PARTS",
    "cross_entropy",
    "detector_loss",
    "focal",
    "heatmap_loss",
    "offsets_loss",
    "pose_loss",
    "smooth_l1",
    "soft_focal",
    "swap_trust",
    "wing",
]

REGRESSION = ("points", "z", "visibility", "presence", "world", "score")
POSE_PARTS = (*REGRESSION, "heatmap", "offsets")
DETECTOR_PARTS = ("scores", "boxes", "points")
ANSWER_PARTS = ("answer_scores", "answer_boxes")

HEARD = 0.1  # boxes of another detector that it is less sure of say nothing

Tensors = Mapping[str, Any]


def pose_loss(
    targets: Tensors,
    outputs: Tensors,
    settings: PoseLossSettings,
    partners: Sequence[int] | None = None,
) -> dict[str, Any]:
    """How far a landmark network is from its targets.

    Args:
        targets: `points`, `visibility`, `presence`, `world`, each with `…_weight`; `score`.
        outputs: of `models.zoo.blazepose.blazepose`.
        settings: what counts how much.
        partners: `Skeleton.partners`, where labels may have left and right exchanged.

    Returns:
        Scalars by name: `POSE_PARTS`, not weighted, and `total`, their weighted sum.
    """
    want, got = _floats(targets), _floats(outputs)
    weights = want["points_weight"]
    keypoints = got["visibility"].shape[-1]
    if partners is not None and settings.swap_ratio:
        trust = swap_trust(want["points"], got["points"], weights, partners, settings)
        trusted = weights[:, :keypoints] * trust[..., None]
        weights = ops.concatenate([trusted, weights[:, keypoints:]], axis=1)
    points = ops.where(weights > 0, want["points"], 0.0)
    error = wing(got["points"] - points, settings.wing, settings.wing_curve)
    on_map = ops.min(weights[:, :keypoints, :2], axis=-1)  # (B, K)
    place = points[:, :keypoints, :2]
    parts = {
        "points": _mean(error[..., :2], weights[..., :2]),
        "z": _mean(error[..., 2], weights[..., 2]),
        "visibility": _labelled("visibility", want, got, cross_entropy),
        "presence": _labelled("presence", want, got, cross_entropy),
        "world": _labelled("world", want, got, lambda here, there: ops.abs(here - there)),
        "score": ops.mean(cross_entropy(want["score"], got["score"])),
        "heatmap": heatmap_loss(place, on_map, got["heatmap"], settings),
        "offsets": offsets_loss(place, on_map, got["offsets"], settings),
    }
    return _with_total(parts, settings)


def detector_loss(
    targets: Tensors, outputs: Tensors, settings: DetectorLossSettings
) -> dict[str, Any]:
    """How far a detector is from its targets.

    Args:
        targets: `boxes` `(B, A, 4 + 2P)` rows in pixels, as `encode_boxes` gives them; `positives`
            `(B, A)` 1 where an anchor holds a person; `weights` `(B, A)`, 0 where nobody knows;
            perhaps `answer_boxes` and `answer_scores` `(B, A)`, another detector's.
        outputs: `boxes` like these, `scores` `(B, A, 1)` logits.
        settings: what counts how much.

    Returns:
        Scalars by name: `DETECTOR_PARTS`, and `ANSWER_PARTS` where there are answers, not weighted;
        `total`, their weighted sum.
    """
    want, got = _floats(targets), _floats(outputs)
    positives, weights = want["positives"], want["weights"]
    held = positives * weights
    people = ops.maximum(ops.sum(held), 1.0)
    scores = focal(positives, got["scores"][..., 0], settings.focal_alpha, settings.focal_gamma)
    error = _in_radii(ops.where(held[..., None] > 0, want["boxes"], 0.0), got["boxes"], settings)
    parts = {
        "scores": ops.sum(scores * weights) / people,
        "boxes": _mean(error[..., :4], held[..., None]),
        "points": _mean(error[..., 4:], held[..., None]),
    }
    if "answer_scores" in want:
        # Where labels and the other detector differ, both may be right: it misses people.
        sure = ops.maximum(want["answer_scores"], held)
        wrong = soft_focal(sure, got["scores"][..., 0], settings.focal_gamma)
        parts["answer_scores"] = ops.sum(wrong) / ops.maximum(ops.sum(sure), 1.0)
        heard = ops.where(want["answer_scores"] > HEARD, want["answer_scores"], 0.0)
        error = _in_radii(want["answer_boxes"], got["boxes"], settings)
        parts["answer_boxes"] = _mean(error, heard[..., None])
    return _with_total(parts, settings)


def wing(error: Any, width: float, curve: float) -> Any:
    """Wing loss (arXiv 1711.06753): steep for small errors, of slope 1 above `width`."""
    size = ops.abs(error)
    offset = width - width * float(np.log1p(width / curve))
    return ops.where(size < width, width * ops.log1p(size / curve), size - offset)


def smooth_l1(error: Any, curve: float) -> Any:
    """Absolute error, but quadratic below `curve`."""
    size = ops.abs(error)
    return ops.where(size < curve, 0.5 * ops.square(size) / curve, size - 0.5 * curve)


def cross_entropy(target: Any, logit: Any) -> Any:
    """Binary cross-entropy of a logit against a probability."""
    return ops.softplus(logit) - logit * target


def focal(target: Any, logit: Any, alpha: float, gamma: float) -> Any:
    """Focal loss (arXiv 1708.02002) of a logit against 0 or 1."""
    wrong = ops.where(target > 0.5, -logit, logit)  # the logit of the wrong answer
    weight = ops.where(target > 0.5, alpha, 1.0 - alpha)
    return weight * ops.exp(-gamma * ops.softplus(-wrong)) * ops.softplus(wrong)


def soft_focal(target: Any, logit: Any, gamma: float) -> Any:
    """Quality focal loss (arXiv 2006.04388) of a logit against a probability."""
    apart = ops.abs(target - ops.sigmoid(logit))
    return ops.power(apart, gamma) * cross_entropy(target, logit)


def heatmap_loss(place: Any, weight: Any, heatmap: Any, settings: PoseLossSettings) -> Any:
    """How far each map, as a distribution over its cells, is from a Gaussian at the keypoint.

    Kullback–Leibler divergence of the softmax over all cells: a map learns as fast as a classifier
    does, where cell by cell nearly all of the gradient would come from empty cells.

    Args:
        place: `(B, K, 2)` x y in parts of the side; a keypoint outside 0..1 has no map.
        weight: `(B, K)`; maps of weight 0 do not count.
        heatmap: `(B, h, w, K)` logits.
        settings: sigma.
    """
    height, width, keypoints = heatmap.shape[1:]
    dx, dy = _to_cells(place, heatmap.shape)
    scale = -0.5 / settings.heatmap_sigma**2
    drawn = ops.exp(scale * ops.square(dy)) * ops.exp(scale * ops.square(dx))  # (B, h, w, K)
    drawn = ops.reshape(drawn, (-1, height * width, keypoints))
    mass = ops.sum(drawn, axis=1)  # (B, K)
    target = drawn / ops.maximum(mass, 1e-3)[:, None]
    found = ops.log_softmax(ops.reshape(heatmap, (-1, height * width, keypoints)), axis=1)
    loss = ops.sum(target * (ops.log(ops.maximum(target, 1e-9)) - found), axis=1)
    inside = ops.cast(ops.all(ops.abs(place - 0.5) <= 0.5, axis=-1), "float32")
    return _mean(loss, weight * inside)


def offsets_loss(place: Any, weight: Any, offsets: Any, settings: PoseLossSettings) -> Any:
    """Smooth L1 in cells, from the cells around each keypoint to it.

    Args:
        place: `(B, K, 2)` x y in parts of the side.
        weight: `(B, K)`.
        offsets: `(B, h, w, 2K)` in parts of the side: K times x, then K times y.
        settings: which cells count.
    """
    keypoints = place.shape[1]
    height, width = offsets.shape[1:3]
    dx, dy = _to_cells(place, offsets.shape)
    near = ops.cast(ops.square(dx) + ops.square(dy) < settings.offsets_radius**2, "float32")
    near = near * weight[:, None, None]  # (B, h, w, K)
    # Targets are laid beside each other, not outputs cut in two: the gradient of a cut is slow.
    wide, high = (ops.broadcast_to(one, ops.shape(near)) for one in (dx, dy))
    cells = np.repeat(np.array([width, height], np.float32), keypoints)
    error = smooth_l1(offsets * cells - ops.concatenate([wide, high], axis=-1), 0.5)
    return 2 * _mean(error, ops.concatenate([near, near], axis=-1))


def swap_trust(
    want: Any, got: Any, weights: Any, partners: Sequence[int], settings: PoseLossSettings
) -> Any:
    """How far the labels of each keypoint are to be believed, left and right being mixed up.

    A person's labels are taken for exchanged where, over all pairs of which both are labelled,
    the network's error would fall below `swap_ratio` of what it is by exchanging them; then the
    pairs that would gain by it count `swap_weight`. Nobody's are at the start of a training, when
    the network says much the same for both sides.

    Args:
        want: `(B, ≥K, 3)` labels in parts of the side; of weight 0 they may be anything.
        got: `(B, ≥K, 3)` what the network says; no gradient goes there.
        weights: `(B, ≥K, 3)`.
        partners: for each of the K keypoints its partner, or itself.
        settings: ratio and weight.

    Returns:
        `(B, K)`, 1 or `swap_weight`.
    """
    order = np.asarray(partners, np.int32)
    paired = (order != np.arange(len(order))).astype(np.float32)
    weight = ops.min(weights[:, : len(order), :2], axis=-1)  # (B, K)
    place = ops.where(weight[..., None] > 0, want[:, : len(order), :2], 0.0)
    got = ops.stop_gradient(got[:, : len(order), :2])
    both = weight * ops.take(weight, order, axis=1) * paired
    kept = _distance(got - place) * both
    swapped = _distance(got - ops.take(place, order, axis=1)) * both
    kept, swapped = (one + ops.take(one, order, axis=1) for one in (kept, swapped))  # of pairs
    person = ops.sum(swapped, axis=1) < settings.swap_ratio * ops.sum(kept, axis=1)
    gains = ops.logical_and(person[:, None], swapped < kept)
    return ops.where(gains, settings.swap_weight, 1.0)


def _floats(tensors: Tensors) -> dict[str, Any]:
    return {name: ops.cast(value, "float32") for name, value in tensors.items()}


def _in_radii(want: Any, got: Any, settings: DetectorLossSettings) -> Any:
    """Smooth L1 between rows of boxes, in parts of the radius of the person in `want`."""
    # From point 0, mid-hip, to point 1, on the circle.
    radius = ops.sqrt(ops.sum(ops.square(want[..., 6:8] - want[..., 4:6]), axis=-1))
    radius = ops.where(radius > 1.0, radius, 1.0)[..., None]  # pixels
    return smooth_l1((got - want) / radius, settings.curve)


def _labelled(name: str, want: Tensors, got: Tensors, loss: Callable[[Any, Any], Any]) -> Any:
    """Weighted mean of a loss; targets that do not count are taken for 0: NaN times 0 is NaN."""
    weight = want[f"{name}_weight"]
    return _mean(loss(ops.where(weight > 0, want[name], 0.0), got[name]), weight)


def _mean(values: Any, weights: Any) -> Any:
    """Weighted mean; 0 where nothing counts. `weights` may be broadcast."""
    total = ops.sum(ops.broadcast_to(weights, ops.shape(values)))
    return ops.sum(values * weights) / ops.maximum(total, 1e-6)


def _with_total(
    parts: dict[str, Any], settings: PoseLossSettings | DetectorLossSettings
) -> dict[str, Any]:
    total = sum(getattr(settings, name) * value for name, value in parts.items())
    return {**parts, "total": total}


def _to_cells(place: Any, shape: Sequence[Any]) -> tuple[Any, Any]:
    """From each cell's centre to each keypoint, in cells: x `(B, 1, w, K)`, y `(B, h, 1, K)`."""
    height, width = shape[1:3]
    x = place[:, :, 0] * width - 0.5
    y = place[:, :, 1] * height - 0.5
    columns = ops.arange(width, dtype="float32")[None, None, :, None]
    rows = ops.arange(height, dtype="float32")[None, :, None, None]
    return x[:, None, None] - columns, y[:, None, None] - rows


def _distance(error: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(error), axis=-1))
