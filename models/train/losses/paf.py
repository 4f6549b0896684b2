"""Loss of the paf head: squared error of confidence maps and fields, of each stage."""

from __future__ import annotations

from typing import Any

from keras import ops

from blazetrack.model_info import ModelInfo
from models.train.losses import PafLossSettings, Tensors
from models.train.losses.terms import stages

__all__ = ["parts"]


def parts(
    want: Tensors, got: Tensors, settings: PafLossSettings, info: ModelInfo
) -> dict[str, Any]:
    """Parts of the loss: per cell, summed over channels (arXiv 1611.08050, equation 5).

    Args:
        want: `heatmap` `(B, h, w, K + 1)`, `paf` `(B, h, w, 2L)`, and `weights` `(B, h, w, 1)`, 0
            where people are not labelled.
        got: `heatmap` and `paf` likewise; those of earlier stages are `heatmap_1`, `paf_1` ….
        settings: of the terms.
        info: the network; unused.
    """
    del info
    cells = ops.maximum(ops.sum(want["weights"]), 1.0)
    each = {}
    for name in ("heatmap", "paf"):
        # Most cells hold nothing: those of a keypoint or limb count more.
        held = ops.abs(want[name])
        if name == "heatmap":
            held = ops.concatenate([held[..., :-1], 1.0 - held[..., -1:]], axis=-1)
        weight = want["weights"] * (1.0 + settings.positives * held)
        for suffix, output in stages(got, name).items():
            error = ops.square(output - want[name]) * weight
            each[name + suffix] = ops.sum(error) / cells
    return each
