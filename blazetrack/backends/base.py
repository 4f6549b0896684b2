"""What every TFLite interpreter looks like from inside blazetrack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Interpreter"]

Array = NDArray[Any]


class Interpreter(Protocol):
    """A loaded model with one input that runs tensors.

    Attributes:
        input_shape: shape of the input tensor, `(1, h, w, 3)`.
        output_shapes: tensor name → shape.
    """

    @property
    def input_shape(self) -> tuple[int, ...]: ...

    @property
    def output_shapes(self) -> Mapping[str, tuple[int, ...]]: ...

    def run(self, tensor: NDArray[np.float32]) -> Mapping[str, Array]:
        """Run once: `(h, w, 3)` float32 in, arrays by tensor name out (owned by the caller)."""
        ...
