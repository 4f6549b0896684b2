"""Right and wrong poses, and pictures with people."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.right_poses import (
    People,
    crowd_frames,
    empty_pictures,
    labelled_pictures,
    pose_oks,
)
from blazetrack.skeleton import BLAZEPOSE33, COCO17

POINTS = np.random.default_rng(1).uniform(20, 120, (17, 2))


def person(labelled: int = 17, ignored: bool = False) -> People:
    box = np.array([[20.0, 20.0, 120.0, 120.0]])
    mask = np.arange(17)[None] < labelled
    none = np.zeros((0, 4))
    return People(POINTS[None], mask, box, box if ignored else none)


def pose(shift_px: float = 0.0) -> np.ndarray:
    out = np.zeros((1, 33, 2))
    for here, there in BLAZEPOSE33.map_to(COCO17):
        out[0, here] = POINTS[there] + shift_px
    return out


def test_pose_oks_of_the_same_points_is_1() -> None:
    assert pose_oks(pose(), BLAZEPOSE33, person()) == pytest.approx(1)
    assert pose_oks(pose(60.0), BLAZEPOSE33, person())[0] < 0.1


def test_pose_oks_reads_labelled_points_only() -> None:
    moved = pose()
    moved[0, BLAZEPOSE33.index("right_ankle")] += 500
    assert pose_oks(moved, BLAZEPOSE33, person(16)) == pytest.approx(1)
    assert pose_oks(moved, BLAZEPOSE33, person(17)) == pytest.approx(16 / 17)


def test_pose_oks_takes_the_nearest_person() -> None:
    one = person()
    away = People(
        np.concatenate([one.points_px + 300, one.points_px]),
        np.concatenate([one.labelled] * 2),
        np.concatenate([one.boxes_px + 300, one.boxes_px]),
        one.ignored_px,
    )
    assert pose_oks(pose(), BLAZEPOSE33, away) == pytest.approx(1)


def test_pose_oks_wrong_pose_in_an_ignored_box_does_not_count() -> None:
    crowd = person(ignored=True)
    assert pose_oks(pose(), BLAZEPOSE33, crowd) == pytest.approx(1)
    nobody = People(
        np.zeros((0, 17, 2)), np.zeros((0, 17), bool), crowd.boxes_px[:0], crowd.ignored_px
    )
    assert np.isnan(pose_oks(pose(), BLAZEPOSE33, nobody)).all()
    assert pose_oks(pose(), BLAZEPOSE33, People.none()) == pytest.approx(0)


def test_labelled_pictures_separate_people_from_crowds(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), np.zeros((150, 150, 3), np.uint8))
    labels = np.concatenate([POINTS, np.full((17, 1), 2)], axis=1).ravel().tolist()
    one = {"image_id": 1, "category_id": 1, "bbox": [20, 20, 100, 100], "keypoints": labels}
    content = {
        "images": [{"id": 1, "file_name": "1.png"}],
        "annotations": [
            {"id": 1, **one},
            {"id": 2, **one, "iscrowd": 1},
            {"id": 3, **one, "keypoints": [0] * 51},
        ],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.names)}],
    }
    (tmp_path / "people.json").write_text(json.dumps(content))
    (picture,) = labelled_pictures(tmp_path / "people.json")
    assert picture.people.points_px == pytest.approx(POINTS[None], abs=1e-4)
    assert picture.people.boxes_px.tolist() == [[20, 20, 120, 120]]
    assert len(picture.people.ignored_px) == 2
    (empty,) = empty_pictures(folder)
    assert len(empty.people.points_px) == 0


def test_crowd_frames_have_drawn_people_of_each_clip() -> None:
    frames = list(crowd_frames([1, 2], 0.1))
    assert [one.clip for one in frames] == [1, 1, 1, 2, 2, 2]
    assert (frames[0].frame.width, frames[0].frame.height) == (1280, 720)
    people = frames[0].people
    assert len(people.points_px) == len(people.boxes_px) == len(people.labelled)
