"""One person read several times by a landmark network: turned a little, other sizes, mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.align.roi import rois_from_alignment
from blazetrack.backends import FileModel, Model
from blazetrack.errors import ModelError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.track.landmarks import Landmarker
from blazetrack.types import Frame, Poses
from models.distill.label_fusion import TeacherSettings

__all__ = ["AROUND", "FIRST", "MORE", "Guess", "Teacher", "stack"]

Float = NDArray[np.float64]
Guess = tuple[float, float, bool]  # degrees, size of the circle, mirrored

PARTNERS = np.array(BLAZEPOSE33.partners)
# Small changes of what the network is shown change what it says about people who are not upright:
# these five give most of what twelve give (held-out joints of LSPET: PCK@0.2 0.73 and 0.74, and
# 0.69 for one run; of COCO people 0.79, 0.81 and 0.71).
FIRST: tuple[Guess, ...] = (
    (0, 1.0, False), (0, 1.0, True), (0, 0.87, False), (-15, 1.0, False), (15, 1.0, True),
)  # fmt: skip
MORE: tuple[Guess, ...] = (
    (15, 1.0, False), (-15, 1.0, True), (0, 1.14, False), (-30, 1.0, False), (30, 1.0, False),
    (-30, 1.0, True), (30, 1.0, True),
)  # fmt: skip
AROUND: tuple[Guess, ...] = tuple((45.0 * turn, 1.0, False) for turn in range(8))


class Teacher:
    """A landmark network of 33 points that looks at people as it is told.

    Args:
        model: a landmark model of `blazepose33`.
        settings: what it takes to believe it.
        name: the network's, or its file's checksum: part of what identifies the labels.

    Attributes:
        settings: as above.
        name: as above.
    """

    def __init__(
        self, model: Model, settings: TeacherSettings | None = None, name: str = ""
    ) -> None:
        skeleton = model.info.skeleton
        if skeleton is None or skeleton.names != BLAZEPOSE33.names:
            got = f"{model.info.name} ({skeleton.name if skeleton else model.info.kind})"
            raise ModelError(f"teacher: expected a model of {BLAZEPOSE33.name}, got {got}")
        self.name = name or model.info.name
        self.settings = settings or TeacherSettings()
        self._crop = Crop(model)
        self._landmarker = Landmarker(model, min_score=-1.0)  # judged by the labels, not by itself

    @classmethod
    def published(
        cls,
        settings: TeacherSettings | None = None,
        *,
        store: Store | None = None,
        threads: int | None = 1,
    ) -> Teacher:
        """The published `full` network, with heatmap refinement."""
        store = store or Store()
        found = store.find("full")
        model = FileModel(found.info, partial(store.variant, found), threads=threads)
        return cls(model, settings, found.sha256)

    def read(
        self, image: NDArray[np.uint8], alignment_px: Float, guesses: Sequence[Guess]
    ) -> Poses:
        """Look at one person several times.

        Args:
            image: `(H, W, 3)` uint8.
            alignment_px: `(2, 2)`, where the person is.
            guesses: how to change that each time.

        Returns:
            One row per guess, in the pixels of `image`, left and right as in it.
        """
        turned = np.stack([_turned(alignment_px, guess) for guess in guesses])
        mirrored = np.array([guess[2] for guess in guesses])
        parts, order = [], np.argsort(mirrored, kind="stable")
        for mirror in (False, True):
            rows = np.flatnonzero(mirrored == mirror)
            if len(rows):
                seen = np.ascontiguousarray(image[:, ::-1]) if mirror else image
                where = _mirror_xy(turned[rows], image.shape[1]) if mirror else turned[rows]
                poses = self._look(seen, where)
                parts.append(_unmirrored(poses, image.shape[1]) if mirror else poses)
        return stack(parts).take(np.argsort(order, kind="stable"))

    def _look(self, image: NDArray[np.uint8], alignment_px: Float) -> Poses:
        rois = rois_from_alignment(alignment_px, np.zeros(len(alignment_px), np.int64))
        crops = self._crop(Frame(image), rois)
        return project(self._landmarker(crops), crops)


def stack(parts: Sequence[Poses]) -> Poses:
    """The rows of several readings, one after another."""
    fields = ("landmarks_px", "world_landmarks_m", "visibility", "presence", "scores", "ids")
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in (*fields, "alignment_px")
    }
    return Poses(**joined)


def _turned(alignment_px: Float, guess: Guess) -> Float:
    degrees, size, _ = guess
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    center, rim = np.asarray(alignment_px, np.float64)
    radius = size * (np.array([[cos, -sin], [sin, cos]]) @ (rim - center))
    return np.stack([center, center + radius])


def _mirror_xy(xy_px: Float, width: int) -> Float:
    mirrored = np.array(xy_px, np.float64)
    mirrored[..., 0] = width - 1 - mirrored[..., 0]
    return mirrored


def _unmirrored(poses: Poses, width: int) -> Poses:
    """What was read in the mirrored picture, as it is in the picture itself."""
    world = poses.world_landmarks_m[:, PARTNERS] * np.array([-1.0, 1.0, 1.0])
    return replace(
        poses,
        landmarks_px=_mirror_xy(poses.landmarks_px[:, PARTNERS], width),
        world_landmarks_m=world,
        visibility=poses.visibility[:, PARTNERS],
        presence=poses.presence[:, PARTNERS],
        alignment_px=_mirror_xy(poses.alignment_px, width),
    )
