"""Crops of people: the region of a person, jitter, and the resampling of image and points."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import rois_from_alignment
from blazetrack.errors import InputError
from blazetrack.geometry import invert, rectangle_to_image
from blazetrack.types import Rois
from models.data.annotated import AnnotatedImage

__all__ = ["around", "cut", "mirrored", "region", "to_image_of", "warp"]

Float = NDArray[np.float64]
Image = NDArray[np.uint8]


def region(alignment_px: NDArray[np.floating]) -> Rois:
    """The squares around people's circles `(N, 2, 2)`, as the pipeline cuts them."""
    points = np.asarray(alignment_px, np.float64)
    return rois_from_alignment(points, np.zeros(len(points), np.int64))


def cut(
    person: AnnotatedImage,
    size: int,
    roi: Rois | None = None,
    *,
    mirror: bool = False,
    background: Image | None = None,
) -> tuple[AnnotatedImage, Float]:
    """The crop of one person by the pipeline's own geometry, in one resampling.

    Args:
        person: the picture.
        size: side of the crop, S pixels.
        roi: one region; by default the person's own, without jitter.
        mirror: swap left and right of the crop.
        background: `(S, S, 3)` uint8, drawn over: what the crop shows outside of the picture; None
            repeats the edge.

    Returns:
        The crop, where labelled keypoints outside of it have visibility 0, and the `(2, 3)`
        float64 affine from its pixels to the picture's.
    """
    to_image = to_image_of(region(person.alignment_px) if roi is None else roi, size)
    if mirror:
        to_image = mirrored(to_image, size)
    pixels = warp(person.image, to_image, (size, size), background)
    crop = person.transformed(pixels, invert(to_image))
    inside = ((crop.points_px[..., :2] >= 0) & (crop.points_px[..., :2] < size)).all(axis=-1)
    seen = np.where(crop.labelled & ~inside, 0.0, crop.visibility)
    return replace(crop, visibility=seen), to_image


def mirrored(to_image: Float, width: int) -> Float:
    """The affine from a crop of that width, mirrored left to right, to the image."""
    return np.stack([-to_image[:, 0], to_image[:, 1], to_image @ (width, 0, 1)], axis=1)


def warp(
    image: Image,
    to_image: Float,
    hw: tuple[int, int],
    background: Image | None = None,
    nearest: bool = False,
) -> Image:
    """Resample a region in 8 bits, as `blazetrack.align.crop.sample`.

    Args:
        image: `(H, W, 3)` uint8.
        to_image: `(2, 3)` affine from crop pixels to image pixels.
        hw: height and width of the crop.
        background: `(h, w, 3)` uint8, drawn over, around the image; None repeats its edge.
        nearest: take the nearest pixel instead of blending.
    """
    way = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    crop = cv2.warpAffine(
        image,
        to_image,
        hw[::-1],
        dst=background,
        flags=way | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE if background is None else cv2.BORDER_TRANSPARENT,
    )
    return np.asarray(crop, np.uint8)


def around(person: AnnotatedImage, max_px: int = 256, room: float = 2.0) -> AnnotatedImage:
    """One person in a smaller picture: what no crop can reach is cut away, the rest shrunk.

    Large pictures are packed like this; small ones stay as they are.

    Args:
        person: in a picture of any size.
        max_px: maximum side of the person's region in the new picture.
        room: side of what is kept, in sides of the region; 2 leaves room for a crop that is
            shifted by 10 %, 20 % larger and turned by any angle.
    """
    rois = region(person.alignment_px)
    side, whole = float(rois.side_px[0]), np.array(person.image.shape[1::-1])
    reach = 0.5 * room * side
    low = np.clip(np.floor(rois.center_px[0] - reach), 0, whole - 1).astype(int)
    high = np.clip(np.ceil(rois.center_px[0] + reach), low + 1, whole).astype(int)
    shrink = min(1.0, max_px / side)
    new = np.maximum(1, np.rint((high - low) * shrink)).astype(int)
    if shrink == 1 and not low.any() and (high == whole).all():
        return person
    part = person.image[low[1] : high[1], low[0] : high[0]]
    picture = cv2.resize(part, (int(new[0]), int(new[1])), interpolation=cv2.INTER_AREA)
    scale = new / (high - low)

    def moved(xy: NDArray[np.floating]) -> NDArray[np.float32]:
        inside: NDArray[np.float32] = ((xy - low + 0.5) * scale - 0.5).astype(np.float32)
        return inside

    points = person.points_px.copy()
    points[..., :2] = moved(points[..., :2])
    points[..., 2] *= scale.mean()
    return replace(
        person,
        image=np.ascontiguousarray(picture),
        points_px=points,
        alignment_px=moved(person.alignment_px),
        boxes_px=moved(person.boxes_px.reshape(-1, 2, 2)).reshape(-1, 4),
        ignore_px=moved(person.ignore_px.reshape(-1, 2, 2)).reshape(-1, 4),
    )


def to_image_of(rois: Rois, size: int) -> Float:
    """The `(2, 3)` affine from pixels of a crop of side `size` to those of the image."""
    if len(rois) != 1 or size < 1:
        raise InputError(
            f"cut: expected one region and a side of 1 or more, got {len(rois)}, {size}"
        )
    square = rois.squares()
    center, sides, angle = square.center_px, square.size_px, square.angle_rad
    affine: Float = rectangle_to_image(center, sides, angle, (size, size))[0]
    return affine
