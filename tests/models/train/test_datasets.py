"""Data sets of a run: what is packed for a landmark network and for a detector."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import InputError
from models.common.person_finder import FoundPeople, PersonFinder
from models.train.data_settings import (
    DetectorDatasetSettings,
    DetectorDataSettings,
    PoseDatasetSettings,
    PoseDataSettings,
    shares_of,
)
from models.train.tasks.detector import open_views
from models.train.tasks.landmarks import open_backgrounds, open_people


@pytest.fixture
def people(make_coco: Any) -> Path:
    """The COCO file of two pictures, of people without hips in the first one."""
    names = ["nose", "left_shoulder", "right_shoulder", "left_hip", "right_hip"]
    whole = [20, 5, 2, 28, 15, 2, 12, 15, 2, 26, 40, 2, 14, 40, 2]
    path: Path = make_coco(
        categories=[{"id": 7, "name": "person", "keypoints": names}],
        annotations=[
            {"id": 1, "image_id": 1, "category_id": 7, "keypoints": whole[:9] + [0] * 6},
            {"id": 2, "image_id": 2, "category_id": 7, "keypoints": whole},
            {"id": 3, "image_id": 2, "category_id": 7, "keypoints": whole},
        ],
    )
    return path


def test_pose_dataset_has_one_person_in_each_image(people: Path, tmp_path: Path) -> None:
    wanted = PoseDatasetSettings(kind="coco", path=str(people))
    data = PoseDataSettings(train={"some": wanted}, packs=str(tmp_path), backgrounds=str(people))
    lines: list[str] = []
    pack = open_people("some", wanted, data, lines.append)
    assert [len(image) for image in pack] == [1, 1, 1]
    assert lines == ["some: 3 people"]
    assert [len(image) for image in open_backgrounds(data)] == [1, 2]
    again = PoseDatasetSettings(kind="pack", path=str(pack.place))
    assert open_people("again", again, data, lines.append).sources == pack.sources


def test_detector_dataset_has_whole_pictures(people: Path, tmp_path: Path) -> None:
    wanted = DetectorDatasetSettings(kind="coco", path=str(people))
    data = DetectorDataSettings(train={"some": wanted}, packs=str(tmp_path))
    lines: list[str] = []
    pack = open_views("some", wanted, data, lines.append)
    assert [len(image) for image in pack] == [0, 2]
    assert len(pack[0].ignore_px) == 1
    assert lines[-1] == "some: 2 pictures with 2 people"
    second = wanted.model_copy(update={"rows": [1, 2]})
    assert len(open_views("some", second, data, lines.append)) == 1
    none = wanted.model_copy(update={"rows": [0, 1]})
    with pytest.raises(InputError, match="some: no usable person in 1 pictures"):
        open_views("some", none, data, lines.append)


def test_detector_dataset_with_labels_of_the_detector(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alignment = np.array([[[20.0, 45.0], [20.0, 5.0]]])
    found = FoundPeople(
        np.array([[15.0, 0.0, 25.0, 10.0]]), alignment, np.array([[20.0, 15.0]]), np.ones(1)
    )
    finder = SimpleNamespace(find=lambda image: found)
    monkeypatch.setattr(PersonFinder, "published", lambda *args: finder)
    wanted = DetectorDatasetSettings(
        kind="coco", path=str(people), detected_labels=True, leave_out_pictures=[2]
    )
    data = DetectorDataSettings(train={"some": wanted}, packs=str(tmp_path))
    pack = open_views("some", wanted, data, lambda line: None)
    assert pack.sources == ["some/1"]
    np.testing.assert_array_equal(pack[0].alignment_px, alignment)


def test_detector_dataset_leaves_out_pictures_without_a_usable_person(
    make_lsp: Any, tmp_path: Path
) -> None:
    joints = np.ones((3, 14, 3), np.float32)
    joints[..., :2] = np.random.default_rng(0).uniform(5, 35, (3, 14, 2))
    joints[1, 2, 2] = 0  # no right hip
    folder = make_lsp(joints)
    wanted = DetectorDatasetSettings(kind="lsp", path=str(folder), split="all")
    data = DetectorDataSettings(train={"some": wanted}, packs=str(tmp_path))
    pack = open_views("some", wanted, data, lambda line: None)
    assert pack.sources == ["some/00001", "some/00003"]


def test_pseudo_labels_of_synthetic_people_are_refused(tmp_path: Path) -> None:
    wanted = PoseDatasetSettings(kind="synthetic", count=2, pseudo_labels=True)
    data = PoseDataSettings(train={"drawn": wanted}, packs=str(tmp_path))
    with pytest.raises(InputError, match="synthetic people have all labels already"):
        open_people("drawn", wanted, data, lambda line: None)


def test_shares_are_given_for_all_or_none() -> None:
    some = {"a": PoseDatasetSettings(kind="lsp", share=0.5), "b": PoseDatasetSettings(kind="lsp")}
    with pytest.raises(InputError, match=r"data\.train: b: has no share"):
        shares_of("data.train", some)
    assert shares_of("data.train", {"a": some["a"]}) == {"a": 0.5}
    assert shares_of("data.train", {"b": some["b"]}) is None
