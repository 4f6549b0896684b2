"""Test-time augmentation: several runs of a landmark network over one person.

The regions are turned a little, of other sizes, and mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.backends import FileModel, Model
from blazetrack.errors import ModelError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.tracking.landmarks import Landmarker
from blazetrack.types import Frame, Poses
from models.data.transforms.person_crop import region

__all__ = ["AROUND", "FIRST", "MORE", "AugmentedLandmarker", "View"]

Float = NDArray[np.float64]
View = tuple[float, float, bool]  # degrees, size of the circle, mirrored

PARTNERS = np.array(BLAZEPOSE33.partners)
# Small changes of the region change the predictions for people who are not upright: these five
# views give most of what twelve give (held-out joints of LSPET: PCK@0.2 0.73 and 0.74, and 0.69
# for one run; of COCO people 0.79, 0.81 and 0.71).
FIRST: tuple[View, ...] = (
    (0, 1.0, False), (0, 1.0, True), (0, 0.87, False), (-15, 1.0, False), (15, 1.0, True),
)  # fmt: skip
MORE: tuple[View, ...] = (
    (15, 1.0, False), (-15, 1.0, True), (0, 1.14, False), (-30, 1.0, False), (30, 1.0, False),
    (-30, 1.0, True), (30, 1.0, True),
)  # fmt: skip
AROUND: tuple[View, ...] = tuple((45.0 * turn, 1.0, False) for turn in range(8))


class AugmentedLandmarker:
    """A landmark network of 33 points, run on several views of a person.

    Args:
        model: a landmark model of `blazepose33`.
        name: the network's, or its file's checksum: part of what identifies the labels.
    """

    def __init__(self, model: Model, name: str = "") -> None:
        skeleton = model.info.skeleton
        if skeleton is None or skeleton.names != BLAZEPOSE33.names:
            got = f"{model.info.name} ({skeleton.name if skeleton else model.info.kind})"
            raise ModelError(f"pseudo-labels: expected a model of {BLAZEPOSE33.name}, got {got}")
        self.name = name or model.info.name
        self._crop = Crop(model)
        self._landmarker = Landmarker(model, min_score=-1.0)  # compared with labels instead

    @classmethod
    def published(
        cls, *, store: Store | None = None, threads: int | None = 1
    ) -> AugmentedLandmarker:
        """The published `full` network, with heatmap refinement."""
        store = store or Store()
        found = store.find("full")
        model = FileModel(found.info, partial(store.variant, found), threads=threads)
        return cls(model, found.sha256)

    def predict(
        self, image: NDArray[np.uint8], alignment_px: NDArray[np.floating], views: Sequence[View]
    ) -> Poses:
        """Predictions of one person.

        Args:
            image: `(H, W, 3)` uint8.
            alignment_px: `(2, 2)`, of the person.
            views: changes of that region.

        Returns:
            One row per view, in the pixels of `image`, left and right as in it.
        """
        turned = np.stack([_turned(alignment_px, view) for view in views])
        mirrored = np.array([view[2] for view in views])
        parts, order = [], np.argsort(mirrored, kind="stable")
        for mirror in (False, True):
            rows = np.flatnonzero(mirrored == mirror)
            if len(rows):
                shown = np.ascontiguousarray(image[:, ::-1]) if mirror else image
                where = _mirror_xy(turned[rows], image.shape[1]) if mirror else turned[rows]
                poses = self._run(shown, where)
                parts.append(_unmirrored(poses, image.shape[1]) if mirror else poses)
        return Poses.joined(parts).take(np.argsort(order, kind="stable"))

    def _run(self, image: NDArray[np.uint8], alignment_px: Float) -> Poses:
        crops = self._crop(Frame(image), region(alignment_px))
        return project(self._landmarker(crops), crops)


def _turned(alignment_px: NDArray[np.floating], view: View) -> Float:
    degrees, size, _ = view
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    center, rim = np.asarray(alignment_px, np.float64)
    radius = size * (np.array([[cos, -sin], [sin, cos]]) @ (rim - center))
    return np.stack([center, center + radius])


def _mirror_xy(xy_px: Float, width: int) -> Float:
    mirrored = np.array(xy_px, np.float64)
    mirrored[..., 0] = width - 1 - mirrored[..., 0]
    return mirrored


def _unmirrored(poses: Poses, width: int) -> Poses:
    """Predictions of the mirrored picture in the picture itself."""
    world = poses.world_landmarks_m[:, PARTNERS] * np.array([-1.0, 1.0, 1.0])
    return replace(
        poses,
        landmarks_px=_mirror_xy(poses.landmarks_px[:, PARTNERS], width),
        world_landmarks_m=world,
        visibility=poses.visibility[:, PARTNERS],
        presence=poses.presence[:, PARTNERS],
        alignment_px=_mirror_xy(poses.alignment_px, width),
    )
