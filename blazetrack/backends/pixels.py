"""8-bit RGB pixels → values of an input tensor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends.base import Array
from blazetrack.model_info import ModelInfo

__all__ = ["PixelWriter", "input_tensor", "pixel_values"]


def pixel_values(info: ModelInfo, quantization: tuple[float, int] = (0.0, 0)) -> Array:
    """The input value of each 8-bit pixel value.

    The step of the range is rounded to float32 before it is used, as in MediaPipe
    (image_to_tensor_utils.cc, `GetValueRangeTransformation`).

    Args:
        info: range, mean, standard deviation and type of the input.
        quantization: scale and zero point of an integer input; without a scale the values
            themselves are rounded.

    Returns:
        `(3, 256)` of type `info.input_dtype`, a row per channel in the order of the input tensor.
    """
    low, high = info.input_range
    step = np.float64(np.float32((high - low) / 255))
    values = np.arange(256) * step + low
    mean, std = (np.array(v, np.float64) for v in (info.mean or [0.0] * 3, info.std or [1.0] * 3))
    values = (values - mean[:, None]) / std[:, None]
    if info.input_dtype == "float32":
        return values.astype(np.float32)
    scale, zero = quantization
    values = np.rint(values / scale) + zero if scale else np.rint(values)
    limits = np.iinfo(info.input_dtype)
    return values.clip(limits.min, limits.max).astype(info.input_dtype)


def input_tensor(info: ModelInfo, pixels: NDArray[np.uint8]) -> Array:
    """The input tensor of one crop `(h, w, 3)` uint8 RGB, without a quantization of its own."""
    tensor = np.empty(info.input_shape, info.input_dtype)
    PixelWriter(info)(pixels, tensor[0])
    return tensor


class PixelWriter:
    """Writes pixels into an input tensor: its range, channel order, layout and type.

    Args:
        info: see `pixel_values`.
        quantization: see `pixel_values`.
    """

    def __init__(self, info: ModelInfo, quantization: tuple[float, int] = (0.0, 0)) -> None:
        self._values = pixel_values(info, quantization)
        self._planar = info.layout == "nchw"
        self._order = (2, 1, 0) if info.channels == "bgr" else (0, 1, 2)
        same = bool((self._values == self._values[0]).all())
        self._one_pass = same and not self._planar and info.channels == "rgb"
        scaled = info.input_dtype == "float32" and info.input_range[0] == 0 and info.mean is None
        self._factor = self._values[0, 1] if scaled and info.std is None else None

    def __call__(self, pixels: NDArray[np.uint8], view: Array) -> None:
        """Write `(h, w, 3)` pixels into `(h, w, 3)` or `(3, h, w)` of the tensor."""
        if not self._one_pass:
            planes = view if self._planar else np.moveaxis(view, -1, 0)
            for plane, values, channel in zip(planes, self._values, self._order, strict=True):
                plane[...] = values[pixels[..., channel]]
        elif self._factor is not None:
            np.multiply(pixels, self._factor, out=view, dtype=np.float32)
        else:
            np.take(self._values[0], pixels, out=view)
