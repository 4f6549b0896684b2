"""Scores of the whole pipeline with which poses are right, and those of four orientations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.calibration import Scored
from benchmarks.right_poses import MIN_OKS, LabelledFrame, pose_oks
from benchmarks.score_samples import Looker
from blazetrack.pipeline import PoseTracker
from blazetrack.tracking.pose_score import pose_probability
from blazetrack.types import Frame
from models.data.annotated import AnnotatedImage
from models.data.transforms.person_crop import region

__all__ = ["orientation_share", "score_poses"]

QUARTERS = np.arange(4) * np.pi / 2
MIN_CLEAR = np.cos(np.deg2rad(30))  # of the angle to the nearest orientation
EVERY = 10  # frames of a clip that count; those between are tracked only


def score_poses(tracker: PoseTracker, pictures: Iterable[LabelledFrame]) -> Scored:
    """Run the pipeline over pictures, each from a fresh start, and over clips."""
    scores, similarity, clip = [np.zeros(0)], [np.zeros(0)], None
    for picture in pictures:
        if picture.clip is None or picture.clip != clip:
            tracker.reset()
        clip = picture.clip
        poses = tracker(picture.frame)
        if clip is None or picture.frame.index % EVERY == 0:
            points = poses.landmarks_px[..., :2]
            scores.append(poses.scores)
            similarity.append(pose_oks(points, tracker.skeleton, picture.people))
    values = np.concatenate(similarity)
    counts = np.isfinite(values)
    return Scored(np.concatenate(scores)[counts], values[counts] >= MIN_OKS)


def orientation_share(looker: Looker, samples: Sequence[AnnotatedImage]) -> float:
    """Share of people for whom the orientation nearest to theirs scores highest.

    Each person is looked at in the circle of the labels, upright and turned by 90°, 180°, 270°.
    People who are more than 30° from all four are left out.
    """
    hits = count = 0
    for sample in samples:
        frame, true = Frame(sample.image), region(sample.alignment_px)
        apart = np.cos(QUARTERS - true.angle_rad)
        if apart.max() < MIN_CLEAR:
            continue
        rois = [replace(true, angle_rad=np.full(1, angle)) for angle in QUARTERS]
        scores = []
        for one in rois:
            poses, features = looker.poses(frame, one)
            known = looker.coefficients
            scores += (pose_probability(features, known) if known else poses.scores).tolist()
        hits += int(np.argmax(scores)) == int(np.argmax(apart))
        count += 1
    return hits / max(count, 1)
