"""The values that travel between stages: frozen records of arrays, one row per person.

Image pixels are the public frame of reference: x right, y down, (0, 0) the centre of the top
left pixel. The end of a name gives frame and unit: `_px` image pixels, `_crop` crop pixels,
`_unit` parts of the side of the crop or image (0..1), `_m` metres, `_rad` radians, `_s` seconds.
`N` is the number of people (0 is allowed), `K` the number of keypoints (33 for BlazePose).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import import_module
from math import isfinite
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.skeleton import Skeleton

__all__ = ["Crops", "Detections", "Frame", "Landmarks", "Poses", "Rois", "Rows", "rows"]

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Shape = tuple[int | str, ...]
R = TypeVar("R", bound="Rows")


def check_array(
    who: str, array: object, shape: Shape, dtype: Any, sizes: dict[int | str, int] | None = None
) -> None:
    """Raise `InputError` unless `array` is an ndarray of `shape`.

    A word in the shape is any size; where `sizes` are given, that of the first array with it.
    """
    if not isinstance(array, np.ndarray):
        raise InputError(f"{who}: expected a numpy array, got {type(array).__name__}")
    known = {} if sizes is None else sizes
    if array.dtype == dtype and array.ndim == len(shape):
        for want, got in zip(shape, array.shape, strict=True):
            if (want if isinstance(want, int) else known.setdefault(want, got)) != got:
                break
        else:
            return
    text = ", ".join(str((sizes or {}).get(size, size)) for size in shape)
    raise InputError(f"{who}: expected ({text}) {np.dtype(dtype)}, got {array.shape} {array.dtype}")


def rows(*shape: int | str, dtype: str = "float64") -> dict[str, Any]:
    """Metadata of a field of `Rows`: an array `(N, *shape)`; a word in the shape is any one size.

    The same word means the same size in all fields of a record.
    """
    return {"shape": ("N", *shape), "dtype": np.dtype(dtype)}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Base of the records with one row per person: checks, length, selection, concatenation.

    All follow from the fields that carry the metadata of `rows`; the others are shared by all
    people. A field with the default None may be absent.
    """

    @classmethod
    @cache
    def _columns(cls) -> dict[str, tuple[str, Shape, Any, bool]]:
        """Field with one row per person → full name, shape, dtype and whether None is allowed."""
        return {
            one.name: (f"{cls.__name__}.{one.name}", *one.metadata.values(), one.default is None)
            for one in fields(cls)
            if one.metadata
        }

    def __post_init__(self) -> None:
        sizes: dict[int | str, int] = {}
        for name, (who, shape, dtype, optional) in self._columns().items():
            value = getattr(self, name)
            if value is not None or not optional:
                check_array(who, value, shape, dtype, sizes)

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self._columns()))))

    def take(self: R, rows: Any) -> R:
        """The people at `rows` (an index array, a mask or a slice)."""
        columns = {name: getattr(self, name) for name in self._columns()}
        taken = {name: column[rows] for name, column in columns.items() if column is not None}
        return replace(self, **taken)

    @classmethod
    def joined(cls: type[R], parts: Sequence[R]) -> R:
        """The people of several records; an optional field where every record has it."""
        if len(parts) < 2:
            return parts[0] if parts else cls.empty()
        values = {}
        for name in cls._columns():
            column = [getattr(part, name) for part in parts]
            values[name] = None if any(v is None for v in column) else np.concatenate(column)
        return replace(parts[0], **values)

    @classmethod
    def empty(cls: type[R], keypoints: int = 33) -> R:
        """No people; optional fields are absent."""
        sizes: dict[int | str, int] = {"N": 0, "K": keypoints}
        return cls(
            **{
                name: np.zeros([sizes.get(n, n if isinstance(n, int) else 0) for n in shape], dtype)
                for name, (_, shape, dtype, optional) in cls._columns().items()
                if not optional
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image and its time.

    Attributes:
        image: `(H, W, 3)` uint8, RGB.
        index: 0, 1, 2 … in the order of the source.
        time_s: capture time in seconds; the only clock of the pipeline.
        still: a picture on its own, not one of a clip; nothing is carried over from another frame.
        file: path of the file that it was read from; empty for a camera or a drawn frame.
    """

    image: NDArray[np.uint8]
    index: int = 0
    time_s: float = 0.0
    still: bool = False
    file: str = ""

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
class Rois(Rows):
    """Rotated regions of interest in the image, one per person.

    A crop usually shows the upright square around its region, so a region that is not square is
    letterboxed.

    Attributes:
        center_px: `(N, 2)` float64, x y.
        size_px: `(N, 2)` float64, width and height before rotation.
        angle_rad: `(N,)` float64, clockwise on the screen; 0 is an upright person.
        ids: `(N,)` int64, id of the person; 0 before one is assigned.
    """

    center_px: Float64 = field(metadata=rows(2))
    size_px: Float64 = field(metadata=rows(2))
    angle_rad: Float64 = field(metadata=rows())
    ids: Int64 = field(metadata=rows(dtype="int64"))

    @property
    def side_px(self) -> Float64:
        """`(N,)` float64, side of the square around the region."""
        side: Float64 = self.size_px.max(axis=1)
        return side

    def squares(self) -> Rois:
        """The squares around the regions."""
        return replace(self, size_px=np.repeat(self.side_px[:, None], 2, axis=1))

    def valid(self) -> Rois:
        """The regions that can be cropped: finite, and at least one pixel large."""
        side = self.side_px
        good = np.isfinite(self.center_px).all(axis=1) & (side >= 1) & (side < 1e6)
        return self if good.all() else self.take(good)


@dataclass(frozen=True, slots=True, eq=False)
class Crops(Rows):
    """The input of a model: regions of the image, resampled to the model's input size.

    Attributes:
        pixels: `(N, h, w, 3)` uint8, RGB.
        to_image: `(N, 2, 3)` float64, affine from crop pixels to image pixels.
        rois: the N regions.
        image_wh: width and height of the image in pixels.
        letterboxed: each crop shows the square around its region, not the region stretched.
    """

    pixels: NDArray[np.uint8] = field(metadata=rows("h", "w", 3, dtype="uint8"))
    to_image: Float64 = field(metadata=rows(2, 3))
    rois: Rois
    image_wh: tuple[int, int]
    letterboxed: bool = True

    def __post_init__(self) -> None:
        Rows.__post_init__(self)
        if len(self.rois) != len(self.pixels):
            raise InputError(
                f"Crops.rois: expected {len(self.pixels)} regions, got {len(self.rois)}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Detections(Rows):
    """Detected people in parts of the side of the crop (0..1), best first in each crop.

    Attributes:
        boxes_unit: `(N, 4)` float32, x0 y0 x1 y1.
        keypoints_unit: `(N, P, 2)` float32, x y: the alignment points of the detector.
        scores: `(N,)` float32 in 0..1.
        row: `(N,)` int64, index of the crop.
    """

    boxes_unit: Float32 = field(metadata=rows(4, dtype="float32"))
    keypoints_unit: Float32 = field(metadata=rows("P", 2, dtype="float32"))
    scores: Float32 = field(metadata=rows(dtype="float32"))
    row: Int64 = field(metadata=rows(dtype="int64"))


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks(Rows):
    """Output of a landmark model: the people in each crop, in crop pixels.

    Attributes:
        xyz_crop: `(N, K, 3)` float64; z in crop pixels, negative towards the camera.
        world_m: `(N, K, 3)` float64, metres, origin mid-hip, in the orientation of the crop.
        visibility: `(N, K)` float64 in 0..1.
        presence: `(N, K)` float64 in 0..1.
        scores: `(N,)` float64 in 0..1: the network's for a person being there, and behind the node
            `pose_score` the probability that the pose is right.
        row: `(N,)` int64, index of the crop.
        alignment_crop: `(N, 2, 2)` float64: centre of the region and the point that gives its size
            and angle; None for a head without them.
        masks_crop: `(N, h, w)` float32 in 0..1, or None.
        skeleton: meaning of the K keypoints, where it is known.
        peaks: `(N, K)` float64 in 0..1: highest value of each keypoint's heatmap, if there are any.
        calibrated: `scores` are probabilities, by the coefficients of the model's card.
    """

    xyz_crop: Float64 = field(metadata=rows("K", 3))
    world_m: Float64 = field(metadata=rows("K", 3))
    visibility: Float64 = field(metadata=rows("K"))
    presence: Float64 = field(metadata=rows("K"))
    scores: Float64 = field(metadata=rows())
    row: Int64 = field(metadata=rows(dtype="int64"))
    alignment_crop: Float64 | None = field(default=None, metadata=rows(2, 2))
    masks_crop: Float32 | None = field(default=None, metadata=rows("h", "w", dtype="float32"))
    skeleton: Skeleton | None = None
    peaks: Float64 | None = field(default=None, metadata=rows("K"))
    calibrated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Poses(Rows):
    """People in one frame, in image pixels; the result of the pipeline.

    Attributes:
        landmarks_px: `(N, K, 3)` float64, x y z; z in pixels, negative towards the camera.
        world_landmarks_m: `(N, K, 3)` float64, metres, origin mid-hip.
        visibility: `(N, K)` float64 in 0..1: probability to be in the image and not hidden.
        presence: `(N, K)` float64 in 0..1: probability to be in the image.
        scores: `(N,)` float64 in 0..1: probability that the pose is right (in parity graphs, and
            for a model without `score_coefficients`, the network's score).
        ids: `(N,)` int64, the same number for the same person in every frame, from 1.
        alignment_px: `(N, 2, 2)` float64, x y: mid-hip, and the point that gives size and angle.
        masks: `(N, H, W)` float32 in 0..1, or None without segmentation.
        skeleton: meaning of the K keypoints, where it is known.
        calibrated: `scores` are probabilities; drawings show them in per cent, others as 0..1.

    Iteration and an index give one person each, as `results.PersonPose`; a slice, a mask or an
    array of indices gives `Poses` of some of the people.
    """

    landmarks_px: Float64 = field(metadata=rows("K", 3))
    world_landmarks_m: Float64 = field(metadata=rows("K", 3))
    visibility: Float64 = field(metadata=rows("K"))
    presence: Float64 = field(metadata=rows("K"))
    scores: Float64 = field(metadata=rows())
    ids: Int64 = field(metadata=rows(dtype="int64"))
    alignment_px: Float64 = field(metadata=rows(2, 2))
    masks: Float32 | None = field(default=None, metadata=rows("H", "W", dtype="float32"))
    skeleton: Skeleton | None = None
    calibrated: bool = False

    @property
    def radius_px(self) -> Float64:
        """`(N,)` float64, radius of the circle around each person."""
        dx, dy = (self.alignment_px[:, 1] - self.alignment_px[:, 0]).T
        radius: Float64 = np.hypot(dx, dy)
        return radius

    def apart_radii(self, point_px: tuple[float, float]) -> Float64:
        """`(N,)` distance of a point from the centre of each circle, in radii of that circle."""
        apart: Float64 = np.hypot(*(self.alignment_px[:, 0] - np.array(point_px)).T)
        return apart / np.maximum(self.radius_px, 1.0)

    def at(self, point_px: tuple[float, float]) -> int | None:
        """Row of the person whose circle is nearest, in radii; None outside of all circles."""
        apart = self.apart_radii(point_px)
        return int(apart.argmin()) if (apart <= 1.0).any() else None

    def with_ids(self, ids: Int64) -> Poses:
        """The same people with other ids."""
        return replace(self, ids=ids)

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, str):
            raise InputError(f"poses: expected the number of a person first: poses[0][{rows!r}]")
        if not isinstance(rows, int | np.integer):
            return self.take(rows)
        if not -len(self) <= rows < len(self):
            raise IndexError(f"poses: no person {rows}; there are {len(self)}")
        forms = _forms()
        return forms.PersonPose(self, int(rows) % len(self), forms.skeleton_of(self))

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        scores = zip(self.ids.tolist(), self.scores.tolist(), strict=True)
        shown = [f"{number}: {score:.2f}" for number, score in scores]
        people = ", ".join(shown[:5] + ["…"] * (len(shown) > 5)) or "no people"
        return f"Poses({people}{'' if self.masks is None else '; with masks'})"

    def draw(self, image: NDArray[np.uint8], **options: bool) -> NDArray[np.uint8]:
        """Draw the people onto a copy of their image `(H, W, 3)` uint8 RGB, as `draw_poses`."""
        drawn: NDArray[np.uint8] = _forms().draw(self, image, **options)
        return drawn

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `results.to_dict`."""
        values: dict[str, Any] = _forms().to_dict(self)
        return values

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`, a row per person and keypoint, as `results.to_pandas`."""
        return _forms().to_pandas(self)

    def to_coco(self, image_id: int = 0) -> list[dict[str, Any]]:
        """COCO keypoint results, as `results.to_coco`."""
        found: list[dict[str, Any]] = _forms().to_coco(self, image_id)
        return found

    def to_supervision(self) -> Any:
        """`supervision.KeyPoints`, as `results.to_supervision`."""
        return _forms().to_supervision(self)

    def _repr_png_(self) -> bytes:
        png: bytes = _forms().to_png(self)
        return png

    def _repr_html_(self) -> str:
        html: str = _forms().to_html(self)
        return html


def _forms() -> Any:
    """The package `results`; by name, as it is above this module and loads drawing."""
    return import_module("blazetrack.results")
