"""Regions of interest: from detections, from poses, and which of them to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.mediapipe import Arithmetic, rois_float32, unpad_float32
from blazetrack.geometry import apply
from blazetrack.types import Crops, Detections, Frame, Poses, Rois

__all__ = [
    "free_rois",
    "merge_rois",
    "rois_from_alignment",
    "rois_from_detections",
    "rois_from_poses",
    "whole_roi",
]

Float = NDArray[np.float64]

# The region is this much larger than the circle around the person
# (mediapipe/modules/pose_landmark/pose_detection_to_roi.pbtxt, `scale_x`).
MARGIN = 1.25
# Two people can stand nearer to each other, but a detector sees only one of them then.
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


def rois_from_detections(
    detections: Detections,
    crop: Crops,
    *,
    points: tuple[int, int] = (0, 1),
    margin: float = MARGIN,
    arithmetic: Arithmetic = "float64",
) -> Rois:
    """Regions of newly found people, without ids yet.

    Args:
        detections: people in parts of their crop.
        crop: the crops they were found in; for MediaPipe's arithmetic the whole image.
        points: which keypoints are the mid-hip and the point on the circle.
        margin: see `rois_from_alignment`.
        arithmetic: see `Arithmetic`.
    """
    unit, ids = detections.keypoints_unit[:, list(points)], np.zeros(len(detections), np.int64)
    if arithmetic == "mediapipe":
        unit = unpad_float32(unit, crop, detections.row)
        return _sound(rois_float32(unit, crop.image_wh, ids, margin))
    height, width = crop.pixels.shape[1:3]
    points_crop = unit.astype(np.float64) * np.array([width, height])
    points_px = apply(crop.to_image[detections.row], points_crop)
    return _sound(rois_from_alignment(points_px, ids, margin))


def rois_from_poses(
    poses: Poses, frame: Frame, *, margin: float = MARGIN, arithmetic: Arithmetic = "float64"
) -> Rois:
    """Where to look for the same people in the next frame."""
    if arithmetic == "mediapipe":
        image_wh = (frame.width, frame.height)
        unit = (poses.alignment_px / np.array(image_wh, np.float64)).astype(np.float32)
        return _sound(rois_float32(unit, image_wh, poses.ids, margin))
    return _sound(rois_from_alignment(poses.alignment_px, poses.ids, margin))


def free_rois(
    new: Rois, taken: Rois | None = None, *, max_people: int = 1, apart: float = SAME_PERSON
) -> Rois:
    """Those of `new` that show nobody in `taken`; with those taken at most `max_people`.

    Args:
        new: regions, best first.
        taken: regions of people known.
        max_people: how many are wanted.
        apart: regions whose centres are nearer than this part of the smaller side show one person.
    """
    held = Rois.empty() if taken is None else taken
    rows: list[int] = []
    for row in range(len(new)):
        if len(held) + len(rows) >= max_people:
            break
        if not _near(new, row, held, apart) and not _near(new, row, new.take(rows), apart):
            rows.append(row)
    return new.take(np.asarray(rows, np.int64))


def merge_rois(
    new: Rois | None, carried: Rois | None, *, max_people: int = 1, apart: float = SAME_PERSON
) -> Rois:
    """The people followed so far, then newly found ones, at most `max_people`; see `free_rois`."""
    held = Rois.empty() if carried is None else carried
    if new is None:
        return held
    free = free_rois(new, held, max_people=max_people, apart=apart)
    return Rois(
        np.concatenate([held.center_px, free.center_px]),
        np.concatenate([held.size_px, free.size_px]),
        np.concatenate([held.angle_rad, free.angle_rad]),
        np.concatenate([held.ids, free.ids]),
    )


def _near(rois: Rois, row: int, others: Rois, apart: float) -> bool:
    distance = np.hypot(*(others.center_px - rois.center_px[row]).T)
    return bool((distance < apart * np.minimum(others.side_px, rois.side_px[row])).any())


def _sound(rois: Rois) -> Rois:
    """Without regions that cannot be cut: smaller than a pixel, or not finite."""
    side = rois.side_px
    good = np.isfinite(rois.center_px).all(axis=1) & (side >= 1) & (side < 1e6)
    return rois if good.all() else rois.take(good)
