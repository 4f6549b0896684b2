"""Choice among the poses of several looks: `confirm_poses` and `select_poses`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.tracking.pose_nms import oks
from blazetrack.types import Poses

__all__ = ["confirm_poses", "select_poses"]

# Poses with centres nearer than this part of the larger radius show one person.
SAME_PLACE = 0.5
# By logistic regression on the poses of coco_train and of parts of its pictures without people.
AGREEMENT_ODDS, AGREEMENT_POWER = 1.5, 2.0
MIN_DOUBT = 1e-9


def confirm_poses(poses: Poses, first: Poses) -> Poses:
    """The poses of a second crop, with scores lowered where they differ from those of the first.

    A right pose hardly depends on the crop; a wrong one, of a thing or of a person who is not
    upright in the crop, moves with it. The odds of the score are multiplied by 1.5 s², s the
    similarity (0..1) to the nearest pose of the first crops.

    Args:
        poses: found in crops that follow from `first`.
        first: found in the crops of the detector.
    """
    if not len(poses) or not len(first):
        return poses.take(slice(0, 0))
    points, others = poses.landmarks_px[..., :2], first.landmarks_px[..., :2]
    similarity = oks(points, others, poses.radius_px).max(axis=1)
    factor = AGREEMENT_ODDS * similarity**AGREEMENT_POWER
    odds = factor * poses.scores / np.maximum(1.0 - poses.scores, MIN_DOUBT)
    return replace(poses, scores=odds / (1.0 + odds))


def select_poses(
    new: Poses,
    turned: Poses | None = None,
    *,
    max_people: int = 1,
    min_score: float = 0.0,
    min_sure_score: float = 0.7,
) -> Poses:
    """The best poses: one per place, the largest of the sure people first, then by score.

    Args:
        new: poses of the upright image.
        turned: poses of the image in other orientations.
        max_people: number of poses at most.
        min_score: poses with a lower score are dropped.
        min_sure_score: poses with at least this score are sure. Of these the largest comes first,
            which is the person nearest to the camera, not the one with the highest score.
    """
    given = [poses for poses in (new, turned) if poses is not None]
    poses = Poses.joined([poses for poses in given if len(poses)] or given[-1:])
    poses = poses.take(np.flatnonzero(poses.scores >= min_score))
    order = np.argsort(-poses.scores, kind="stable")
    centers, radii = poses.alignment_px[:, 0], poses.radius_px
    kept: list[int] = []
    for row in order.tolist():
        apart = np.hypot(*(centers[kept] - centers[row]).T)
        if not (apart < SAME_PLACE * np.maximum(radii[kept], radii[row])).any():
            kept.append(row)
    sure = [row for row in kept if poses.scores[row] >= min_sure_score]
    sure.sort(key=lambda row: -radii[row])
    rest = [row for row in kept if row not in sure]
    return poses.take(np.array((sure + rest)[:max_people], np.intp))
