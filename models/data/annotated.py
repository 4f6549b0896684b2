"""The one type of labelled pictures: a picture, and N people with their keypoints.

Readers yield it, packs hold it, transforms map it to itself: a person's crop and a detector's
canvas are annotated images too. Targets are encoded from it (`models.data.targets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.geometry import apply
from blazetrack.skeleton import Skeleton
from blazetrack.types import check_array

__all__ = ["PEOPLE", "PER_KEYPOINT", "AnnotatedImage", "boxes_around"]

Float = NDArray[np.floating[Any]]

# Fields with one row per person, and the shapes of these rows.
PEOPLE: dict[str, tuple[int | str, ...]] = {
    "points_px": ("K", 3),
    "visibility": ("K",),
    "weights": ("K",),
    "world_m": ("K", 3),
    "alignment_px": (2, 2),
    "boxes_px": (4,),
}
PER_KEYPOINT = tuple(name for name, shape in PEOPLE.items() if shape[0] == "K")
MISSING = {"weights": 0.0}  # of a keypoint without a label; NaN in the other fields


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedImage:
    """A picture with N labelled people of K keypoints; `len` is N.

    All label arrays are float32, or float64 on the canvas of a detector. A keypoint without a
    label has NaN in `points_px` and 0 in `weights`; z may be NaN by itself.

    Attributes:
        image: `(H, W, 3)` uint8, RGB.
        skeleton: the K keypoints.
        points_px: `(N, K, 3)`, x y z in image pixels; z grows away from the camera, 0 at the hips,
            in the scale of x (BlazePose); NaN is unknown.
        visibility: `(N, K)`: 1 visible, 0 hidden or outside of the picture, NaN unknown.
        weights: `(N, K)`, confidence of the label of x y z: 1 ground truth, less for a
            pseudo-label, 0 none.
        world_m: `(N, K, 3)`, metres, origin mid-hip, upright as the picture; NaN is unknown.
        alignment_px: `(N, 2, 2)`, x y of the person's centre (mid-hip), and of the point on the
            circle around the person that lies above the head.
        boxes_px: `(N, 4)`, x0 y0 x1 y1 of the person, or of the head in a `detector_view`; NaN is
            unknown.
        ignore_px: `(M, 4)`, x0 y0 x1 y1 of regions with people who are not labelled well enough:
            neither positive nor negative examples.
        sources: N times data set and number, `lspet/00012`.
    """

    image: NDArray[np.uint8]
    skeleton: Skeleton
    points_px: Float
    visibility: Float
    weights: Float
    world_m: Float
    alignment_px: Float
    boxes_px: Float
    ignore_px: Float
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        n, k = len(self.sources), len(self.skeleton)
        dtype = np.float64 if self.points_px.dtype == np.float64 else np.float32
        wanted: dict[str, tuple[tuple[int | str, ...], Any]] = {
            "image": (("H", "W", 3), np.uint8),
            "ignore_px": (("M", 4), dtype),
        }
        for name, shape in PEOPLE.items():
            wanted[name] = (n, *[k if size == "K" else size for size in shape]), dtype
        for name, (sizes, kind) in wanted.items():
            value = getattr(self, name)
            if getattr(value, "shape", None) != sizes or value.dtype != kind:
                check_array(f"{self.source}: {name}", value, sizes, kind)
        if min(self.image.shape[:2]) < 1:
            raise InputError(f"{self.source}: expected a picture of at least 1×1 pixels")
        if not np.isfinite(self.alignment_px).all():
            raise InputError(f"{self.source}: alignment_px: expected finite pixels")

    def __len__(self) -> int:
        return len(self.sources)

    @classmethod
    def of(
        cls,
        image: NDArray[np.uint8],
        skeleton: Skeleton,
        points_px: Float,
        alignment_px: Float,
        sources: Sequence[str],
        **known: Float,
    ) -> AnnotatedImage:
        """An image whose other fields are unknown; labelled keypoints have weight 1.

        Args:
            image: `(H, W, 3)` uint8.
            skeleton: the K keypoints.
            points_px: `(N, K, 2)` or `(N, K, 3)`, NaN where not labelled; gives the dtype.
            alignment_px: `(N, 2, 2)`.
            sources: of the N people.
            known: other fields by name.
        """
        n, k, dtype = len(sources), len(skeleton), points_px.dtype
        labels: dict[str, Any] = {
            name: np.full((n, *(k if size == "K" else size for size in shape)), np.nan, dtype)
            for name, shape in PEOPLE.items()
        }
        labels["points_px"][..., : points_px.shape[-1]] = points_px
        labels["weights"] = np.isfinite(points_px[..., :2]).all(axis=-1).astype(dtype)
        labels["alignment_px"] = alignment_px.astype(dtype)
        labels["ignore_px"] = np.zeros((0, 4), dtype)
        return cls(image, skeleton, sources=tuple(sources), **{**labels, **known})

    @classmethod
    def empty(
        cls, image: NDArray[np.uint8], skeleton: Skeleton, dtype: Any = None
    ) -> AnnotatedImage:
        """An image without people."""
        points = np.zeros((0, len(skeleton), 3), dtype or np.float32)
        return cls.of(image, skeleton, points, np.zeros((0, 2, 2)), ())

    @property
    def source(self) -> str:
        """Of the first person, for messages."""
        return self.sources[0] if self.sources else "a picture without people"

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """`(N, K)` bool: x and y are known, with a weight."""
        return np.asarray(np.isfinite(self.points_px[..., :2]).all(-1) & (self.weights > 0))

    @property
    def has_torso(self) -> NDArray[np.bool_]:
        """`(N,)` bool: both shoulders and both hips are labelled, so that the upright is known."""
        torso = self.skeleton.torso
        if torso is None:
            return np.zeros(len(self), np.bool_)
        return np.asarray(self.labelled[:, list(torso)].all(axis=1))

    @property
    def diameters_px(self) -> Float:
        """`(N,)`, of the circles: about how tall people stand."""
        center, rim = self.alignment_px[:, 0], self.alignment_px[:, 1]
        diameters: Float = 2 * np.hypot(*(rim - center).T)
        return diameters

    def take(self, rows: Any) -> AnnotatedImage:
        """The same picture with the people at `rows` (numbers or bools)."""
        picked = np.arange(len(self))[rows]
        labels: dict[str, Any] = {name: getattr(self, name)[picked] for name in PEOPLE}
        return replace(self, **labels, sources=tuple(self.sources[row] for row in picked))

    def joined(self, parts: Sequence[AnnotatedImage]) -> AnnotatedImage:
        """This picture with the people and ignored regions of `parts` too."""
        parts = [self, *parts]
        labels: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in (*PEOPLE, "ignore_px")
        }
        return replace(self, **labels, sources=tuple(one for part in parts for one in part.sources))

    def to_skeleton(self, other: Skeleton) -> AnnotatedImage:
        """The same people in the keypoints of `other`, matched by name; new ones have no label."""
        if other == self.skeleton:
            return self
        here, there = np.array(self.skeleton.map_to(other), np.int64).reshape(-1, 2).T
        labels: dict[str, Any] = {}
        for name in PER_KEYPOINT:
            old = getattr(self, name)
            new = (len(self), len(other), *old.shape[2:])
            labels[name] = np.full(new, MISSING.get(name, np.nan), old.dtype)
            labels[name][:, there] = old[:, here]
        return replace(self, skeleton=other, **labels)

    def transformed(self, image: NDArray[np.uint8], affine: NDArray[np.float64]) -> AnnotatedImage:
        """Labels moved along with the pixels, in float64.

        A mirroring affine swaps left and right by name. Boxes keep their shape and stay upright,
        ignored regions become the upright boxes around them; z scales like x and y, and metres
        turn along.

        Args:
            image: `(h, w, 3)` uint8, the picture after the transform.
            affine: `(2, 3)`, a similarity: pixels of this picture to those of `image`.
        """
        linear = affine[:, :2]
        area = float(np.linalg.det(linear))
        scale = abs(area) ** 0.5
        rows = list(_partners(self.skeleton)) if area < 0 else slice(None)
        points = self.points_px[:, rows].astype(np.float64)
        points[..., :2] = apply(affine, points[..., :2])
        points[..., 2] *= scale
        world = self.world_m[:, rows].astype(np.float64)
        world[..., :2] = world[..., :2] @ (linear / scale).T
        corners = self.boxes_px.astype(np.float64).reshape(-1, 2, 2)
        middle, half = apply(affine, corners.mean(axis=1)), 0.5 * scale * np.ptp(corners, axis=1)
        ignored = self.ignore_px.astype(np.float64)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
        ignored = apply(affine, ignored)
        return replace(
            self,
            image=image,
            points_px=points,
            visibility=self.visibility[:, rows].astype(np.float64),
            weights=self.weights[:, rows].astype(np.float64),
            world_m=world,
            alignment_px=apply(affine, self.alignment_px.astype(np.float64)),
            boxes_px=np.concatenate([middle - half, middle + half], axis=1),
            ignore_px=np.concatenate([ignored.min(axis=1), ignored.max(axis=1)], axis=1),
        )


@lru_cache(maxsize=64)
def _partners(skeleton: Skeleton) -> tuple[int, ...]:
    return skeleton.partners


def boxes_around(corners: Float) -> NDArray[np.float64]:
    """`(M, C, 2)` → `(M, 4)` upright boxes around the finite ones; NaN where there are none."""
    finite = np.isfinite(corners).all(axis=-1, keepdims=True)
    low = np.where(finite, corners, np.inf).min(axis=1, initial=np.inf)
    high = np.where(finite, corners, -np.inf).max(axis=1, initial=-np.inf)
    boxes = np.concatenate([low, high], axis=1).astype(np.float64)
    return np.where(np.isfinite(boxes), boxes, np.nan)
