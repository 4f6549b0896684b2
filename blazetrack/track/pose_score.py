"""The node `pose_score`: the probability that a pose is right, by logistic regression.

A pose is right if it has an object keypoint similarity (OKS) of at least 0.5 with a person. The
features are by-products of the landmark network; the coefficients are those of the model's card.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

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


def pose_features(
    landmarks: Landmarks, crop_hw: tuple[int, int], skeleton: Skeleton = BLAZEPOSE33
) -> Float:
    """Features of the pose in each crop, in the order of `SCORE_FEATURES`.

    Those that the skeleton has no keypoints for are 0:

    - `presence`: logit of the network's score.
    - `visibility`: mean over the keypoints.
    - `doubt`: mean variance of a visibility taken as a probability, v (1 − v).
    - `off_center`: distance of the mid-hip from the centre of the crop, in sides.
    - `head_up`: cosine of the angle between up in the crop and from the shoulders to the face.
    - `limb_asymmetry`: mean absolute logarithm of the ratio of left to right limbs in metres.
    - `spread`: logarithm of the joints' root mean square distance from their centre, in sides.

    Args:
        landmarks: N people with the scores of the network.
        crop_hw: height and width of the crops.
        skeleton: their keypoints.

    Returns:
        `(N, F)` float64.
    """
    return _Features(skeleton)(landmarks, crop_hw)


def pose_probability(features: Float, coefficients: Mapping[str, float]) -> Float:
    """Probability of each pose `(N,)` from its features `(N, F)`; NaN gives 0."""
    weights = np.array([coefficients.get(name, 0.0) for name in SCORE_FEATURES])
    logits = features @ weights + coefficients.get("intercept", 0.0)
    probability: Float = 1.0 / (1.0 + np.exp(-np.clip(logits, -50.0, 50.0)))
    return np.nan_to_num(probability, copy=False, nan=0.0)


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
        self._coefficients = info.score_coefficients
        self._features = _Features(info.skeleton or BLAZEPOSE33)
        self._min_score = min_score

    def __call__(self, landmarks: Landmarks, crop: Crops) -> Landmarks:
        scores = landmarks.scores
        if self._coefficients and len(scores):
            features = self._features(landmarks, crop.pixels.shape[1:3])
            scores = pose_probability(features, self._coefficients)
            landmarks = replace(landmarks, scores=scores)
        kept = scores >= self._min_score
        return landmarks if kept.all() else landmarks.take(kept)


class _Features:
    """`pose_features` of one skeleton.

    Means and differences of keypoints are products with constant matrices, one for points in the
    crop and one for metres: a pose takes a few dozen microseconds.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        at = {name: np.eye(len(skeleton))[i] for i, name in enumerate(skeleton.names)}
        zero, face = np.zeros(len(skeleton)), [at[name] for name in FACE if name in at]
        joints = [at[name] for joint in JOINTS for name in _both(joint) if name in at]
        self._has_torso = {*_both("shoulder"), *_both("hip")} <= at.keys()
        hips = shoulders = to_face = zero
        if self._has_torso:
            hips, shoulders = ((at[a] + at[b]) / 2 for a, b in map(_both, ("hip", "shoulder")))
            to_face = np.mean(face, axis=0) - shoulders if face else zero
        apart = np.array(joints) - np.mean(joints, axis=0) if joints else np.zeros((1, len(zero)))
        self._in_crop = np.stack([hips, to_face, *apart])
        self._limbs = np.array(
            [
                [at[side_a] - at[side_b] for side_a, side_b in zip(_both(a), _both(b), strict=True)]
                for a, b in LIMBS
                if {*_both(a), *_both(b)} <= at.keys()
            ]
        ).reshape(-1, len(zero))  # (2 L, K): left, right, left, right …

    def __call__(self, landmarks: Landmarks, crop_hw: tuple[int, ...]) -> Float:
        height, width = crop_hw
        in_crop = self._in_crop @ landmarks.xyz_crop[..., :2]
        in_crop /= (width, height)
        seen = landmarks.visibility
        present = np.minimum(np.maximum(landmarks.scores, MIN_PRESENCE), 1.0 - MIN_PRESENCE)
        out = np.zeros((len(landmarks), len(SCORE_FEATURES)))
        out[:, 0] = np.log(present / (1.0 - present))
        out[:, 1] = seen.mean(axis=1)
        out[:, 2] = (seen * (1.0 - seen)).mean(axis=1)
        if self._has_torso:
            x, y = (in_crop[:, 0] - 0.5).T
            out[:, 3] = np.hypot(x, y)
            x, y = in_crop[:, 1].T
            out[:, 4] = -y / np.maximum(np.hypot(x, y), 1e-9)
        if len(self._limbs):
            squared = np.square(self._limbs @ landmarks.world_m).sum(axis=-1)
            log = 0.5 * np.log(np.maximum(squared, MIN_LIMB_M**2))
            out[:, 5] = np.abs(log[:, ::2] - log[:, 1::2]).mean(axis=1)
        apart = np.square(in_crop[:, 2:]).sum(axis=(1, 2)) / (in_crop.shape[1] - 2)
        out[:, 6] = 0.5 * np.log(np.maximum(apart, 1e-6))
        return out


def _both(joint: str) -> tuple[str, str]:
    return f"left_{joint}", f"right_{joint}"
