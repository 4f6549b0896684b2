"""What every TFLite interpreter looks like from inside blazetrack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Interpreter"]

Array = NDArray[Any]


class Interpreter(Protocol):
    """A loaded model with one input.

    The views are the interpreter's own memory, so that nothing is copied: an input view is let go
    before `invoke`, and output views before the next one.
    """

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input tensor, `(1, h, w, 3)`."""
        ...

    @property
    def output_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Tensor name → shape."""
        ...

    def input_view(self) -> NDArray[np.float32]:
        """`(h, w, 3)` float32 to write the picture into."""
        ...

    def invoke(self) -> None:
        """Run the network once."""
        ...

    def output_view(self, name: str) -> Array:
        """The output tensor of that name."""
        ...
