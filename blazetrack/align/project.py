"""The node `project`: crop pixels → image pixels, the one place where points change frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import MARGIN, circle_of_points, known_points
from blazetrack.geometry import apply
from blazetrack.types import Crops, Landmarks, Poses, Rois

__all__ = ["RegionFrom", "project", "project_with"]

Float = NDArray[np.float64]
ToPixels = Callable[[Float, Crops, NDArray[np.int64]], Float]  # points of crops, crops, row
RegionFrom = Literal["alignment", "keypoints", "both"]

# Keypoints with a lower score do not count for the circle around a person: they are guesses.
# (Value of the published MoveNet example, MIN_CROP_KEYPOINT_SCORE.)
MIN_KEYPOINT_SCORE = 0.2


def project(landmarks: Landmarks, crop: Crops, *, region_from: RegionFrom = "alignment") -> Poses:
    """Landmarks in the image, and world landmarks in the orientation of the camera.

    z scales with the region like x and y (MediaPipe, landmark_projection_calculator.cc); world
    points turn by the region's angle (world_landmark_projection_calculator.cc).

    Args:
        landmarks: people in crops.
        crop: the crops.
        region_from: the circle around each person, which gives the region of the next look: that of
            the network's alignment points, that of the keypoints (`circle_of_keypoints`), or the
            mean of both. Without alignment points it is that of the keypoints, and without enough
            keypoints that of the region.
    """
    return project_with(
        lambda points, crop, row: apply(crop.to_image[row], points), landmarks, crop, region_from
    )


def project_with(
    to_px: ToPixels, landmarks: Landmarks, crop: Crops, region_from: RegionFrom = "alignment"
) -> Poses:
    """As `project`, with x and y by `to_px`."""
    rois, to_image = crop.rois, crop.to_image
    if landmarks.row.tolist() != list(range(len(crop))):  # not one person in each crop
        rois, to_image = rois.take(landmarks.row), to_image[landmarks.row]
    keypoints = landmarks.xyz_crop.shape[1]
    points = landmarks.xyz_crop[..., :2]
    if landmarks.alignment_crop is not None:
        points = np.concatenate([points, landmarks.alignment_crop], axis=1)
    points_px = to_px(points, crop, landmarks.row)
    landmarks_px = np.empty_like(landmarks.xyz_crop)
    landmarks_px[..., :2] = points_px[:, :keypoints]
    scale = np.hypot(to_image[:, 0, 0], to_image[:, 1, 0])
    np.multiply(landmarks.xyz_crop[..., 2], scale[:, None], out=landmarks_px[..., 2])
    alignment_px = points_px[:, keypoints:]
    if landmarks.alignment_crop is None:
        alignment_px = _circles_of_regions(rois)
        _use_keypoints(alignment_px, points_px, landmarks, 1.0)
    elif region_from != "alignment":
        _use_keypoints(alignment_px, points_px, landmarks, 0.5 if region_from == "both" else 1.0)
    return Poses(
        landmarks_px=landmarks_px,
        world_landmarks_m=_turn(landmarks.world_m, rois.angle_rad),
        visibility=landmarks.visibility,
        presence=landmarks.presence,
        scores=landmarks.scores,
        ids=rois.ids,
        alignment_px=alignment_px,
        masks=_masks(landmarks, to_image, crop.image_wh),
        skeleton=landmarks.skeleton,
        calibrated=landmarks.calibrated,
    )


def _use_keypoints(circles: Float, points_px: Float, landmarks: Landmarks, weight: float) -> None:
    """Move circles `(N, 2, 2)` towards those of the sure keypoints, where there are enough.

    Args:
        circles: centre, and the point above the head; is changed.
        points_px: `(N, ≥ K, 2)`.
        landmarks: the same people.
        weight: of the keypoints, 0..1.
    """
    if landmarks.skeleton is None:
        return
    for row, seen in enumerate(landmarks.visibility.tolist()):
        points = known_points(points_px[row, : len(seen)].tolist())
        sure = [at if v >= MIN_KEYPOINT_SCORE else None for at, v in zip(points, seen, strict=True)]
        circle = circle_of_points(sure, landmarks.skeleton)
        if circle is not None:
            found = np.array([[at.real, at.imag] for at in circle])
            circles[row] = (
                found if weight == 1.0 else (1.0 - weight) * circles[row] + weight * found
            )


def _circles_of_regions(rois: Rois) -> Float:
    """As `_circles`, of the regions."""
    circles = np.repeat(rois.center_px[:, None], 2, axis=1)
    radius, angle = rois.side_px / (2 * MARGIN), rois.angle_rad
    circles[:, 1] += np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=1)
    return circles


def _turn(world_m: Float, angle_rad: Float) -> Float:
    cos, sin = np.cos(angle_rad)[:, None], np.sin(angle_rad)[:, None]
    x, y = world_m[..., 0], world_m[..., 1]
    turned = world_m.copy()
    turned[..., 0] = cos * x - sin * y
    turned[..., 1] = sin * x + cos * y
    return turned


def _masks(
    landmarks: Landmarks, to_image: Float, image_wh: tuple[int, int]
) -> NDArray[np.float32] | None:
    if landmarks.masks_crop is None:
        return None
    width, height = image_wh
    masks = np.zeros((len(landmarks), height, width), np.float32)
    for row, mask in enumerate(landmarks.masks_crop):
        cv2.warpAffine(mask, to_image[row], image_wh, dst=masks[row], flags=cv2.INTER_LINEAR)
    return masks
