"""Whole pictures with their people."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from models.common.person_finder import Found
from models.data.readers.coco import read_coco
from models.data.sample import PoseSample
from models.data.scene_pack import open_scenes, pack_scenes
from models.data.scenes import (
    BySource,
    People,
    PersonScenes,
    PictureScenes,
    Scene,
    head_of,
    person_of,
    with_found,
)
from models.data.shards import pack


def without(sample: PoseSample, *names: str) -> PoseSample:
    weights = sample.weights.copy()
    weights[[sample.skeleton.index(name) for name in names]] = 0
    return replace(sample, weights=weights)


def test_every_part_of_the_head_counts_once() -> None:
    points = np.zeros((17, 2), np.float32)
    points[0], points[1], points[2], points[3] = (10, 10), (12, 8), (16, 8), (20, 9)
    labelled = np.arange(17) < 4
    head = head_of(points, labelled, COCO17)
    assert head == pytest.approx(np.mean([(10, 10), (14, 8), (20, 9)], axis=0))
    assert head_of(points, np.zeros(17, bool), COCO17) is None


def test_lsp_heads_lie_between_neck_and_top(make_person: Any) -> None:
    person = make_person(LSP14)
    head = head_of(person.points_px, person.labelled, LSP14)
    assert head == pytest.approx([60, 160 * (0.22 - 0.52 * 0.14)], abs=0.01)
    assert head_of(person.points_px, without(person, "neck").labelled, LSP14) is None


def test_a_person_is_head_alignment_and_shoulders(make_person: Any) -> None:
    sample = make_person(LSP14)
    person = person_of(sample)
    radius = np.hypot(*(sample.alignment_px[1] - sample.alignment_px[0]))
    width, height = (person.heads_px[0, 2:] - person.heads_px[0, :2]).tolist()
    assert width == pytest.approx(height)
    assert width == pytest.approx(radius / 2)
    assert person.diameters_px[0] == pytest.approx(2 * radius)
    assert person.shoulders_px[0] == pytest.approx([60, 0.26 * 160], abs=0.01)
    assert np.array_equal(person.alignment_px[0], sample.alignment_px)


@pytest.mark.parametrize("lacking", ["left_hip", "right_shoulder", "head_top"])
def test_people_who_are_not_known_well_enough_are_none(make_person: Any, lacking: str) -> None:
    assert len(person_of(without(make_person(LSP14), lacking))) == 0


def test_the_teacher_helps(make_person: Any) -> None:
    sample = without(make_person(LSP14), "left_hip", "head_top")
    full = make_person(BLAZEPOSE33)
    assert len(person_of(sample, full)) == 1
    assert len(person_of(sample, without(full, "nose"))) == 0
    own_head = without(make_person(LSP14), "left_hip")
    assert len(person_of(own_head, without(full, "nose"))) == 1


def test_pictures_without_a_known_person_are_ignored_as_a_whole(make_person: Any) -> None:
    known, unknown = make_person(LSP14), without(make_person(LSP14, number=1), "neck")
    scenes = PersonScenes([known, unknown], {})
    assert [len(scene.people) for scene in scenes] == [1, 0]
    assert scenes[0].ignore_px.shape == (0, 4)
    assert scenes[1].ignore_px.tolist() == [[0, 0, 120, 160]]


@pytest.fixture
def coco_file(tmp_path: Path, make_person: Any) -> Path:
    """One picture with a known person, one with too few labels and a crowd; one with nobody."""
    person = make_person(COCO17)
    known = np.isfinite(person.points_px[:, 0])
    full = np.nan_to_num(np.concatenate([person.points_px[:, :2], 2 * known[:, None]], axis=1))
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


def test_a_picture_holds_all_its_people(coco_file: Path, make_person: Any) -> None:
    scenes = PictureScenes(read_coco(coco_file))
    assert [len(scene.people) for scene in scenes] == [1, 0]
    first = scenes[0]
    assert first.people.alignment_px[0] == pytest.approx(make_person(COCO17).alignment_px)
    boxes = sorted(first.ignore_px.round(3).tolist())
    assert boxes[1] == [80, 10, 100, 40]
    assert boxes[0][:2] == [0, 0]
    assert scenes[1].ignore_px.shape == (0, 4)
    assert len(scenes[:2]) == 2


def found_at(*heads: tuple[float, float]) -> Found:
    middle = np.array(heads, np.float64).reshape(-1, 2)
    boxes = np.concatenate([middle - 10, middle + 10], axis=1)
    down = np.array([0.0, 1.0])
    hips = middle + 60 * down
    alignment = np.stack([hips, hips - 75 * down], axis=1)
    return Found(boxes, alignment, middle + 20 * down, np.ones(len(middle)))


def test_findings_that_nobody_labelled_are_ignored(make_person: Any) -> None:
    scene = PersonScenes([make_person(LSP14)])[0]
    head = scene.people.heads_px[0].reshape(2, 2).mean(axis=0)
    more = with_found(scene, found_at(tuple(head + 3), (300, 300)))
    assert more.ignore_px.tolist() == [[290, 290, 310, 310]]
    nobody = with_found(Scene(scene.image, People.none(), np.zeros((0, 4))), found_at((5, 5)))
    assert len(nobody.ignore_px) == 1
    assert len(with_found(scene, found_at()).ignore_px) == 0


def test_packed_scenes_are_the_same(coco_file: Path, make_person: Any, tmp_path: Path) -> None:
    unknown = without(make_person(LSP14, number=1, size_wh=(50, 70)), "neck")
    lsp = PersonScenes([make_person(LSP14), unknown, make_person(LSP14, number=2)])
    coco = PictureScenes(read_coco(coco_file))
    packed = pack_scenes([*lsp, *coco], tmp_path / "pack", progress=False)
    expected = [lsp[0], lsp[2], coco[0], coco[1]]
    assert len(packed) == 4
    for got, want in zip(packed, expected, strict=True):
        assert np.array_equal(got.image, want.image)
        for name in ("heads_px", "alignment_px", "shoulders_px"):
            assert np.array_equal(getattr(got.people, name), getattr(want.people, name))
        assert np.array_equal(got.ignore_px, want.ignore_px)
    assert np.array_equal(packed[-1].image, coco[1].image)
    assert len(open_scenes(tmp_path / "pack", in_memory=True)[1:3]) == 2
    carried = pickle.dumps(packed)
    assert len(carried) < 1000
    assert np.array_equal(pickle.loads(carried)[1].image, lsp[2].image)


def test_the_same_recipe_is_not_packed_again(make_person: Any, tmp_path: Path) -> None:
    scenes = [*PersonScenes([make_person(LSP14)])]
    pack_scenes(scenes, tmp_path, recipe="one", progress=False)
    assert len(pack_scenes([], tmp_path, recipe="one", progress=False)) == 1
    assert len(pack_scenes(scenes * 2, tmp_path, recipe="two", progress=False)) == 2


def test_broken_packs_are_told(make_person: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished pack"):
        open_scenes(tmp_path)
    with pytest.raises(InputError, match="none of 0 scenes"):
        pack_scenes([], tmp_path, progress=False)
    assert not list(tmp_path.iterdir())
    pack_scenes([*PersonScenes([make_person(LSP14)])], tmp_path, progress=False)
    pixels = tmp_path / "pixels.bin"
    pixels.write_bytes(pixels.read_bytes()[:-1])
    with pytest.raises(InputError, match="damaged, remove it"):
        open_scenes(tmp_path)


def test_samples_of_a_pack_are_found_by_their_source(make_person: Any, tmp_path: Path) -> None:
    people = [make_person(BLAZEPOSE33, number=n) for n in range(3)]
    taught = BySource(pack(people, tmp_path, {}, progress=False))
    assert len(taught) == 3
    assert list(taught) == [person.source for person in people]
    assert np.array_equal(taught["test/00002"].image, people[2].image)
    assert taught.get("test/00009") is None
