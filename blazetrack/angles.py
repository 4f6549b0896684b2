"""Joint angles of knees, elbows, hips and shoulders in degrees.

The angle is between the two limbs that meet in a joint, in space: 180° is a straight leg or arm, or
the hip of a standing person; 0° is the shoulder of an arm that hangs down.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.skeleton import Skeleton

__all__ = ["angle_keypoints", "joint_angles"]

Float = NDArray[np.float64]

# joint → the far ends of the two limbs that meet there
_ENDS = {
    "knee": ("hip", "ankle"),
    "elbow": ("shoulder", "wrist"),
    "hip": ("shoulder", "knee"),
    "shoulder": ("elbow", "hip"),
}


def angle_keypoints(skeleton: Skeleton) -> dict[str, tuple[int, int, int]]:
    """The joints of a keypoint set that have an angle, in the order of `joint_angles`.

    For BlazePose: left_knee, right_knee, left_elbow, right_elbow, left_hip, right_hip,
    left_shoulder, right_shoulder. A set without those keypoints has fewer, or none.

    Returns:
        Joint → indices of the far end of one limb, the joint, and the far end of the other limb.
    """
    index = {name: place for place, name in enumerate(skeleton.names)}
    found = {}
    for joint, ends in _ENDS.items():
        for side in ("left", "right"):
            one, middle, other = (f"{side}_{part}" for part in (ends[0], joint, ends[1]))
            if {one, middle, other} <= index.keys():
                found[middle] = (index[one], index[middle], index[other])
    return found


def joint_angles(points: NDArray[Any], skeleton: Skeleton) -> Float:
    """The angle in each joint of `angle_keypoints`, in degrees, 0 to 180.

    Args:
        points: `(..., K, 3)` keypoints in space, such as `poses.world_landmarks_m`.
            `(..., K, 2)` in pixels give the angles in the image, which depend on the view.
        skeleton: names the K keypoints.

    Returns:
        `(..., J)` float64; NaN where a limb has no length, as for a model without world landmarks.
    """
    triples = np.array(list(angle_keypoints(skeleton).values())).reshape(-1, 3)
    one, joint, other = triples.T.astype(np.intp)
    u = points[..., one, :].astype(np.float64) - points[..., joint, :]
    v = points[..., other, :].astype(np.float64) - points[..., joint, :]
    u_length, v_length = np.linalg.norm(u, axis=-1), np.linalg.norm(v, axis=-1)
    # Kahan, How Futile are Mindless Assessments of Roundoff, §12: the arc cosine would lose half of
    # the digits for a straight limb.
    a, b = u * v_length[..., None], v * u_length[..., None]
    angle = 2 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))
    return np.where((u_length > 0) & (v_length > 0), np.degrees(angle), np.nan)
