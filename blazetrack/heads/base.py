"""The record that describes a head, and what the heads of single-person networks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from blazetrack.heads.sigmoid import logit, sigmoid
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Landmarks

__all__ = [
    "SHARED_OPTIONS",
    "Array",
    "Head",
    "Options",
    "Outputs",
    "from_pixels",
    "keypoints_of",
    "one_person",
    "option",
    "probabilities",
    "raw_scores",
    "to_pixels",
]

Array = NDArray[Any]
Outputs = Mapping[str, Array]  # meaning → output tensor of one run, `(1, …)`
Options = Mapping[str, tuple[bool | int | str, ...]]  # name → allowed values, the default first
Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Head:
    """The meaning of a network's output tensors.

    Attributes:
        kind: kind of the models that have it.
        required: meanings of the outputs that a model must have.
        optional: meanings of the outputs that a model may have.
        reads: description of a model → meanings of the outputs that `decode` reads.
        decode: outputs of one crop and the description of the model → `Landmarks`, or `Detections`
            where `kind` is `detector`; any number of people, all with row 0.
        encode: people of one crop and the description → outputs; the inverse of `decode`.
        options: option name → allowed values, the default first.
    """

    kind: Literal["detector", "landmarks"]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    reads: Callable[[ModelInfo], tuple[str, ...]]
    decode: Callable[..., Any]
    encode: Callable[..., Any]
    options: Options = field(default_factory=dict)


# Options of heads that give points, and scores of single keypoints, without more.
SHARED_OPTIONS: Options = {
    "order": ("xy", "yx"),
    # Parts of the side from the top left corner, pixels of the input, or parts from the centre.
    "coordinates": ("unit", "pixel", "centred"),
    # What is still to be applied to the scores of the network.
    "activation": ("none", "sigmoid"),
    # The person's score without an output `score`, from those of the keypoints.
    "person_score": ("mean", "max"),
}


def option(info: ModelInfo, options: Options, name: str) -> Any:
    """The value of an option of a model's head."""
    return info.head_options.get(name, options[name][0])


def keypoints_of(info: ModelInfo) -> int:
    """K of a landmark model."""
    return len(info.skeleton or BLAZEPOSE33)


def to_pixels(points: Array, info: ModelInfo) -> Float:
    """Points `(…, 2)` or `(…, 3)` in the order and unit of the network → x y (z), crop pixels."""
    out = points.astype(np.float64)
    if option(info, SHARED_OPTIONS, "order") == "yx":
        out[..., :2] = points[..., 1::-1]
    scale, origin = _unit(out.shape[-1], info)
    return (out + origin) * scale


def from_pixels(points: Array, info: ModelInfo) -> Array:
    """The inverse of `to_pixels`, float32."""
    scale, origin = _unit(points.shape[-1], info)
    out = (points / scale - origin).astype(np.float32)
    if option(info, SHARED_OPTIONS, "order") == "yx":
        out[..., :2] = out[..., 1::-1].copy()
    return out


def _unit(size: int, info: ModelInfo) -> tuple[Float, Float]:
    """Pixels per unit of the network's x y (z), and the value of its origin in that unit."""
    unit, (height, width) = option(info, SHARED_OPTIONS, "coordinates"), info.input_hw
    scale = [1.0, 1.0, 1.0] if unit == "pixel" else [width, height, width]
    origin = [0.5, 0.5, 0.0] if unit == "centred" else [0.0, 0.0, 0.0]
    return np.array(scale[:size], np.float64), np.array(origin[:size])


def probabilities(scores: Array, info: ModelInfo) -> Array:
    """Scores of the network → 0..1."""
    return sigmoid(scores) if option(info, SHARED_OPTIONS, "activation") == "sigmoid" else scores


def raw_scores(scores: Array, info: ModelInfo) -> Array:
    """The inverse of `probabilities`, float32."""
    logits = option(info, SHARED_OPTIONS, "activation") == "sigmoid"
    return logit(scores) if logits else scores.astype(np.float32)


def one_person(
    xyz_crop: Float, keypoint_scores: Array | None, outputs: Outputs, info: ModelInfo
) -> Landmarks:
    """The one person of a crop.

    Its score is the output `score`, else the mean or maximum of the keypoints' scores, else 1.

    Args:
        xyz_crop: `(K, 3)` crop pixels.
        keypoint_scores: `(K,)` in 0..1, taken for visibility and presence; None is 1 for all.
        outputs: of the network; `score` is read where the model has it.
        info: the model.
    """
    seen = np.ones(len(xyz_crop)) if keypoint_scores is None else keypoint_scores.astype(np.float64)
    if "score" in info.outputs:
        score = probabilities(outputs["score"].reshape(-1)[:1], info).astype(np.float64)
    else:
        pool = np.max if option(info, SHARED_OPTIONS, "person_score") == "max" else np.mean
        score = np.array([pool(seen)], np.float64)
    return Landmarks(
        xyz_crop=xyz_crop[None],
        world_m=np.zeros((1, *xyz_crop.shape)),
        visibility=seen[None],
        presence=seen[None],
        scores=score,
        row=np.zeros(1, np.int64),
        skeleton=info.skeleton,
    )
