"""Crops of people: the region of a person, jitter, and the resampling of image and points."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Border, sample
from blazetrack.align.roi import MARGIN, circle_of_keypoints, rois_from_alignment
from blazetrack.errors import InputError
from blazetrack.geometry import apply, invert, rectangle_to_image
from blazetrack.skeleton import Skeleton
from blazetrack.types import Rois
from models.data.sample import PoseSample

__all__ = ["alignment_from_points", "around", "cut", "jittered", "region", "to_crop", "to_image_of"]

Float = NDArray[np.float64]
Image = NDArray[np.uint8]


def alignment_from_points(
    points_px: NDArray[np.floating],
    visibility: NDArray[np.floating],
    skeleton: Skeleton,
    *,
    axis: tuple[str, str] | None = None,
) -> NDArray[np.float32] | None:
    """`circle_of_keypoints` in single precision; the visibility does not count."""
    circle = circle_of_keypoints(points_px, skeleton, axis=axis)
    return None if circle is None else circle.astype(np.float32)


def region(alignment_px: NDArray[np.floating], margin: float = MARGIN) -> Rois:
    """The square around a person's circle `(2, 2)`, as the pipeline cuts it; one row."""
    points = np.asarray(alignment_px, np.float64)[None]
    return rois_from_alignment(points, np.zeros(1, np.int64), margin)


def jittered(
    rois: Rois,
    rng: np.random.Generator,
    *,
    shift: float = 0.1,
    scale: float = 0.1,
    angle_deg: float = 20.0,
) -> Rois:
    """The regions a little off, as a tracker's are; each value is drawn evenly from ± its bound.

    Args:
        rois: N regions.
        rng: where chance comes from.
        shift: in parts of the region's side.
        scale: the side is multiplied by 1 − scale … 1 + scale.
        angle_deg: degrees.
    """
    n = len(rois)
    aside = rng.uniform(-shift, shift, (n, 2)) * rois.side_px[:, None]
    grown = rng.uniform(1 - scale, 1 + scale, (n, 1))
    turned = np.radians(rng.uniform(-angle_deg, angle_deg, n))
    return Rois(rois.center_px + aside, rois.size_px * grown, rois.angle_rad + turned, rois.ids)


def cut(
    person: PoseSample,
    size: int,
    roi: Rois | None = None,
    *,
    border: Border = "replicate",
) -> tuple[Image, Float]:
    """The aligned crop of a person, by the pipeline's own geometry.

    Args:
        person: whom to cut out.
        size: side of the crop, S pixels.
        roi: one region; the person's own, without jitter, where none is given.
        border: what lies outside the picture.

    Returns:
        `(S, S, 3)` uint8 and the `(2, 3)` float64 affine from image pixels to crop pixels.
    """
    rois = region(person.alignment_px) if roi is None else roi
    to_image = to_image_of(rois, size)
    return sample(person.image, to_image, (size, size), border), invert(to_image)


def around(person: PoseSample, most_px: int = 256, room: float = 2.0) -> PoseSample:
    """The person in a smaller picture: what no crop can reach is cut away, the rest shrunk.

    Large pictures are packed like this (`shards.pack`); small ones stay as they are.

    Args:
        person: in a picture of any size.
        most_px: side of the person's region in the new picture, at most.
        room: side of what is kept, in sides of the region; 2 leaves room for a crop that is
            shifted by 10 %, 20 % larger and turned by any angle.
    """
    rois = region(person.alignment_px)
    side, whole = float(rois.side_px[0]), np.array(person.image.shape[1::-1])
    reach = 0.5 * room * side
    low = np.clip(np.floor(rois.center_px[0] - reach), 0, whole - 1).astype(int)
    high = np.clip(np.ceil(rois.center_px[0] + reach), low + 1, whole).astype(int)
    shrink = min(1.0, most_px / side)
    new = np.maximum(1, np.rint((high - low) * shrink)).astype(int)
    if shrink == 1 and not low.any() and (high == whole).all():
        return person
    part = person.image[low[1] : high[1], low[0] : high[0]]
    picture = cv2.resize(part, (int(new[0]), int(new[1])), interpolation=cv2.INTER_AREA)
    scale = new / (high - low)

    def moved(xy: NDArray[np.float32]) -> NDArray[np.float32]:
        inside: NDArray[np.float32] = ((xy - low + 0.5) * scale - 0.5).astype(np.float32)
        return inside

    points = person.points_px.copy()
    points[:, :2] = moved(points[:, :2])
    points[:, 2] *= scale.mean()
    return replace(
        person,
        image=np.ascontiguousarray(picture),
        points_px=points,
        alignment_px=moved(person.alignment_px),
    )


def to_image_of(rois: Rois, size: int) -> Float:
    """The `(2, 3)` affine from the pixels of a crop of side `size` to those of the image."""
    if len(rois) != 1 or size < 1:
        raise InputError(
            f"cut: expected one region and a side of 1 or more, got {len(rois)}, {size}"
        )
    square = rois.squares()
    center, sides, angle = square.center_px, square.size_px, square.angle_rad
    affine: Float = rectangle_to_image(center, sides, angle, (size, size))[0]
    return affine


def to_crop(points_px: NDArray[np.floating], to_crop_affine: Float) -> Float:
    """Points `(…, 2)` or `(…, 3)` of the image in crop pixels; z is scaled like x and y."""
    xyz = np.asarray(points_px, np.float64).copy()
    flat: Float = xyz.reshape(-1, xyz.shape[-1])
    flat[:, :2] = apply(to_crop_affine, flat[:, :2])
    if flat.shape[1] > 2:
        flat[:, 2] *= float(np.sqrt(abs(np.linalg.det(to_crop_affine[:, :2]))))
    return xyz
