"""Regions of interest: from detections, boxes, poses and keypoints, and their selection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from math import isfinite

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.geometry import apply
from blazetrack.skeleton import Skeleton
from blazetrack.types import Crops, Detections, Frame, Poses, Rois

__all__ = [
    "circle_of_keypoints",
    "circle_of_points",
    "free_rois",
    "known_points",
    "merge_rois",
    "rois_from_alignment",
    "rois_from_boxes",
    "rois_from_detections",
    "rois_from_poses",
    "whole_roi",
]

Float = NDArray[np.float64]
Points = Sequence[complex | None]  # x + iy in pixels; None is not known

# The region is this much larger than the circle around the person
# (mediapipe/modules/pose_landmark/pose_detection_to_roi.pbtxt, `scale_x`).
MARGIN = 1.25
# Extent of the body beyond a keypoint, as a factor on its distance from the mid-hip: skull behind
# the face, foot behind the ankle, hand behind the wrist.
FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
REACH = {
    **dict.fromkeys(FACE, 1.2),
    "head_top": 1.05,
    **dict.fromkeys(("left_ankle", "right_ankle"), 1.1),
    **dict.fromkeys(("left_wrist", "right_wrist"), 1.05),
}
MIN_TORSOS = 1.75
HIPS = (("left_hip", "right_hip"), ("pelvis",))
SHOULDERS = (("left_shoulder", "right_shoulder"), ("thorax",), ("neck",))
HEAD = (FACE, ("head_top",))
# Hips that are not known are placed below the shoulders, perpendicular to their line, at so many
# shoulder widths or so many times the distance from the face to the shoulders. (On 3,250 people of
# coco_train with hips, half are within 6° and 15 % of the torso's length.)
SHOULDERS_TO_HIPS, FACE_TO_HIPS = 1.5, 2.2
# Distance of two regions of one person, in sides. Two people can be nearer to each other, but a
# detector finds only one of them then.
SAME_PERSON = 0.25


def whole_roi(frame: Frame) -> Rois:
    """The region that is the whole image."""
    size = np.array([[frame.width, frame.height]], np.float64)
    return Rois(size / 2, size, np.zeros(1), np.zeros(1, np.int64))


def rois_from_alignment(points_px: Float, ids: NDArray[np.int64], margin: float = MARGIN) -> Rois:
    """Regions around people, turned so that each stands upright.

    (MediaPipe, alignment_points_to_rects_calculator.cc, target angle 90°.)

    Args:
        points_px: `(N, 2, 2)` mid-hip, and a point on the circle around the person above its head.
        ids: `(N,)` int64.
        margin: side of the square per diameter of the circle.
    """
    center, rim = points_px[:, 0], points_px[:, 1]
    dx, dy = (rim - center).T
    angle = np.arctan2(dx, -dy)  # π/2 − atan2(−dy, dx), in (−π, π]
    side = 2 * margin * np.hypot(dx, dy)
    return Rois(center, np.stack([side, side], axis=1), angle, ids)


def rois_from_boxes(boxes_px: Float, ids: NDArray[np.int64], margin: float = MARGIN) -> Rois:
    """Upright regions around boxes.

    Args:
        boxes_px: `(N, 4)` x0 y0 x1 y1.
        ids: `(N,)` int64.
        margin: size of the region per size of the box.
    """
    low, high = boxes_px[:, :2], boxes_px[:, 2:]
    return Rois((low + high) / 2, (high - low) * margin, np.zeros(len(boxes_px)), ids)


def rois_from_detections(
    detections: Detections,
    crop: Crops,
    *,
    points: tuple[int, int] = (0, 1),
    margin: float = MARGIN,
) -> Rois:
    """Regions of new detections, without ids yet.

    Args:
        detections: people in parts of the side of their crop.
        crop: the crops of the detector.
        points: indices of the keypoints that are the mid-hip and the point on the circle; a
            detector without them gives regions from its boxes.
        margin: side of the square per diameter of the circle around a person, or per longer side
            of the box.
    """
    count, known, _ = detections.keypoints_unit.shape
    unit, ids = detections.boxes_unit.reshape(count, 2, 2), np.zeros(count, np.int64)
    aligned = max(points) < known
    if aligned:
        unit = detections.keypoints_unit[:, list(points)]
    points_crop = unit.astype(np.float64) * np.array(crop.pixels.shape[2:0:-1])
    points_px = apply(crop.to_image[detections.row], points_crop)
    if aligned:
        return rois_from_alignment(points_px, ids, margin).valid()
    return rois_from_boxes(points_px.reshape(count, 4), ids, margin).valid()


def rois_from_poses(poses: Poses, frame: Frame | None = None, *, margin: float = MARGIN) -> Rois:
    """Regions of the same people in the next frame; `frame` is read by the parity node only.

    Args:
        poses: the people of this frame.
        frame: not used.
        margin: side of the square per diameter of the circle around a person.
    """
    return rois_from_alignment(poses.alignment_px, poses.ids, margin).valid()


def free_rois(
    new: Rois,
    taken: Rois | None = None,
    *,
    max_people: int = 1,
    min_candidates: int = 1,
    min_distance: float = SAME_PERSON,
) -> Rois:
    """Regions of new people: those of `new` that are neither in `taken` nor near each other.

    Args:
        new: regions, best first.
        taken: regions of known people.
        max_people: maximum number, known people included.
        min_candidates: as many new ones in any case if there is room for one, for a later choice
            among their poses.
        min_distance: regions with centres nearer than this part of the smaller side are one person.
    """
    known = 0 if taken is None else len(taken)
    limit = max(max_people, known + min_candidates) if known < max_people else known
    merged = merge_rois(new, taken, max_people=limit, min_distance=min_distance)
    return merged.take(slice(known, None))


def merge_rois(
    new: Rois | None,
    carried: Rois | None,
    *,
    max_people: int = 1,
    min_distance: float = SAME_PERSON,
) -> Rois:
    """The tracked regions, then the new ones that are free; options as for `free_rois`."""
    new, merged = new or Rois.empty(), carried or Rois.empty()
    for row in range(len(new)):
        if len(merged) >= max_people:
            break
        one = new.take([row])
        distance = np.hypot(*(merged.center_px - one.center_px).T)
        if not (distance < min_distance * np.minimum(merged.side_px, one.side_px)).any():
            merged = Rois.joined([merged, one])
    return merged


def circle_of_keypoints(
    points_px: NDArray[np.floating], skeleton: Skeleton, *, axis: tuple[str, str] | None = None
) -> Float | None:
    """Centre of the circle around a person, and the point on it above the head.

    With hips and shoulders it is the circle of the published landmark network: centre mid-hip,
    direction hips → shoulders, and the smallest radius that contains the whole body, but at least
    1.75 torsos (hips to shoulders). Otherwise it is the smallest circle around all keypoints,
    upright in the image or along `axis`.

    The rule of the published network is not documented; it was measured: `full` on 500 people of
    `coco_train` and LSPET with all limbs labelled, each region moved onto the network's own
    alignment points three times, 281 people kept where network and labels agree. There the centre
    is 0.4 % of the radius off, the angle within 1.5°, and the radius of this function 1.00 of the
    network's in the median (spread 7 % on COCO, 10 % on LSPET; 0.98 for 200 people without labels
    of legs or arms).

    Args:
        points_px: `(K, 2)` or `(K, 3)`, NaN where not known.
        skeleton: meaning of the K rows.
        axis: names of two keypoints; from the first to the second is up.

    Returns:
        `(2, 2)` float64 pixels; None where fewer than two different points are known.
    """
    xy = np.asarray(points_px, np.float64)[:, :2].tolist()
    circle = circle_of_points(known_points(xy), skeleton, axis=axis)
    return None if circle is None else np.array([[at.real, at.imag] for at in circle])


def known_points(xy: Iterable[Sequence[float]]) -> Points:
    """x y rows as complex numbers x + iy; None where one of them is not finite."""
    return [complex(x, y) if isfinite(x) and isfinite(y) else None for x, y, *_ in xy]


def circle_of_points(
    points: Points, skeleton: Skeleton, *, axis: tuple[str, str] | None = None
) -> tuple[complex, complex] | None:
    """As `circle_of_keypoints`, of and as plain numbers: many times as fast for one person."""
    known = [point for point in points if point is not None]
    if not known:
        return None
    trunk = None if axis else _trunk(points, skeleton)
    if trunk is None:
        xy = np.array([[point.real, point.imag] for point in known], np.float32)
        center, radius = cv2.minEnclosingCircle(xy)
        return _circle(complex(*center), _direction(points, skeleton, axis), radius)
    hips, shoulders = trunk
    far = max(
        abs(point - hips) * reach
        for point, reach in zip(points, _reach(skeleton), strict=True)
        if point is not None
    )
    return _circle(hips, shoulders - hips, max(far, MIN_TORSOS * abs(shoulders - hips)))


@cache
def _reach(skeleton: Skeleton) -> tuple[float, ...]:
    """The K factors of `REACH`."""
    return tuple(REACH.get(name, 1.0) for name in skeleton.names)


@cache
def _rows_of(skeleton: Skeleton, group: tuple[str, ...]) -> list[int]:
    """Rows of the keypoints of a group, as far as the skeleton has them."""
    return [row for row, name in enumerate(skeleton.names) if name in group]


def _circle(center: complex, up: complex, radius: float) -> tuple[complex, complex] | None:
    length = abs(up)
    if radius < 0.5 or length == 0:
        return None
    return center, center + up * (radius / length)


def _direction(points: Points, skeleton: Skeleton, axis: tuple[str, str] | None) -> complex:
    if axis is not None:
        tail, head = (points[skeleton.index(name)] for name in axis)
        if tail is not None and head is not None and tail != head:
            return head - tail
    return -1j


def _middle(
    points: Points, skeleton: Skeleton, groups: Iterable[tuple[str, ...]]
) -> complex | None:
    """Mean of the first group with a known point."""
    for group in groups:
        known = [at for row in _rows_of(skeleton, group) if (at := points[row]) is not None]
        if known:
            return sum(known) / len(known)
    return None


def _trunk(points: Points, skeleton: Skeleton) -> tuple[complex, complex] | None:
    """Middle of the hips and of the shoulders, or their substitutes."""
    hips = _middle(points, skeleton, HIPS)
    shoulders = _middle(points, skeleton, SHOULDERS)
    if shoulders is None and hips is not None:
        shoulders = _middle(points, skeleton, HEAD)
    elif hips is None and shoulders is not None:
        hips = _hips_below(points, skeleton)
    return None if hips is None or shoulders is None else (hips, shoulders)


def _hips_below(points: Points, skeleton: Skeleton) -> complex | None:
    """Estimated mid-hip of a person who is seen from the chest up."""
    face = _middle(points, skeleton, HEAD)
    if skeleton.torso is None or face is None:
        return None
    left, right = (points[row] for row in skeleton.torso[:2])
    if left is None or right is None:
        return None
    shoulders, across = (left + right) / 2, left - right
    away = shoulders - face
    down = across * 1j  # a quarter turn
    if (down * away.conjugate()).real < 0:
        down = -down
    down += 0.25 * away  # seen from the side, the line of the shoulders is short and noisy
    far = max(SHOULDERS_TO_HIPS * abs(across), FACE_TO_HIPS * abs(away))
    return shoulders + down * (far / abs(down)) if down else None
