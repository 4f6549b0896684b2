"""The few types that travel between stages: frozen, arrays inside, one row per person.

Image pixels are the public frame of reference: x right, y down, (0, 0) the centre of the top
left pixel. A name's ending says the frame and the unit: `_px` image pixels, `_crop` crop pixels,
`_unit` parts of the crop's or image's side (0..1), `_m` metres, `_rad` radians, `_s` seconds.
`N` is the number of people (0 is allowed), `K` the number of keypoints (33 for BlazePose).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError

__all__ = [
    "Crops",
    "Detections",
    "Frame",
    "Landmarks",
    "Poses",
    "Rois",
]

Array = NDArray[Any]


def check_array(who: str, array: object, shape: tuple[int | str, ...], dtype: str) -> None:
    """Raise `InputError` unless `array` is an ndarray of `shape` (a word means any size)."""
    if isinstance(array, np.ndarray) and array.dtype == dtype and len(shape) == array.ndim:
        for want, got in zip(shape, array.shape, strict=True):
            if want != got and not isinstance(want, str):
                break
        else:
            return
    if not isinstance(array, np.ndarray):
        raise InputError(f"{who}: expected a numpy array, got {type(array).__name__}")
    text = "(" + ", ".join(str(s) for s in shape) + ")"
    raise InputError(f"{who}: expected {text} {dtype}, got {array.shape} {array.dtype}")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and when it was taken.

    Attributes:
        image: `(H, W, 3)` uint8, RGB.
        index: 0, 1, 2 … in the order of the source.
        time_s: capture time in seconds; the only clock of the pipeline.
    """

    image: NDArray[np.uint8]
    index: int = 0
    time_s: float = 0.0

    def __post_init__(self) -> None:
        check_array("Frame.image", self.image, ("H", "W", 3), "uint8")
        if self.image.shape[0] < 1 or self.image.shape[1] < 1:
            raise InputError(f"Frame.image: expected at least 1×1 pixels, got {self.image.shape}")
        if not isfinite(self.time_s):
            raise InputError(f"Frame.time_s: expected finite seconds, got {self.time_s}")

    @property
    def width(self) -> int:
        """Width of the image in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height of the image in pixels."""
        return int(self.image.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Rois:
    """Rotated regions of interest in the image, one per person.

    A crop usually shows the upright square around its region, so a region that is not square comes
    with bars on two sides: a letterbox.

    Attributes:
        center_px: `(N, 2)` float64, x y.
        size_px: `(N, 2)` float64, width and height before rotation.
        angle_rad: `(N,)` float64, clockwise on the screen; 0 is an upright person.
        ids: `(N,)` int64, the person's id; 0 where none is given yet.
    """

    center_px: NDArray[np.float64]
    size_px: NDArray[np.float64]
    angle_rad: NDArray[np.float64]
    ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.ids)
        check_array("Rois.center_px", self.center_px, (n, 2), "float64")
        check_array("Rois.size_px", self.size_px, (n, 2), "float64")
        check_array("Rois.angle_rad", self.angle_rad, (n,), "float64")
        check_array("Rois.ids", self.ids, (n,), "int64")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def side_px(self) -> NDArray[np.float64]:
        """`(N,)` float64, side of the square around the region."""
        side: NDArray[np.float64] = self.size_px.max(axis=1)
        return side

    def squares(self) -> Rois:
        """The squares around the regions."""
        return replace(self, size_px=np.repeat(self.side_px[:, None], 2, axis=1))

    def take(self, rows: Any) -> Rois:
        """The regions at `rows` (an index array, a mask or a slice)."""
        return Rois(self.center_px[rows], self.size_px[rows], self.angle_rad[rows], self.ids[rows])

    @classmethod
    def empty(cls) -> Rois:
        """Nobody."""
        return cls(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """What a model sees: regions of the image, resampled to the model's input.

    Attributes:
        pixels: `(N, h, w, 3)` uint8, RGB.
        to_image: `(N, 2, 3)` float64, affine from crop pixels to image pixels.
        rois: the N regions that were cut.
        image_wh: width and height of the image in pixels.
        letterboxed: each crop shows the square around its region, not the region stretched.
    """

    pixels: NDArray[np.uint8]
    to_image: NDArray[np.float64]
    rois: Rois
    image_wh: tuple[int, int]
    letterboxed: bool = True

    def __post_init__(self) -> None:
        n = len(self.rois)
        check_array("Crops.pixels", self.pixels, (n, "h", "w", 3), "uint8")
        check_array("Crops.to_image", self.to_image, (n, 2, 3), "float64")

    def __len__(self) -> int:
        return len(self.rois)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """People a detector found, in parts of the crop it looked at (0..1), best first in each crop.

    Attributes:
        boxes_unit: `(N, 4)` float32, x0 y0 x1 y1.
        keypoints_unit: `(N, P, 2)` float32, x y: the detector's alignment points.
        scores: `(N,)` float32 in 0..1.
        row: `(N,)` int64, which crop each was found in.
    """

    boxes_unit: NDArray[np.float32]
    keypoints_unit: NDArray[np.float32]
    scores: NDArray[np.float32]
    row: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.scores)
        check_array("Detections.boxes_unit", self.boxes_unit, (n, 4), "float32")
        check_array("Detections.keypoints_unit", self.keypoints_unit, (n, "P", 2), "float32")
        check_array("Detections.row", self.row, (n,), "int64")

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """What the landmark network says of each crop that shows a person, in crop pixels.

    Attributes:
        xyz_crop: `(N, K, 3)` float64; z in crop pixels, negative towards the camera.
        alignment_crop: `(N, 2, 2)` float64: region centre, and the point that gives size and angle.
        world_m: `(N, K, 3)` float64, metres, origin mid-hip, not yet turned upright.
        visibility: `(N, K)` float64 in 0..1.
        presence: `(N, K)` float64 in 0..1.
        scores: `(N,)` float64 in 0..1: is there a person at all.
        row: `(N,)` int64, which crop each belongs to.
        masks_crop: `(N, h, w)` float32 in 0..1, or None.
    """

    xyz_crop: NDArray[np.float64]
    alignment_crop: NDArray[np.float64]
    world_m: NDArray[np.float64]
    visibility: NDArray[np.float64]
    presence: NDArray[np.float64]
    scores: NDArray[np.float64]
    row: NDArray[np.int64]
    masks_crop: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        n = len(self.scores)
        check_array("Landmarks.xyz_crop", self.xyz_crop, (n, "K", 3), "float64")
        check_array("Landmarks.alignment_crop", self.alignment_crop, (n, 2, 2), "float64")

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """People in one frame, in image pixels; the result of the pipeline.

    Attributes:
        landmarks_px: `(N, K, 3)` float64, x y z; z in pixels, negative towards the camera.
        world_landmarks_m: `(N, K, 3)` float64, metres, origin mid-hip.
        visibility: `(N, K)` float64 in 0..1: in the picture and not hidden.
        presence: `(N, K)` float64 in 0..1: in the picture.
        scores: `(N,)` float64 in 0..1.
        ids: `(N,)` int64, the same number for the same person in every frame, from 1.
        alignment_px: `(N, 2, 2)` float64, x y: mid-hip, and the point that gives size and angle.
        masks: `(N, H, W)` float32 in 0..1, or None where none was asked for.
    """

    landmarks_px: NDArray[np.float64]
    world_landmarks_m: NDArray[np.float64]
    visibility: NDArray[np.float64]
    presence: NDArray[np.float64]
    scores: NDArray[np.float64]
    ids: NDArray[np.int64]
    alignment_px: NDArray[np.float64]
    masks: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        check_array("Poses.landmarks_px", self.landmarks_px, ("N", "K", 3), "float64")
        n, k, _ = self.landmarks_px.shape
        check_array("Poses.world_landmarks_m", self.world_landmarks_m, (n, k, 3), "float64")
        check_array("Poses.visibility", self.visibility, (n, k), "float64")
        check_array("Poses.presence", self.presence, (n, k), "float64")
        check_array("Poses.scores", self.scores, (n,), "float64")
        check_array("Poses.ids", self.ids, (n,), "int64")
        check_array("Poses.alignment_px", self.alignment_px, (n, 2, 2), "float64")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def radius_px(self) -> NDArray[np.float64]:
        """`(N,)` float64, radius of the circle around each person."""
        dx, dy = (self.alignment_px[:, 1] - self.alignment_px[:, 0]).T
        radius: NDArray[np.float64] = np.hypot(dx, dy)
        return radius

    def apart_radii(self, point_px: tuple[float, float]) -> NDArray[np.float64]:
        """`(N,)` from a point to the middle of each person's circle, in radii of that circle."""
        apart: NDArray[np.float64] = np.hypot(*(self.alignment_px[:, 0] - np.array(point_px)).T)
        return apart / np.maximum(self.radius_px, 1.0)

    def at(self, point_px: tuple[float, float]) -> int | None:
        """Row of the person whose circle's middle is nearest, in radii; None outside of all."""
        apart = self.apart_radii(point_px)
        return int(apart.argmin()) if (apart <= 1.0).any() else None

    def take(self, rows: Any) -> Poses:
        """The people at `rows` (an index array, a mask or a slice)."""
        return Poses(
            self.landmarks_px[rows],
            self.world_landmarks_m[rows],
            self.visibility[rows],
            self.presence[rows],
            self.scores[rows],
            self.ids[rows],
            self.alignment_px[rows],
            None if self.masks is None else self.masks[rows],
        )

    def with_ids(self, ids: NDArray[np.int64]) -> Poses:
        """The same people under other ids."""
        return replace(self, ids=ids)

    @classmethod
    def joined(cls, parts: Sequence[Poses]) -> Poses:
        """All people of several groups of one skeleton; masks where every group has them."""
        masks = [part.masks for part in parts if part.masks is not None]
        return cls(
            np.concatenate([part.landmarks_px for part in parts]),
            np.concatenate([part.world_landmarks_m for part in parts]),
            np.concatenate([part.visibility for part in parts]),
            np.concatenate([part.presence for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.alignment_px for part in parts]),
            np.concatenate(masks) if len(masks) == len(parts) else None,
        )

    @classmethod
    def empty(cls, keypoints: int = 33) -> Poses:
        """Nobody."""
        none, grid, points = np.zeros(0), np.zeros((0, keypoints)), np.zeros((0, keypoints, 3))
        return cls(points, points, grid, grid, none, np.zeros(0, np.int64), np.zeros((0, 2, 2)))
