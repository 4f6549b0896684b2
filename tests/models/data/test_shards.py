from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import COCO17, LSP14
from models.data import shards
from models.data.readers.coco import coco
from models.data.shards import open_pack, pack, pack_key
from models.data.transforms.person_crop import around

FIELDS = ("image", "points_px", "visibility", "weights", "world_m", "alignment_px")


class Counting(Sequence):
    """People who remember who was asked for; asking for `broken` fails."""

    def __init__(self, people, broken=None):
        self.people, self.broken, self.asked = people, broken, []

    def __len__(self):
        return len(self.people)

    def __getitem__(self, index):
        self.asked.append(index)
        if index == self.broken:
            raise InputError("cannot be read")
        return self.people[index]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(shards, "PART", 4)


@pytest.fixture
def people(make_person):
    return [make_person(LSP14, (20 + i, 30 - i), i) for i in range(10)]


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_is_packed_comes_back_exactly(tmp_path, people, in_memory):
    packed = pack(people, tmp_path, {"a": 1}, progress=False, in_memory=in_memory)
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


def test_a_stream_is_packed_too(tmp_path, people):
    packed = pack(iter(people), tmp_path, {"a": 1}, progress=False, total=10)
    assert packed.sources == [person.source for person in people]


def test_the_same_recipe_is_packed_once(tmp_path, people):
    first = pack(people, tmp_path, {"a": 1}, progress=False)
    again = Counting(people)
    assert pack(again, tmp_path, {"a": 1}, progress=False).place == first.place
    assert not again.asked
    assert pack(people, tmp_path, {"a": 2}, progress=False).place != first.place


def test_an_interrupted_pack_goes_on_where_it_stopped(tmp_path, people):
    broken = Counting(people, broken=6)
    with pytest.raises(InputError, match="cannot be read"):
        pack(broken, tmp_path, {"a": 1}, progress=False)
    place = tmp_path / pack_key({"a": 1})
    with pytest.raises(InputError, match="no finished pack"):
        open_pack(place)
    whole = Counting(people)
    assert len(pack(whole, tmp_path, {"a": 1}, progress=False)) == 10
    assert min(whole.asked) == 4  # the first part was there
    assert not list(place.glob("*.tmp"))


def test_a_damaged_pack_is_told(tmp_path, people):
    place = pack(people, tmp_path, {}, progress=False).place
    pixels = place / "0001.pixels.npy"
    pixels.write_bytes(pixels.read_bytes()[:-100])
    with pytest.raises(InputError, match="is damaged, remove it"):
        open_pack(place)
    pixels.unlink()
    with pytest.raises(InputError, match="no finished pack"):
        open_pack(place)


def test_nobody_and_two_kinds_are_refused(tmp_path, make_person):
    with pytest.raises(InputError, match="expected samples to pack"):
        pack([], tmp_path, {}, progress=False)
    mixed = [make_person(LSP14), make_person(COCO17, number=1)]
    with pytest.raises(InputError, match=r"test/00001 has the keypoints coco17.*lsp14"):
        pack(mixed, tmp_path, {"b": 1}, progress=False)


def test_the_key_needs_plain_values():
    assert pack_key({"a": 1, "b": 2}) == pack_key({"b": 2, "a": 1})
    assert pack_key({"a": 1}) != pack_key({"a": 2})
    with pytest.raises(InputError, match="JSON"):
        pack_key({"a": {1, 2}})


def test_given_partners_are_kept(tmp_path, make_coco):
    people = coco(make_coco(), partners=[("tip", "tail")])
    packed = pack(people, tmp_path / "packs", {"print": people.fingerprint}, progress=False)
    assert packed[0].skeleton.partners == (3, 1, 2, 0, 4)


def test_progress_is_told_on_stderr(tmp_path, people, capsys):
    pack(people, tmp_path, {})
    out, err = capsys.readouterr()
    assert not out
    assert "10/10" in err


def test_large_pictures_are_packed_small(tmp_path, make_person):
    large = [make_person(LSP14, (600, 800))]
    change = partial(around, most_px=100)
    packed = pack(large, tmp_path, {"around": 100}, change=change, progress=False)
    assert max(packed[0].image.shape) <= 201
    np.testing.assert_array_equal(packed[0].points_px, change(large[0]).points_px)
