"""The node `mask_people`: paint over known people, so that a detector finds the others."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from blazetrack.geometry import apply, invert
from blazetrack.types import Crops, Poses

__all__ = ["mask_people"]

FAR_PX = 1e6


def mask_people(crop: Crops, poses: Poses | None = None, *, margin: float = 0.15) -> Crops:
    """Paint over people: the hull of their keypoints and a seam, in the crop's mean colour.

    A single-shot detector trained on one person near the camera often misses a second one beside
    the first; with the first masked it finds the second.

    Args:
        crop: regions of the image.
        poses: the people to mask, in image pixels.
        margin: width of the seam in radii of the circle around each person.
    """
    if poses is None or not len(poses):
        return crop
    # People with a point that is not finite, or too far away to be drawn, are left out.
    limits = [np.abs(part).max(axis=(1, 2)) for part in (poses.landmarks_px, poses.alignment_px)]
    poses = poses.take(np.maximum(*limits) < FAR_PX)
    pixels = crop.pixels.copy()
    for picture, to_crop in zip(pixels, invert(crop.to_image), strict=True):
        colour = picture.reshape(-1, 3).mean(axis=0).tolist()
        scale = float(np.hypot(*to_crop[:, 0]))
        for points, radius in zip(poses.landmarks_px[..., :2], poses.radius_px, strict=True):
            hull = cv2.convexHull(apply(to_crop, points).astype(np.float32)).round().astype(int)
            cv2.fillConvexPoly(picture, hull, colour)
            seam = min(max(1, round(margin * radius * scale)), max(picture.shape))
            cv2.polylines(picture, [hull], True, colour, seam)
    return replace(crop, pixels=pixels)
