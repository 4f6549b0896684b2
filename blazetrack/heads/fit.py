"""Whether the tensors of a network are those that its description names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from blazetrack.errors import ModelError, did_you_mean
from blazetrack.heads import decode, head_of
from blazetrack.model_info import ModelInfo

__all__ = ["Tensors", "TensorsOf", "check_outputs", "check_tensors"]

Shape = tuple[int, ...]


class TensorsOf(Protocol):
    """What has the tensors of a network: an interpreter, or `Tensors`."""

    @property
    def input_shape(self) -> Shape: ...
    @property
    def input_dtype(self) -> str: ...
    @property
    def output_shapes(self) -> Mapping[str, Shape]: ...


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors of a network with one input.

    Attributes:
        input_name: of the input tensor.
        input_shape: of the input tensor, `(1, h, w, 3)` or `(1, 3, h, w)`.
        input_dtype: by its numpy name.
        output_shapes: tensor name → shape.
        output_dtypes: tensor name → type by its numpy name.
    """

    input_name: str
    input_shape: Shape
    input_dtype: str
    output_shapes: Mapping[str, Shape]
    output_dtypes: Mapping[str, str]


def check_tensors(info: ModelInfo, tensors: TensorsOf, meanings: Iterable[str], file: str) -> None:
    """Check the input, and the names of the outputs with these meanings.

    Args:
        info: the description.
        tensors: of the network.
        meanings: some of `info.outputs`.
        file: path of the network, for messages.

    Raises:
        ModelError: they differ from the description.
    """
    if (got := tensors.input_shape) != (want := info.input_shape):
        raise ModelError(
            f"model {file}: expected an input of shape {want}, got {got}; describe it in its card"
            f" (docs/models.md, your own models; `blazetrack models info {file}` shows a starter)"
        )
    if (dtype := tensors.input_dtype) != info.input_dtype:
        want_dtype = f"expected a {info.input_dtype} input"
        correction = "correct input_dtype in its card"
        raise ModelError(f"model {file}: {want_dtype}, got {dtype}; {correction}")
    for name in sorted({info.outputs[one] for one in meanings} - set(tensors.output_shapes)):
        hint = did_you_mean(name, tensors.output_shapes)
        raise ModelError(f"model {file}: has no output tensor '{name}'; {hint}")


def check_outputs(info: ModelInfo, tensors: TensorsOf) -> None:
    """Check the shapes of all outputs: the head decodes zeros of these shapes.

    Optional outputs that an option switches on are decoded with that option.

    Args:
        info: the description, whose output names are those of `tensors`.
        tensors: of the network.

    Raises:
        ModelError: the head reads other shapes, such as those of another number of keypoints.
    """
    head = head_of(info)
    outputs = {
        meaning: np.zeros(tensors.output_shapes[name], np.float32)
        for meaning, name in info.outputs.items()
    }
    if info.layout == "nchw":
        maps = {meaning: one for meaning, one in outputs.items() if one.ndim == 4}
        outputs |= {meaning: one.transpose(0, 2, 3, 1) for meaning, one in maps.items()}
    score = outputs.get("score")
    if score is not None and score.size != 1:
        raise ModelError(f"model {info.name}: expected one value as score, got {score.shape}")
    choices = [one for name, one in head.optional.items() if one and name in info.outputs]
    for options in ({}, *({name: value} for name, value in choices)):
        decode(head, outputs, replace(info, head_options={**info.head_options, **options}))
