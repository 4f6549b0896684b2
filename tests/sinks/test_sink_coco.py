"""COCO results, loaded by pycocotools."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.sinks import open_sink
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from blazetrack.types import Frame, Poses
from tests.conftest import MakePeople


def frame(index: int, file: str = "", still: bool = True) -> Frame:
    return Frame(np.zeros((480, 640, 3), np.uint8), index, 0.0, still, file)


def spread(poses: Poses, seed: int) -> Poses:
    """The same people, their keypoints apart."""
    offsets = np.random.default_rng(seed).uniform(-60, 60, poses.landmarks_px.shape)
    return replace(poses, landmarks_px=poses.landmarks_px + offsets)


def test_coco_results_of_the_truth_have_full_precision(
    tmp_path: Path, people: MakePeople, capsys: Any
) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    one = spread(people((200, 150, 60)), 1)
    two = spread(people((150, 150, 60), (450, 250, 60), ids=[7, 8]), 2)
    with open_sink(tmp_path / "a.json") as sink:
        sink.write(frame(0, "x/000000000139.jpg"), one)
        sink.write(frame(1, "x/000000000200.jpg"), Poses.empty())
        sink.write(frame(2, "x/000000000285.jpg"), two)
    assert (sink.written, sink.warnings) == ([str(tmp_path / "a.json")], [])
    order = [BLAZEPOSE33.index(name) for name in COCO17.names]
    truth: dict[str, Any] = {
        "images": [{"id": number} for number in (139, 200, 285)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.names)}],
        "annotations": [],
    }
    for number, poses in ((139, one), (285, two)):
        for points in poses.landmarks_px[:, order, :2]:
            (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
            triples = np.column_stack([points, np.full(17, 2)])
            truth["annotations"].append(
                {"id": len(truth["annotations"]) + 1, "image_id": number, "category_id": 1,
                 "keypoints": triples.ravel().tolist(), "num_keypoints": 17, "iscrowd": 0,
                 "bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0)}
            )  # fmt: skip
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    known = coco.COCO(str(tmp_path / "truth.json"))
    measured = cocoeval.COCOeval(known, known.loadRes(str(tmp_path / "a.json")), "keypoints")
    measured.evaluate()
    measured.accumulate()
    measured.summarize()
    assert measured.stats[0] == pytest.approx(1)


def test_coco_film_has_frame_numbers_and_ids(tmp_path: Path, people: MakePeople) -> None:
    with open_sink(tmp_path / "a.json") as sink:
        for index in range(3):
            sink.write(frame(index + 4, "12.mp4", still=False), people((9, 9, 5), ids=[index]))
    found = json.loads((tmp_path / "a.json").read_text())
    assert [one["image_id"] for one in found] == [4, 5, 6]
    assert [one["track_id"] for one in found] == [0, 1, 2]
    assert {one["file_name"] for one in found} == {"12.mp4"}


def test_coco_without_people_is_an_empty_list(tmp_path: Path) -> None:
    with open_sink(tmp_path / "a.json") as sink:
        sink.write(frame(0), Poses.empty())
    assert json.loads((tmp_path / "a.json").read_text()) == []


def test_coco_two_pictures_with_one_number_are_a_warning(tmp_path: Path) -> None:
    with open_sink(tmp_path / "a.json") as sink:
        sink.write(frame(0, "cat.jpg"), Poses.empty())
        sink.write(frame(1, "0.jpg"), Poses.empty())
    assert sink.warnings == [
        f"{tmp_path / 'a.json'}: image_id 0 stands for cat.jpg and 0.jpg; name all pictures by "
        "numbers, or none"
    ]


def test_coco_of_another_skeleton_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="skeleton lsp14 without nose, left_eye"):
        open_sink(tmp_path / "a.json", skeleton=LSP14)


def test_coco_full_disk_leaves_a_whole_list(
    tmp_path: Path, people: MakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink: Any = open_sink(tmp_path / "a.json")
    sink.write(frame(0, "1.jpg"), people((9, 9, 5)))
    monkeypatch.setattr(sink._file, "flush", full_disk, raising=False)
    with pytest.raises(SinkError, match="cannot be written"):
        sink.write(frame(1, "2.jpg"), people((9, 9, 5)))
    sink.close()
    assert [one["image_id"] for one in json.loads((tmp_path / "a.json").read_text())] == [1]


def full_disk() -> None:
    raise OSError(28, "No space left on device")
