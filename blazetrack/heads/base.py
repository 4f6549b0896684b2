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
    "encode_scores",
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
        optional: meanings of the outputs that a model may have → None, or the option and its value
            with which the output is read.
        decode: outputs of one crop and the description of the model → `Landmarks`, or `Detections`
            where `kind` is `detector`; any number of people, all with row 0. Of a `refinement`
            displacements `(K, 2)`.
        encode: people of one crop and the description → outputs; the inverse of `decode`.
        options: option name → allowed values, the default first.
        several: it reads whole pictures with any number of people, else the crop of one person.
    """

    kind: Literal["detector", "landmarks", "refinement"]
    required: tuple[str, ...]
    optional: Mapping[str, tuple[str, bool | int | str] | None]
    decode: Callable[..., Any]
    encode: Callable[..., Any]
    options: Options = field(default_factory=dict)
    several: bool = False

    def reads(self, info: ModelInfo) -> tuple[str, ...]:
        """Meanings of the outputs that `decode` reads.

        Of the optional ones those that the model has; where an option names one by another value
        than its default, the model must have it.
        """
        read = [*self.required]
        for meaning, choice in self.optional.items():
            there = meaning in info.outputs
            if choice is not None:
                name, value = choice
                there = there or value != self.options[name][0]
                there = there and option(info, self.options, name) == value
            if there:
                read.append(meaning)
        return tuple(read)


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
    order, scale, origin = _unit(points.shape[-1], info)
    pixels: Float = (points[..., order] + origin) * scale
    return pixels


def from_pixels(points: Array, info: ModelInfo) -> Array:
    """The inverse of `to_pixels`, float32."""
    order, scale, origin = _unit(points.shape[-1], info)
    return np.asarray(points / scale - origin, np.float32)[..., order]


def _unit(size: int, info: ModelInfo) -> tuple[list[int], Float, Float]:
    """Order of the network's x y (z), pixels per unit, and the value of its origin in that unit."""
    order = [1, 0, 2] if option(info, SHARED_OPTIONS, "order") == "yx" else [0, 1, 2]
    unit, (height, width) = option(info, SHARED_OPTIONS, "coordinates"), info.input_hw
    scale = [1.0, 1.0, 1.0] if unit == "pixel" else [width, height, width]
    origin = [0.5, 0.5, 0.0] if unit == "centred" else [0.0, 0.0, 0.0]
    return order[:size], np.array(scale[:size], np.float64), np.array(origin[:size])


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
        keypoint_scores: `(K,)` of the network, taken for visibility and presence; None is 1 for
            all.
        outputs: of the network; `score` is read where the model has it.
        info: the model.
    """
    seen = np.ones(len(xyz_crop))
    if keypoint_scores is not None:
        seen = np.clip(probabilities(keypoint_scores, info).astype(np.float64), 0.0, 1.0)
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


def encode_scores(people: Landmarks, info: ModelInfo) -> dict[str, Array]:
    """The outputs `score` and `scores` for the one person of a crop, where the model has them."""
    scores = {"score": people.scores, "scores": people.visibility[0]}
    return {
        name: raw_scores(values, info)[None]
        for name, values in scores.items()
        if name in info.outputs
    }
