"""One person in one picture, with what is known of where the keypoints are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.skeleton import Skeleton
from blazetrack.types import check_array

__all__ = ["PoseSample"]

Float = NDArray[np.float32]
AnyFloat = TypeVar("AnyFloat", bound=np.floating)


@dataclass(frozen=True, slots=True, eq=False)
class PoseSample:
    """One person in one picture; K keypoints.

    A keypoint without a label has NaN in `points_px` and 0 in `weights`; z may be NaN by itself.

    Attributes:
        image: `(H, W, 3)` uint8, RGB.
        skeleton: what the K rows are.
        points_px: `(K, 3)` float32, x y z in image pixels; z grows away from the camera, 0 at
            the hips, in the scale of x (BlazePose); NaN is not known.
        visibility: `(K,)` float32: 1 seen, 0 hidden or out of the picture, NaN not known.
        weights: `(K,)` float32, trust in the label of x y z: 1 ground truth, less for a
            teacher's, 0 none.
        world_m: `(K, 3)` float32, metres, origin mid-hip, upright as the picture; NaN is not
            known.
        alignment_px: `(2, 2)` float32, x y of the person's centre (mid-hip), and of the point on
            the circle around the person that lies above the head.
        source: data set and number, `lspet/00012`, for messages and sheets of worst cases.
    """

    image: NDArray[np.uint8]
    skeleton: Skeleton
    points_px: Float
    visibility: Float
    weights: Float
    world_m: Float
    alignment_px: Float
    source: str

    def __post_init__(self) -> None:
        k = len(self.skeleton)
        check_array(f"{self.source}: image", self.image, ("H", "W", 3), "uint8")
        check_array(f"{self.source}: points_px", self.points_px, (k, 3), "float32")
        check_array(f"{self.source}: visibility", self.visibility, (k,), "float32")
        check_array(f"{self.source}: weights", self.weights, (k,), "float32")
        check_array(f"{self.source}: world_m", self.world_m, (k, 3), "float32")
        check_array(f"{self.source}: alignment_px", self.alignment_px, (2, 2), "float32")
        if min(self.image.shape[:2]) < 1:
            raise InputError(f"{self.source}: expected a picture of at least 1×1 pixels")
        if not np.isfinite(self.alignment_px).all():
            raise InputError(f"{self.source}: alignment_px: expected finite pixels")

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """`(K,)` bool: x and y are known and trusted."""
        known: NDArray[np.bool_] = np.isfinite(self.points_px[:, :2]).all(1) & (self.weights > 0)
        return known

    def to_skeleton(self, other: Skeleton) -> PoseSample:
        """The same person in the keypoints of `other`; what it names anew is not labelled."""
        if other == self.skeleton:
            return self
        here, there = np.array(self.skeleton.map_to(other), np.int64).reshape(-1, 2).T
        k = len(other)

        def moved(rows: NDArray[AnyFloat], missing: float) -> NDArray[AnyFloat]:
            out = np.full((k, *rows.shape[1:]), missing, rows.dtype)
            out[there] = rows[here]
            return out

        return replace(
            self,
            skeleton=other,
            points_px=moved(self.points_px, np.nan),
            visibility=moved(self.visibility, np.nan),
            weights=moved(self.weights, 0.0),
            world_m=moved(self.world_m, np.nan),
        )
