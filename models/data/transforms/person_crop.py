"""Where a person is cut out: a circle around the mid-hip, turned so that the person stands upright.

The published landmark network was trained on such circles but their rule was never published.
It was measured here: `full` was run on 500 people of `coco_train` and LSPET with all limbs
labelled, each region moved onto the network's own alignment points three times, and kept where
the network agrees with the labels (281 people). There the centre is the middle of the hips
(0.4 % of the radius off the network's own), the angle is that of hips → shoulders (within 1.5°
of its own), and the circle is the smallest around that centre that holds the whole body, but
never under 1.75 torsos (hips to shoulders): the radius that this file gives is 1.00 of the
network's in the median (spread 7 % on COCO, 10 % on LSPET; 0.98 for 200 people whose legs or
arms are not labelled). Labels end before the body does, so some count for more than their
distance: see `REACH`.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Border, sample
from blazetrack.align.roi import MARGIN, rois_from_alignment
from blazetrack.errors import InputError
from blazetrack.geometry import apply, invert, rectangle_to_image
from blazetrack.skeleton import Skeleton
from blazetrack.types import Rois
from models.data.sample import PoseSample

__all__ = ["alignment_from_points", "around", "cut", "jittered", "region", "to_crop", "to_image_of"]

Float = NDArray[np.float64]
Image = NDArray[np.uint8]

# How far the body goes on behind a keypoint, in parts of its distance from the mid-hip: skull
# behind the face, foot behind the ankle, hand behind the wrist. Chosen with the radius above.
REACH = {
    **dict.fromkeys(("nose", "left_eye", "right_eye", "left_ear", "right_ear"), 1.2),
    "head_top": 1.05,
    **dict.fromkeys(("left_ankle", "right_ankle"), 1.1),
    **dict.fromkeys(("left_wrist", "right_wrist"), 1.05),
}
LEAST_TORSOS = 1.75
# Without hips they are sought below the shoulders, square to their line: so many shoulder widths,
# or so many times the way from the face to the shoulders. (3,250 people of coco_train with hips:
# half are found within 6° and 15 % of the torso's length.)
SHOULDERS_TO_HIPS, FACE_TO_HIPS = 1.5, 2.2
FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")


def alignment_from_points(
    points_px: NDArray[np.floating],
    visibility: NDArray[np.floating],
    skeleton: Skeleton,
    *,
    axis: tuple[str, str] | None = None,
) -> NDArray[np.float32] | None:
    """The centre of a person and the point on the circle above the head.

    Skeletons with hips get the circle around the mid-hip that the published network knows. All
    others, and people without hips and shoulders, get the circle around all labelled points,
    upright in the picture, or along `axis`.

    Args:
        points_px: `(K, 2)` or `(K, 3)`, NaN where not labelled.
        visibility: `(K,)`; hidden points count like seen ones, so it is not looked at.
        skeleton: what the K rows are.
        axis: names of two keypoints; from the first to the second is up.

    Returns:
        `(2, 2)` float32 pixels; None where fewer than two places are labelled.
    """
    xy = np.asarray(points_px, np.float64)[:, :2]
    known = np.asarray(np.isfinite(xy).all(axis=1))
    if not known.any():
        return None
    trunk = None if axis else _trunk(xy, known, skeleton)
    if trunk is None:
        center, radius = cv2.minEnclosingCircle(xy[known].astype(np.float32))
        up = _direction(xy, skeleton, axis)
        return _alignment(np.array(center), up, radius)
    hips, shoulders = trunk
    reach = np.array([REACH.get(name, 1.0) for name in skeleton.names])
    distance = np.hypot(*(xy - hips).T) * reach
    torso = float(np.hypot(*(shoulders - hips)))
    radius = max(float(distance[known].max()), LEAST_TORSOS * torso)
    return _alignment(hips, shoulders - hips, radius)


def _alignment(center: Float, up: Float, radius: float) -> NDArray[np.float32] | None:
    length = float(np.hypot(*up))
    if radius < 0.5 or length == 0:
        return None
    return np.stack([center, center + up * (radius / length)]).astype(np.float32)


def _direction(xy: Float, skeleton: Skeleton, axis: tuple[str, str] | None) -> Float:
    up = np.array([0.0, -1.0])
    if axis is None:
        return up
    tail, head = (xy[skeleton.index(name)] for name in axis)
    along = head - tail
    return along if np.isfinite(along).all() and along.any() else up


def _trunk(xy: Float, known: NDArray[np.bool_], skeleton: Skeleton) -> tuple[Float, Float] | None:
    """Middle of the hips and of the shoulders, or what stands in for them."""

    def middle(*names: str) -> Float | None:
        rows = [i for i, name in enumerate(skeleton.names) if name in names and known[i]]
        return xy[rows].mean(axis=0) if rows else None

    hips = _first(middle("left_hip", "right_hip"), middle("pelvis"))
    shoulders = _first(middle("left_shoulder", "right_shoulder"), middle("thorax"), middle("neck"))
    if shoulders is None and hips is not None:
        shoulders = _first(middle(*FACE), middle("head_top"))
    elif hips is None and shoulders is not None:
        hips = _hips_below(xy, known, skeleton, _first(middle(*FACE), middle("head_top")))
    return None if hips is None or shoulders is None else (hips, shoulders)


def _first(*places: Float | None) -> Float | None:
    return next((place for place in places if place is not None), None)


def _hips_below(
    xy: Float, known: NDArray[np.bool_], skeleton: Skeleton, face: Float | None
) -> Float | None:
    """Where the hips of somebody seen from the chest up must be."""
    if skeleton.torso is None or face is None or not known[list(skeleton.torso[:2])].all():
        return None
    left, right = xy[list(skeleton.torso[:2])]
    shoulders, across = (left + right) / 2, left - right
    away = shoulders - face
    down = np.array([-across[1], across[0]])
    down *= 1.0 if down @ away >= 0 else -1.0
    down = down + 0.25 * away  # from the side the shoulders' line is short and means little
    far = max(SHOULDERS_TO_HIPS * np.hypot(*across), FACE_TO_HIPS * np.hypot(*away))
    length = float(np.hypot(*down))
    return shoulders + down * (far / length) if length > 0 else None


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
