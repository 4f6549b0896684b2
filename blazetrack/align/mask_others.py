"""The node `mask_others`: paint over the limbs of other people in each person's own region."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.geometry import apply, invert
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Crops, Poses, Rois

__all__ = ["MaskOthers", "silhouette"]

Float = NDArray[np.float64]
Image = NDArray[np.uint8]

FAR_PX = 1e4  # coordinates are clipped to OpenCV's number range


class MaskOthers:
    """Paint over the other people in each person's own region, in the crop's mean colour.

    Where two people overlap, the landmark network mixes their limbs. What is near a limb of the
    person of the region is not painted, so a wrong pose of the others hides nothing of that person.
    A tentative track (id below 0) must show a person in the pixels that the others leave: its own
    limbs are no exception, and it masks nothing in other regions.

    Args:
        model: the landmark model; its keypoints give the limbs.
        limb: half the thickness of limbs, in radii of the circle around each person, which is
            about 1 m on an adult.
    """

    def __init__(self, model: Model | None = None, limb: float = 0.09) -> None:
        self._skeleton = (None if model is None else model.info.skeleton) or BLAZEPOSE33
        self._limb = limb

    def __call__(self, crop: Crops, poses: Poses | None = None) -> Crops:
        """Mask each crop.

        Args:
            crop: regions with the ids of their people.
            poses: all people in the last frame; None is unknown.
        """
        if poses is None or len(poses) < 2:
            return crop
        pixels = crop.pixels.copy()
        for row, to_crop in enumerate(invert(crop.to_image)):
            mask = self._others(crop.rois, row, to_crop, poses, pixels.shape[1:3])
            if mask is not None:
                pixels[row][mask > 0] = pixels[row].reshape(-1, 3).mean(axis=0)
        return replace(crop, pixels=pixels)

    def _others(
        self, rois: Rois, row: int, to_crop: Float, poses: Poses, size_hw: tuple[int, ...]
    ) -> Image | None:
        """The pixels of the other people in one region; None without them."""
        own, radii = poses.ids == rois.ids[row], poses.radius_px
        distance = np.hypot(*(poses.alignment_px[:, 0] - rois.center_px[row]).T)
        others = ~own & (poses.ids > 0) & (distance < radii + rois.side_px[row])
        if not own.any() or not others.any():
            return None
        own &= poses.ids > 0
        scale = float(np.hypot(*to_crop[:, 0]))
        mask = np.zeros(size_hw, np.uint8)
        for people, value in ((others, 1), (own, 0)):
            for one in np.flatnonzero(people):
                points = apply(to_crop, np.clip(poses.landmarks_px[one, :, :2], -FAR_PX, FAR_PX))
                silhouette(mask, points, self._limb * radii[one] * scale, self._skeleton, value)
        return mask


def silhouette(mask: Image, points: Float, limb: float, skeleton: Skeleton, value: int) -> None:
    """Fill trunk, head and limbs of one person.

    Args:
        mask: `(H, W)` uint8, modified.
        points: `(K, 2)` keypoints in pixels of the mask.
        limb: half the thickness of limbs, in pixels.
        skeleton: edges and torso of the K keypoints.
        value: what to fill in.
    """
    xy = np.clip(np.nan_to_num(points), -FAR_PX, FAR_PX).round().astype(np.int32)
    thickness = max(1, round(min(2 * limb, 2.0 * max(mask.shape))))
    if skeleton.torso is not None:
        hull = cv2.convexHull(xy[list(skeleton.torso)])
        cv2.fillConvexPoly(mask, hull, value)
    for a, b in skeleton.edges:
        cv2.line(mask, xy[a].tolist(), xy[b].tolist(), value, thickness)
