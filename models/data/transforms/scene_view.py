"""What a network for several people learns of an annotated picture: all people, in its skeleton."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.skeleton import Skeleton
from models.data.annotated import AnnotatedImage, boxes_around

__all__ = ["scene_view", "with_neck"]


def scene_view(image: AnnotatedImage, skeleton: Skeleton) -> AnnotatedImage:
    """The same picture in the keypoints of `skeleton`, in float64.

    Boxes are those of the people, or of their labelled keypoints. People without a keypoint of the
    skeleton become ignored regions; the whole picture where one has no box.
    """
    view = with_neck(image).to_skeleton(skeleton) if "neck" in skeleton.names else image
    view = view.to_skeleton(skeleton).transformed(image.image, np.eye(2, 3))
    height, width = image.image.shape[:2]
    points = np.where(view.labelled[..., None], view.points_px[..., :2], np.nan)
    boxes = np.where(np.isnan(view.boxes_px), boxes_around(points), view.boxes_px)
    boxes = np.where(np.isnan(boxes), [0.0, 0.0, width, height], boxes)
    usable = view.labelled.any(axis=1)
    ignored = np.concatenate([view.ignore_px, boxes[~usable]])
    return replace(replace(view, boxes_px=boxes).take(usable), ignore_px=ignored)


def with_neck(image: AnnotatedImage) -> AnnotatedImage:
    """The people with the keypoint `neck`, the middle of both shoulders where both are labelled.

    (OpenPose, arXiv 1611.08050; tf-pose-estimation, pose_dataset.py.) Data sets with a neck of
    their own, which lies higher, keep it only if they lack shoulders.
    """
    names = image.skeleton.names
    if not {"left_shoulder", "right_shoulder"} <= set(names):
        return image
    if "neck" not in names:
        named = Skeleton(f"{image.skeleton.name}_neck", (*names, "neck"))
        image = image.to_skeleton(named)
    neck = image.skeleton.index("neck")
    both = [image.skeleton.index(f"{side}_shoulder") for side in ("left", "right")]
    fields = {
        "points_px": image.points_px[:, both].mean(axis=1),
        "visibility": image.visibility[:, both].min(axis=1, initial=1.0),
        "weights": image.weights[:, both].min(axis=1, initial=1.0),
        "world_m": image.world_m[:, both].mean(axis=1),
    }
    changed = {}
    for name, values in fields.items():
        changed[name] = getattr(image, name).copy()
        changed[name][:, neck] = values
    return replace(image, **changed)
