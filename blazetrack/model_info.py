"""The description of a model file: kind, head, input, outputs.

A card (`store/card.py`) is this record as text; the backend, the heads, training, evaluation and
export read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from blazetrack.skeleton import Skeleton

__all__ = ["SCORE_FEATURES", "Anchors", "ModelInfo"]

SCORE_FEATURES = (
    "presence",
    "visibility",
    "doubt",
    "off_center",
    "head_up",
    "limb_asymmetry",
    "spread",
    "peak",
    "trunk_peak",
)
"""Features of a pose that its score is calculated from: see `blazetrack.tracking.pose_score`."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Layout of a single-shot detector's anchors.

    Attributes:
        strides: pixels between cell centres, one per feature map; maps of equal stride that
            follow each other share their cells.
        per_map: anchors per cell and map.
    """

    strides: tuple[int, ...]
    per_map: int = 2


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Description of a model file.

    A pixel value 0..255 becomes an input value in three steps: it is scaled to `input_range`, the
    channel's `mean` is subtracted, and the result is divided by the channel's `std`.

    Attributes:
        name: the store's name of the model, or the file's own.
        kind: `detector`, `landmarks` or `refinement`.
        input_hw: height and width of the input tensor in pixels.
        input_range: input value of a black and of a white pixel, before `mean` and `std`.
        border: pixels outside the image: `zero` (black) or `replicate` (the edge pixel).
        outputs: meaning → tensor name in the file (or signature output name). The meanings are
            those of the head: `blazetrack.heads.HEADS`.
        head: meaning of the output tensors, a name in `blazetrack.heads.HEADS`; empty is that of
            the published models of this kind, `ssd` or `blazepose`.
        head_options: options of the head, by name.
        mean: one value per channel in the order of the input tensor, or None for 0.
        std: likewise, or None for 1.
        channels: order of the input tensor's channels.
        layout: order of the input tensor's axes.
        score_coefficients: `intercept` and a factor per name in `SCORE_FEATURES`, for the
            probability that a pose is right; empty if they are not known (landmark models).
        input_dtype: type of the input tensor. `uint8` and `int8` inputs are quantized with the
            tensor's own scale and zero point where the file has them.
        skeleton: keypoint set (landmark and refinement models).
        anchors: anchor layout (detectors).
    """

    name: str
    kind: str
    input_hw: tuple[int, int]
    input_range: tuple[float, float]
    border: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    skeleton: Skeleton | None = None
    anchors: Anchors | None = None
    head: str = ""
    head_options: Mapping[str, object] = field(default_factory=dict)
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nhwc", "nchw"] = "nhwc"
    input_dtype: Literal["float32", "uint8", "int8"] = "float32"
    score_coefficients: Mapping[str, float] = field(default_factory=dict)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input tensor: `(1, h, w, 3)` or `(1, 3, h, w)`."""
        return (1, 3, *self.input_hw) if self.layout == "nchw" else (1, *self.input_hw, 3)
