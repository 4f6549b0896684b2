"""People of one frame as plain values, and in the types of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

from blazetrack.errors import InputError, MissingExtra
from blazetrack.results.person import PersonPose
from blazetrack.skeleton import COCO17, Skeleton, skeletons_of
from blazetrack.types import Poses

__all__ = ["people", "skeleton_of", "to_coco", "to_dict", "to_pandas", "to_supervision"]


def skeleton_of(poses: Poses) -> Skeleton:
    """The keypoint set of the poses; where they name none, the known one with as many keypoints.

    Raises:
        InputError: no known set has as many.
    """
    if poses.skeleton is not None:
        return poses.skeleton
    count = poses.landmarks_px.shape[1]
    fitting = skeletons_of(count)
    if not fitting:
        raise InputError(f"poses: expected a known keypoint set, got {count} keypoints")
    return fitting[0]


def people(poses: Poses) -> list[PersonPose]:
    """The people one by one."""
    skeleton = skeleton_of(poses)
    return [PersonPose(poses, row, skeleton) for row in range(len(poses))]


def to_dict(poses: Poses) -> dict[str, Any]:
    """Plain values: the name of the keypoint set, and each person by keypoint names."""
    persons = [person.to_dict() for person in people(poses)]
    return {"skeleton": skeleton_of(poses).name, "people": persons}


def to_pandas(poses: Poses) -> Any:
    """A `pandas.DataFrame` with a row per person and keypoint.

    Columns: `id`, `score`, `keypoint`, `x_px`, `y_px`, `z_px`, `x_m`, `y_m`, `z_m`, `visibility`,
    `presence`.

    Raises:
        MissingExtra: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingExtra("pandas", "pandas") from None
    skeleton, count = skeleton_of(poses), poses.landmarks_px.shape[1]
    columns: dict[str, Any] = {
        "id": poses.ids.repeat(count),
        "score": poses.scores.repeat(count),
        "keypoint": list(skeleton.names) * len(poses),
    }
    for values, unit in ((poses.landmarks_px, "px"), (poses.world_landmarks_m, "m")):
        for axis, name in enumerate("xyz"):
            columns[f"{name}_{unit}"] = values[..., axis].reshape(-1)
    columns["visibility"] = poses.visibility.reshape(-1)
    columns["presence"] = poses.presence.reshape(-1)
    return pandas.DataFrame(columns)


def to_coco(poses: Poses, image_id: int = 0) -> list[dict[str, Any]]:
    """Keypoint results as `pycocotools` loads them, one per person, 17 keypoints.

    Args:
        poses: the people.
        image_id: number of the picture in the annotations.

    Raises:
        InputError: the keypoint set lacks one of COCO's.
    """
    here = skeleton_of(poses)
    if lacking := [name for name in COCO17.names if name not in here.names]:
        raise InputError(f"to_coco: skeleton {here.name} has no {', '.join(lacking)}")
    order = [here.index(name) for name in COCO17.names]
    triples = np.concatenate(
        [poses.landmarks_px[:, order, :2], poses.visibility[:, order, None]], axis=2
    )
    return [
        {
            "image_id": image_id,
            "category_id": 1,
            "keypoints": row.reshape(-1).tolist(),
            "score": score,
        }
        for row, score in zip(triples, poses.scores.tolist(), strict=True)
    ]


def to_supervision(poses: Poses) -> Any:
    """`supervision.KeyPoints` with ids and scores in `data`.

    Raises:
        MissingExtra: supervision is not installed.
    """
    try:
        import supervision
    except ImportError:
        raise MissingExtra("supervision", "supervision") from None
    return supervision.KeyPoints(
        xy=poses.landmarks_px[..., :2].astype(np.float32),
        keypoint_confidence=poses.visibility.astype(np.float32),
        class_id=np.zeros(len(poses), int),
        data={"tracker_id": poses.ids, "score": poses.scores},
    )
