"""The landmark node: aligned crops in, keypoints with visibility and presence out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.backends.logits import sigmoid
from blazetrack.errors import ModelError
from blazetrack.skeleton import get_skeleton
from blazetrack.track.heatmap import refine_landmarks
from blazetrack.track.landmarks import decode_landmarks
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
        self._keypoints = len(get_skeleton(info.skeleton))
        self._min_score = min_score
        self._kernel_size = kernel_size
        self._masks = masks

    def __call__(self, crop: Crops) -> Landmarks:
        people = []
        for row, tensor in enumerate(crop.tensor):
            outputs = self._model.run(tensor)
            score = float(outputs["score"].reshape(-1)[0])
            if score > self._min_score:  # false for NaN
                people.append((row, score, *self._decode(outputs)))
        return self._stack(people)

    def _decode(self, outputs: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        k = self._keypoints
        points = decode_landmarks(outputs["landmarks"], k)
        if self._refine:
            side = np.array(self._model.info.input_hw[::-1], np.float64)
            unit = (points[:, :2] / side).astype(np.float32)
            points[:, :2] = refine_landmarks(unit, outputs["heatmap"][0], self._kernel_size) * side
        world = outputs["world"].reshape(-1, 3)[:k] if self._world else np.zeros((k, 3))
        if not self._masks:
            return points, world
        return points, world, sigmoid(outputs["mask"][0, :, :, 0])

    def _stack(self, people: list[tuple[Any, ...]]) -> Landmarks:
        k, n = self._keypoints, len(people)
        points = np.reshape([p[2] for p in people], (n, k + 2, 5))
        return Landmarks(
            xyz_crop=points[:, :k, :3],
            alignment_crop=points[:, k:, :2],
            world_m=np.reshape([p[3] for p in people], (n, k, 3)).astype(np.float64),
            visibility=points[:, :k, 3],
            presence=points[:, :k, 4],
            scores=np.array([p[1] for p in people], np.float64),
            row=np.array([p[0] for p in people], np.int64),
            masks_crop=self._stack_masks(people) if self._masks else None,
        )

    def _stack_masks(self, people: list[tuple[Any, ...]]) -> NDArray[np.float32]:
        height, width = self._model.info.input_hw
        return np.reshape([p[4] for p in people], (-1, height, width)).astype(np.float32)
