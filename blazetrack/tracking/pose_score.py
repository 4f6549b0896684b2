"""The node `pose_score`: the probability that a pose is right, by logistic regression.

A pose is right if it has an object keypoint similarity (OKS) of at least 0.5 with a person. The
features are by-products of the landmark network; the coefficients are those of the model's card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import exp, hypot, isnan, log
from operator import mul

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.errors import ModelError
from blazetrack.model_info import SCORE_FEATURES
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Crops, Landmarks

__all__ = ["PoseScore", "pose_features", "pose_probability"]

Float = NDArray[np.float64]

FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
JOINTS = tuple(dict.fromkeys(joint for limb in LIMBS for joint in limb))
# The network's score is nearer to 0 or 1 than it is right.
MIN_PRESENCE = 1e-4
MIN_LIMB_M = 0.02
# Median of right poses (of `full` on coco_train), and so the substitute where no heatmaps are read.
TYPICAL_PEAK = 0.7


def pose_features(
    landmarks: Landmarks, crop_hw: tuple[int, int], skeleton: Skeleton = BLAZEPOSE33
) -> Float:
    """Features of the pose in each crop, in the order of `SCORE_FEATURES`.

    Those that the skeleton has no keypoints for, or the head no heatmaps, are 0:

    - `presence`: logit of the network's score.
    - `visibility`: mean over the keypoints.
    - `doubt`: mean variance of a visibility taken as a probability, v (1 − v).
    - `off_center`: distance of the mid-hip from the centre of the crop, in sides.
    - `head_up`: cosine of the angle between up in the crop and from the shoulders to the face.
    - `limb_asymmetry`: mean absolute logarithm of the ratio of left to right limbs in metres.
    - `spread`: logarithm of the joints' root mean square distance from their centre, in sides.
    - `peak`: mean of the heatmaps' highest values, minus `TYPICAL_PEAK`.
    - `trunk_peak`: the same of shoulders and hips alone.

    Args:
        landmarks: N people with the scores of the network.
        crop_hw: height and width of the crops.
        skeleton: their keypoints.

    Returns:
        `(N, F)` float64.
    """
    rows = _Features(skeleton)(landmarks, crop_hw)
    return np.array(rows, np.float64).reshape(-1, len(SCORE_FEATURES))


def pose_probability(features: Float, coefficients: Mapping[str, float]) -> Float:
    """Probability of each pose `(N,)` from its features `(N, F)`; NaN gives 0."""
    weights, intercept = _weights(coefficients)
    return np.array([_logistic(row, weights, intercept) for row in features.tolist()])


class PoseScore:
    """Replace the network's score of each person by the probability that the pose is right.

    Args:
        model: the landmark model. Its card gives the coefficients; without any the network's score
            stays.
        min_score: people with a lower score are dropped.

    Raises:
        ModelError: the model has another kind.
    """

    def __init__(self, model: Model, min_score: float = 0.0) -> None:
        info = model.info
        if info.kind != "landmarks":
            raise ModelError(
                f"pose_score: expected a landmark model, got {info.name} ({info.kind})"
            )
        self._known = bool(info.score_coefficients)
        self._weights, self._intercept = _weights(info.score_coefficients)
        self._features = _Features(info.skeleton or BLAZEPOSE33)
        self._min_score = min_score

    def __call__(self, landmarks: Landmarks, crop: Crops) -> Landmarks:
        scores = landmarks.scores.tolist()
        if self._known:
            features = self._features(landmarks, crop.pixels.shape[1:3])
            scores = [_logistic(row, self._weights, self._intercept) for row in features]
            calibrated = np.array(scores, np.float64)
            landmarks = replace(landmarks, scores=calibrated, calibrated=True)
        kept = [score >= self._min_score for score in scores]
        return landmarks if all(kept) else landmarks.take(np.array(kept))


def _weights(coefficients: Mapping[str, float]) -> tuple[list[float], float]:
    """The coefficients in the order of `SCORE_FEATURES`, and the intercept."""
    weights = [coefficients.get(name, 0.0) for name in SCORE_FEATURES]
    return weights, coefficients.get("intercept", 0.0)


def _logistic(features: Sequence[float], weights: Sequence[float], intercept: float) -> float:
    """Probability of one pose; NaN gives 0."""
    logit = sum(map(mul, features, weights), intercept)
    return 0.0 if isnan(logit) else 1.0 / (1.0 + exp(-min(max(logit, -50.0), 50.0)))


class _Features:
    """`pose_features` of one skeleton, as lists.

    Plain numbers: behind a network, when the processor's caches are full of its weights, the first
    call of each numpy function takes longer than all of this for one person.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        at = {name: i for i, name in enumerate(skeleton.names)}
        self._face = [at[name] for name in FACE if name in at]
        self._joints = [at[name] for joint in JOINTS for name in _both(joint) if name in at]
        torso = (*_both("hip"), *_both("shoulder"))
        self._torso = [at[name] for name in torso] if at.keys() >= {*torso} else None
        self._limbs = [
            [(at[side_a], at[side_b]) for side_a, side_b in zip(_both(a), _both(b), strict=True)]
            for a, b in LIMBS
            if at.keys() >= {*_both(a), *_both(b)}
        ]

    def __call__(self, landmarks: Landmarks, crop_hw: tuple[int, ...]) -> list[list[float]]:
        height, width = crop_hw
        columns = (landmarks.xyz_crop, landmarks.world_m, landmarks.visibility, landmarks.scores)
        out, peaks = [], self._peaks(landmarks)
        for row, (xyz, world, seen, score) in enumerate(
            zip(*(one.tolist() for one in columns), strict=True)
        ):
            present = min(max(score, MIN_PRESENCE), 1.0 - MIN_PRESENCE)
            mean = sum(seen) / len(seen)
            doubt = mean - sum(map(mul, seen, seen)) / len(seen)
            x, y = [one[0] / width for one in xyz], [one[1] / height for one in xyz]
            trunk = self._trunk(x, y)
            shape = self._asymmetry(world), self._spread(x, y)
            out.append([log(present / (1.0 - present)), mean, doubt, *trunk, *shape, *peaks[row]])
        return out

    def _peaks(self, landmarks: Landmarks) -> list[tuple[float, float]]:
        """`peak` and `trunk_peak` of each person."""
        if landmarks.peaks is None:
            return [(0.0, 0.0)] * len(landmarks)
        out = []
        for peaks in landmarks.peaks.tolist():
            trunk = [peaks[i] - TYPICAL_PEAK for i in self._torso or ()]
            whole = sum(peaks) / len(peaks) - TYPICAL_PEAK
            out.append((whole, sum(trunk) / max(len(trunk), 1)))
        return out

    def _trunk(self, x: list[float], y: list[float]) -> tuple[float, float]:
        """`off_center` and `head_up`."""
        if self._torso is None:
            return 0.0, 0.0
        hip, other_hip, shoulder, other_shoulder = self._torso
        off_center = hypot((x[hip] + x[other_hip]) / 2 - 0.5, (y[hip] + y[other_hip]) / 2 - 0.5)
        if not self._face:
            return off_center, 0.0
        middle = (x[shoulder] + x[other_shoulder]) / 2, (y[shoulder] + y[other_shoulder]) / 2
        dx = sum([x[i] for i in self._face]) / len(self._face) - middle[0]
        dy = sum([y[i] for i in self._face]) / len(self._face) - middle[1]
        return off_center, -dy / max(hypot(dx, dy), 1e-9)

    def _asymmetry(self, world: list[list[float]]) -> float:
        """`limb_asymmetry`."""
        if not self._limbs:
            return 0.0
        total = 0.0
        for limb in self._limbs:
            squared = []
            for a, b in limb:
                (ax, ay, az), (bx, by, bz) = world[a], world[b]
                dx, dy, dz = ax - bx, ay - by, az - bz
                squared.append(max(dx * dx + dy * dy + dz * dz, MIN_LIMB_M * MIN_LIMB_M))
            left, right = squared
            total += abs(log(left / right))
        return 0.5 * total / len(self._limbs)

    def _spread(self, x: list[float], y: list[float]) -> float:
        """`spread`."""
        xs, ys = [x[i] for i in self._joints], [y[i] for i in self._joints]
        count = max(len(xs), 1)
        mean_x, mean_y = sum(xs) / count, sum(ys) / count
        apart = sum([(a - mean_x) ** 2 for a in xs]) + sum([(b - mean_y) ** 2 for b in ys])
        return 0.5 * log(max(apart / count, 1e-6))


def _both(joint: str) -> tuple[str, str]:
    return f"left_{joint}", f"right_{joint}"
