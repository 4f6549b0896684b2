"""The interface of a loaded model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

__all__ = ["Array", "Interpreter"]

Array = NDArray[Any]


class Interpreter(Protocol):
    """A loaded network with one input.

    The views are the interpreter's own memory, so nothing is copied: drop an input view before
    `invoke`, and output views before the next one.

    Attributes:
        input_shape: of the input tensor, `(1, h, w, 3)` or `(1, 3, h, w)`.
        input_dtype: type of the input tensor by its numpy name.
        input_quantization: scale and zero point of an integer input; scale 0 if the file has none.
        output_shapes: tensor name → shape.
    """

    input_shape: tuple[int, ...]
    input_dtype: str
    input_quantization: tuple[float, int]
    output_shapes: Mapping[str, tuple[int, ...]]

    def input_view(self) -> Array:
        """The input tensor without its first axis."""
        ...

    def invoke(self) -> None:
        """Run the network once."""
        ...

    def output_view(self, name: str) -> Array:
        """The output tensor of that name; a quantized one as float32 values in new memory."""
        ...
