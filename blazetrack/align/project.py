"""The node `project`: crop pixels → image pixels, the one place where points change frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import MARGIN, circle_of_keypoints
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
    poses = project_with(
        lambda points, crop, row: apply(crop.to_image[row], points), landmarks, crop
    )
    if landmarks.alignment_crop is None or region_from == "alignment":
        return poses
    circles = _circles(poses.landmarks_px, landmarks, poses.alignment_px)
    if region_from == "both":
        circles = (circles + poses.alignment_px) / 2
    return replace(poses, alignment_px=circles)


def project_with(to_px: ToPixels, landmarks: Landmarks, crop: Crops) -> Poses:
    """As `project` with `region_from="alignment"`, with x and y by `to_px`."""
    rois = crop.rois.take(landmarks.row)
    to_image = crop.to_image[landmarks.row]
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
        alignment_px = _circles(landmarks_px, landmarks, _circles_of_regions(rois))
    return Poses(
        landmarks_px=landmarks_px,
        world_landmarks_m=_turn(landmarks.world_m, rois.angle_rad),
        visibility=landmarks.visibility,
        presence=landmarks.presence,
        scores=landmarks.scores,
        ids=rois.ids,
        alignment_px=alignment_px,
        masks=_masks(landmarks, to_image, crop.image_wh),
    )


def _circles(landmarks_px: Float, landmarks: Landmarks, default: Float) -> Float:
    """`(N, 2, 2)` centre of the circle around each person, and the point on it above the head."""
    circles = default.copy()
    if landmarks.skeleton is not None:
        sure = landmarks.visibility >= MIN_KEYPOINT_SCORE
        points = np.where(sure[..., None], landmarks_px[..., :2], np.nan)
        for row, xy in enumerate(points):
            circle = circle_of_keypoints(xy, landmarks.skeleton)
            circles[row] = circles[row] if circle is None else circle
    return circles


def _circles_of_regions(rois: Rois) -> Float:
    """As `_circles`, of the regions."""
    circles = np.repeat(rois.center_px[:, None], 2, axis=1)
    radius, angle = rois.side_px / (2 * MARGIN), rois.angle_rad
    circles[:, 1] += np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=1)
    return circles


def _turn(world_m: Float, angle_rad: Float) -> Float:
    cos, sin = np.cos(angle_rad)[:, None], np.sin(angle_rad)[:, None]
    x, y, z = world_m[..., 0], world_m[..., 1], world_m[..., 2]
    return np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=-1)


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
