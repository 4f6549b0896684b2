"""The node `cap_visibility`: keypoints outside the image are not visible in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.types import Frame, Poses

__all__ = ["cap_visibility"]

MAX_OUTSIDE = 0.5  # at the border


def cap_visibility(poses: Poses, frame: Frame, *, margin: float = 0.1) -> Poses:
    """Limit visibility and presence of keypoints outside the image, as both are defined.

    The network sees a crop, and often takes for visible what is beyond the image's border. The
    limit is just below one half at the border, as a keypoint's place is not exact, and falls to 0
    at `margin` radii of the person.

    Args:
        poses: people in image pixels.
        frame: the image.
        margin: distance from the border, in radii of the circle around a person.
    """
    right, bottom = frame.width - 0.5, frame.height - 0.5
    if all(
        -0.5 <= x <= right and -0.5 <= y <= bottom
        for person in poses.landmarks_px.tolist()
        for x, y, _ in person
    ):
        return poses
    x, y = poses.landmarks_px[..., 0], poses.landmarks_px[..., 1]
    with np.errstate(invalid="ignore"):
        across = np.maximum(-0.5 - x, x - right)
        down = np.maximum(-0.5 - y, y - bottom)
        beyond_px = np.maximum(across, down)  # of the border; NaN is inside
        reach_px = np.maximum(margin * poses.radius_px, 1.0)[:, None]
        limit = np.clip(MAX_OUTSIDE * (1.0 - beyond_px / reach_px), 0.0, np.nextafter(0.5, 0.0))
    outside = beyond_px > 0
    if not outside.any():
        return poses
    limit = np.where(outside, limit, 1.0)
    return replace(
        poses,
        visibility=np.minimum(poses.visibility, limit),
        presence=np.minimum(poses.presence, limit),
    )
