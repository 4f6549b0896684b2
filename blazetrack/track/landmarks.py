"""The landmark node: aligned crops in, keypoints with visibility and presence out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.errors import ModelError
from blazetrack.heads.blazepose import decode_landmarks
from blazetrack.heads.heatmap_refinement import refine_landmarks
from blazetrack.heads.sigmoid import sigmoid
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Crops, Landmarks

__all__ = ["Landmarker"]


class Landmarker:
    """Regress keypoints on each crop; crops that show nobody give no row.

    Args:
        model: a landmark model with outputs `landmarks` and `score`, and if it has them `world`,
            `heatmap` and `mask`.
        min_score: at or below this a crop shows nobody (MediaPipe compares strictly too).
        refine: move landmarks to their heatmap's centre, where the model has heatmaps.
        kernel_size: side of the refinement window, in heatmap cells; odd.
        masks: also give segmentation masks.
    """

    def __init__(
        self,
        model: Model,
        min_score: float = 0.5,
        refine: bool = True,
        kernel_size: int = 7,
        masks: bool = False,
    ) -> None:
        info = model.info
        if info.kind != "landmarks":
            raise ModelError(f"landmarks: expected a landmark model, got {info.name} ({info.kind})")
        self._refine = refine and "heatmap" in info.outputs
        self._world = "world" in info.outputs
        wanted = {"heatmap": self._refine, "world": self._world, "mask": masks}
        model.want("landmarks", "score", *(name for name, want in wanted.items() if want))
        self._model = model
        self._keypoints = len(info.skeleton or BLAZEPOSE33)
        self._side = np.array(info.input_hw[::-1], np.float64)
        self._min_score = min_score
        self._kernel_size = kernel_size
        self._masks = masks

    def __call__(self, crop: Crops) -> Landmarks:
        n, k = len(crop), self._keypoints
        points, world = np.empty((n, k + 2, 5)), np.zeros((n, k, 3))
        scores = np.empty(n)
        row: list[int] = []
        masks: list[NDArray[np.float32]] = []
        for i, pixels in enumerate(crop.pixels):
            outputs = self._model.run(pixels)
            score = float(outputs["score"].reshape(-1)[0])
            if score > self._min_score:  # false for NaN
                place = len(row)
                row.append(i)
                scores[place] = score
                self._decode(outputs, points[place], world[place])
                if self._masks:
                    masks.append(sigmoid(outputs["mask"][0, :, :, 0]))
            del outputs  # the model's own memory, which its next run must have back
        return self._landmarks(points[: len(row)], world, scores, row, masks)

    def _decode(
        self, outputs: Mapping[str, NDArray[Any]], points: NDArray[Any], world: NDArray[Any]
    ) -> None:
        points[:] = decode_landmarks(outputs["landmarks"], self._keypoints)
        if self._refine:
            unit = (points[:, :2] / self._side).astype(np.float32)
            refined = refine_landmarks(unit, outputs["heatmap"][0], self._kernel_size)
            points[:, :2] = refined * self._side
        if self._world:
            world[:] = outputs["world"].reshape(-1, 3)[: self._keypoints]

    def _landmarks(
        self,
        points: NDArray[Any],
        world: NDArray[Any],
        scores: NDArray[Any],
        row: list[int],
        masks: list[NDArray[np.float32]],
    ) -> Landmarks:
        n, k = len(row), self._keypoints
        height, width = self._model.info.input_hw
        return Landmarks(
            xyz_crop=points[:, :k, :3],
            alignment_crop=points[:, k:, :2],
            world_m=world[:n],
            visibility=points[:, :k, 3],
            presence=points[:, :k, 4],
            scores=scores[:n],
            row=np.array(row, np.int64),
            masks_crop=np.reshape(masks, (n, height, width)) if self._masks else None,
        )
