"""The node `landmarks`: aligned crops → keypoints with visibility and presence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.backends import Model
from blazetrack.errors import ModelError
from blazetrack.heads import HEADS, check_options, decode
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Crops, Landmarks

__all__ = ["Landmarker"]


class Landmarker:
    """Find the keypoints in each crop; a crop without a person gives no row.

    Args:
        model: a landmark model.
        min_score: people with a score at or below this are dropped (MediaPipe compares strictly
            too).
        refine: move landmarks to the centre of their heatmap, where the model has heatmaps. None
            leaves it to the model's card, and is true. Head `blazepose` only, as all that follow.
        kernel_size: side of the refinement window, in heatmap cells; odd. None leaves it to the
            model's card, and is 7.
        masks: also give segmentation masks.
        several: require a model that finds several people in one crop, such as one of head `paf`.

    Raises:
        ModelError: the model has another kind, or its head has no such option.
    """

    def __init__(
        self,
        model: Model,
        min_score: float = 0.5,
        refine: bool | None = None,
        kernel_size: int | None = None,
        masks: bool = False,
        several: bool = False,
    ) -> None:
        info = model.info
        if info.kind != "landmarks":
            raise ModelError(f"landmarks: expected a landmark model, got {info.name} ({info.kind})")
        given = {"refine": refine, "kernel_size": kernel_size, "masks": masks or None}
        options = {name: value for name, value in given.items() if value is not None}
        self._info = replace(info, head_options={**info.head_options, **options})
        self._head = check_options(self._info)
        if several and not self._head.several:
            known = ", ".join(
                name for name, head in HEADS.items() if head.several and head.kind == "landmarks"
            )
            raise ModelError(
                f"landmarks: expected a model that finds several people (head {known}), got"
                f" {info.name}: name one with --model"
            )
        model.want(*self._head.reads(self._info))
        self._model = model
        self._min_score = min_score
        self._masks = masks

    def __call__(self, crop: Crops) -> Landmarks:
        people = [self._people(crop, row) for row in range(len(crop))]
        if people:
            return Landmarks.joined(people)
        empty = Landmarks.empty(len(self._info.skeleton or BLAZEPOSE33))
        masks = np.zeros((0, *self._info.input_hw), np.float32) if self._masks else None
        return replace(empty, masks_crop=masks, skeleton=self._info.skeleton)

    def _people(self, crop: Crops, row: int) -> Landmarks:
        found: Landmarks = decode(self._head, self._model.run(crop.pixels[row]), self._info)
        kept = found.scores > self._min_score  # false for NaN
        found = found if kept.all() else found.take(kept)
        return replace(found, row=found.row + row) if row else found
