"""Targets of a detector: heads, alignments, mid-shoulders, and ignored regions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from models.common.person_finder import FoundPeople
from models.data.annotated import AnnotatedImage
from models.data.readers.coco import CocoImages, read_coco
from models.data.transforms.detector_view import (
    SURE,
    TO_SHOULDER,
    detector_view,
    head_center,
    ignore_unlabelled,
)


def without(sample: AnnotatedImage, *names: str) -> AnnotatedImage:
    weights = sample.weights.copy()
    weights[:, [sample.skeleton.index(name) for name in names]] = 0
    return replace(sample, weights=weights)


def test_head_center_counts_each_part_once(make_person: Any) -> None:
    points = np.full((17, 3), np.nan, np.float32)
    points[:4, :2] = (10, 10), (12, 8), (16, 8), (20, 9)
    weights = (np.arange(17) < 4).astype(np.float32)
    head = head_center(make_person(COCO17, points_px=points, weights=weights))
    assert head == pytest.approx(np.mean([(10, 10), (14, 8), (20, 9)], axis=0))
    bare = make_person(COCO17, points_px=points, weights=0 * weights)
    assert head_center(bare) is None


def test_head_center_of_lsp_lies_between_neck_and_top(make_person: Any) -> None:
    person = make_person(LSP14)
    assert head_center(person) == pytest.approx([60, 160 * (0.22 - 0.52 * 0.14)], abs=0.01)
    assert head_center(without(person, "neck")) is None


def test_view_is_head_alignment_and_mid_shoulder(make_person: Any) -> None:
    sample = make_person(LSP14)
    view = detector_view(sample)
    radius = sample.diameters_px[0] / 2
    width, height = (view.boxes_px[0, 2:] - view.boxes_px[0, :2]).tolist()
    assert width == pytest.approx(height)
    assert width == pytest.approx(radius / 2)
    assert view.diameters_px[0] == pytest.approx(2 * radius)
    shoulder = np.array([60, 0.26 * 160])
    assert view.points_px[0, 0, :2] == pytest.approx(shoulder, abs=0.01)
    assert np.array_equal(view.alignment_px, sample.alignment_px)
    head = head_center(sample)
    assert head is not None
    middle = view.boxes_px[0].reshape(2, 2).mean(axis=0)
    assert middle == pytest.approx(head + TO_SHOULDER * (shoulder - head), abs=0.01)


@pytest.mark.parametrize("lacking", ["left_hip", "right_shoulder", "head_top"])
def test_view_of_person_without_box_ignores_the_whole_picture(
    make_person: Any, lacking: str
) -> None:
    view = detector_view(without(make_person(LSP14), lacking))
    assert len(view) == 0
    assert view.ignore_px.tolist() == [[0, 0, 120, 160]]


def test_view_takes_pseudo_labels_first(make_person: Any) -> None:
    sample = without(make_person(LSP14), "left_hip", "head_top")
    full = make_person(BLAZEPOSE33)

    def views(person: AnnotatedImage, pseudo: AnnotatedImage) -> int:
        return len(detector_view(person, {sample.source: pseudo}.get))

    assert views(sample, full) == 1
    assert views(sample, without(full, "nose")) == 0
    own_head = without(make_person(LSP14), "left_hip")
    assert views(own_head, without(full, "nose")) == 1


@pytest.fixture
def coco_file(tmp_path: Path, make_person: Any) -> Path:
    """One picture with a person, one with too few labels and a crowd; one picture without."""
    person = make_person(COCO17)
    known = np.isfinite(person.points_px[0, :, 0])
    full = np.nan_to_num(np.concatenate([person.points_px[0, :, :2], 2 * known[:, None]], axis=1))
    few = np.zeros((17, 3))
    few[5] = 90, 20, 2

    def entry(number: int, points: np.ndarray, box: list[float], crowd: int = 0) -> dict[str, Any]:
        return {"id": number, "image_id": 1, "category_id": 1, "iscrowd": crowd, "bbox": box,
                "keypoints": points.ravel().tolist(), "num_keypoints": 1}  # fmt: skip

    (tmp_path / "images").mkdir()
    for number in (1, 2):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), np.full((160, 120, 3), 9, np.uint8))
    content = {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 120, "height": 160} for n in (1, 2)],
        "annotations": [
            entry(1, full, [20, 10, 60, 140]),
            entry(2, few, [80, 10, 20, 30]),
            entry(3, full, [0, 0, 15, 15], crowd=1),
        ],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO17.names)}],
    }
    path = tmp_path / "people.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_view_of_a_picture_holds_all_its_people(coco_file: Path, make_person: Any) -> None:
    views = [detector_view(image) for image in CocoImages(read_coco(coco_file))]
    assert [len(view) for view in views] == [1, 0]
    first = views[0]
    assert first.alignment_px == pytest.approx(make_person(COCO17).alignment_px)
    boxes = sorted(first.ignore_px.round(3).tolist())
    assert boxes[1] == [80, 10, 100, 40]
    assert boxes[0][:2] == [0, 0]
    assert views[1].ignore_px.shape == (0, 4)


def found_at(*heads: tuple[float, float]) -> FoundPeople:
    middle = np.array(heads, np.float64).reshape(-1, 2)
    boxes = np.concatenate([middle - 10, middle + 10], axis=1)
    down = np.array([0.0, 1.0])
    hips = middle + 60 * down
    alignment = np.stack([hips, hips - 75 * down], axis=1)
    return FoundPeople(boxes, alignment, middle + 20 * down, np.ones(len(middle)))


def test_view_takes_detections_for_people_of_few_labels(make_person: Any) -> None:
    sample = without(make_person(LSP14), "left_hip")
    head = head_center(sample)
    assert head is not None
    found = found_at((300, 300), tuple(head + 3))
    view = detector_view(sample, found=found)
    assert np.array_equal(view.alignment_px, found.alignment_px[1:])
    assert view.boxes_px[0].reshape(2, 2).mean(axis=0) == pytest.approx(head + 3)
    assert view.points_px[0, 0, :2] == pytest.approx(found.shoulders_px[1])
    assert len(view.ignore_px) == 0
    unsure = replace(found, scores=np.full(2, SURE - 0.01))
    assert len(detector_view(sample, found=unsure)) == 0
    labelled = make_person(LSP14)
    assert np.array_equal(detector_view(labelled, found=found).alignment_px, labelled.alignment_px)


def test_view_takes_a_detection_in_the_box_of_a_person_without_a_head(coco_file: Path) -> None:
    picture = CocoImages(read_coco(coco_file))[0]
    sources = picture.sources
    assert detector_view(picture, found=found_at((90, 25))).sources == sources
    bare = without(picture.take([0]), "left_hip", *COCO17.names[:5])
    x, y = bare.boxes_px[0].reshape(2, 2).mean(axis=0)
    assert detector_view(bare, found=found_at((x, y))).boxes_px[0, :2].mean() < x
    assert len(detector_view(bare, found=found_at((x + 60, y)))) == 0


def test_ignore_unlabelled_adds_detections_without_a_label(make_person: Any) -> None:
    view = detector_view(make_person(LSP14))
    head = view.boxes_px[0].reshape(2, 2).mean(axis=0)
    more = ignore_unlabelled(view, found_at(tuple(head + 3), (300, 300)))
    assert more.ignore_px.tolist() == [[290, 290, 310, 310]]
    assert len(ignore_unlabelled(view.take([]), found_at((5, 5))).ignore_px) == 1
    assert len(ignore_unlabelled(view, found_at()).ignore_px) == 0
