"""The interface of a loaded model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Interpreter"]

Array = NDArray[Any]


class Interpreter(Protocol):
    """A loaded network with one input.

    The views are the interpreter's own memory, so nothing is copied: drop an input view before
    `invoke`, and output views before the next one.
    """

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input tensor: `(1, h, w, 3)` or `(1, 3, h, w)`."""
        ...

    @property
    def input_dtype(self) -> np.dtype[Any]:
        """Type of the input tensor."""
        ...

    @property
    def input_quantization(self) -> tuple[float, int]:
        """Scale and zero point of an integer input; the scale is 0 where the file has none."""
        ...

    @property
    def output_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Tensor name → shape."""
        ...

    def input_view(self) -> Array:
        """The input tensor without its first axis."""
        ...

    def invoke(self) -> None:
        """Run the network once."""
        ...

    def output_view(self, name: str) -> Array:
        """The output tensor of that name; a quantized one as float32 values in new memory."""
        ...
