"""Packs: what is written comes back, is resumed, and old layouts are read or refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import COCO17, LSP14
from models.data import pack as pack_module
from models.data.annotated import PEOPLE
from models.data.pack import open_pack, pack, pack_key
from models.data.readers.coco import CocoImages, coco, read_coco

FIELDS = ("image", *PEOPLE, "ignore_px")


class Counting(Sequence):
    """Images that record which rows were read; row `broken` fails."""

    def __init__(self, people, broken=None):
        self.people, self.broken, self.read = people, broken, []

    def __len__(self):
        return len(self.people)

    def __getitem__(self, index):
        self.read.append(index)
        if index == self.broken:
            raise InputError("cannot be read")
        return self.people[index]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(pack_module, "PART", 4)


@pytest.fixture
def people(make_person):
    return [make_person(LSP14, (20 + i, 30 - i), i) for i in range(10)]


@pytest.mark.parametrize("in_memory", [True, False])
def test_packed_images_are_equal(tmp_path, people, in_memory):
    packed = pack(people, tmp_path, {"a": 1}, in_memory=in_memory)
    assert len(packed) == 10
    assert packed.skeleton == LSP14
    for want, got in zip(people, packed, strict=True):
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(got, name), getattr(want, name))
        assert got.source == want.source
        assert got.skeleton == want.skeleton
    assert packed[-1].source == "test/00009"
    assert [person.source for person in packed[3:5]] == packed.sources[3:5]
    with pytest.raises(IndexError):
        packed[10]


def test_pack_of_an_iterator(tmp_path, people):
    packed = pack(iter(people), tmp_path, {"a": 1}, total=10)
    assert packed.sources == [person.source for person in people]


def test_same_recipe_is_packed_once(tmp_path, people):
    first = pack(people, tmp_path, {"a": 1})
    again = Counting(people)
    assert pack(again, tmp_path, {"a": 1}).place == first.place
    assert not again.read
    assert pack(people, tmp_path, {"a": 2}).place != first.place


def test_interrupted_pack_is_resumed(tmp_path, people):
    broken = Counting(people, broken=6)
    with pytest.raises(InputError, match="cannot be read"):
        pack(broken, tmp_path, {"a": 1})
    place = tmp_path / pack_key({"a": 1})
    with pytest.raises(InputError, match="no finished pack"):
        open_pack(place)
    whole = Counting(people)
    assert len(pack(whole, tmp_path, {"a": 1})) == 10
    assert min(whole.read) == 4  # the first part was there
    assert not list(place.glob("*.tmp"))


def test_damaged_pack_is_refused(tmp_path, people):
    place = pack(people, tmp_path, {}).place
    pixels = place / "0001.pixels.npy"
    pixels.write_bytes(pixels.read_bytes()[:-100])
    with pytest.raises(InputError, match="is damaged, remove it"):
        open_pack(place)
    pixels.unlink()
    with pytest.raises(InputError, match="no finished pack"):
        open_pack(place)


def test_empty_or_mixed_skeletons_are_refused(tmp_path, make_person):
    with pytest.raises(InputError, match="expected pictures with usable people"):
        pack([], tmp_path, {})
    mixed = [make_person(LSP14), make_person(COCO17, number=1)]
    with pytest.raises(InputError, match=r"test/00001 has the keypoints coco17.*lsp14"):
        pack(mixed, tmp_path, {"b": 1})


def test_key_needs_json_values():
    assert pack_key({"a": 1, "b": 2}) == pack_key({"b": 2, "a": 1})
    assert pack_key({"a": 1}) != pack_key({"a": 2})
    with pytest.raises(InputError, match="JSON"):
        pack_key({"a": {1, 2}})


def test_swaps_of_skeleton_are_kept(tmp_path, make_coco):
    people = coco(make_coco(), partners=[("tip", "tail")])
    packed = pack(people, tmp_path / "packs", {"print": people.fingerprint})
    assert packed[0].skeleton.partners == (3, 1, 2, 0, 4)


def test_progress_is_on_stderr(tmp_path, people, capsys):
    pack(people, tmp_path, {})
    out, err = capsys.readouterr()
    assert not out
    assert "10/10" in err


def test_images_of_several_people_are_equal(tmp_path, make_coco):
    boxes = [
        {"id": i, "image_id": i, "category_id": 7, "bbox": [1, 2, 3, 4], "iscrowd": i - 1,
         "keypoints": [20, 5, 2, 10, 20, 2, 30, 20, 1, 20, 45, 2, 20, 55, 2]}
        for i in (1, 2, 1)
    ]  # fmt: skip
    images = CocoImages(read_coco(make_coco(annotations=boxes)))
    assert [len(image) for image in images] == [2, 0]
    packed = pack(images, tmp_path / "packs", {})
    for want, got in zip(images, packed, strict=True):
        assert got.sources == want.sources
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(got, name), getattr(want, name))
    carried = pickle.dumps(packed)
    assert len(carried) < 1000
    np.testing.assert_array_equal(pickle.loads(carried)[0].image, images[0].image)


def test_pack_of_one_person_images_of_before_is_read(tmp_path, people):
    place = pack(people[:3], tmp_path, {}).place
    path = place / "0000.labels.npz"
    with np.load(path) as arrays:
        new = ("people_from", "ignore_from", "ignore_px", "boxes_px")
        old = {name: arrays[name] for name in arrays.files if name not in new}
    np.savez(path, **old)
    read = open_pack(place)
    assert [image.sources for image in read] == [person.sources for person in people[:3]]
    for want, got in zip(people, read, strict=False):
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(got, name), getattr(want, name))


def test_scene_pack_of_before_is_refused_in_one_line(tmp_path):
    (tmp_path / "index.json").write_text(json.dumps({"format": 1, "recipe": "0123"}))
    with pytest.raises(InputError, match="layout of an older release: remove it"):
        open_pack(tmp_path)
