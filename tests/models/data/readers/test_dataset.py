"""Checks of labelled people, whatever the format."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import COCO17
from models.data.readers.dataset import PersonLabels, collect, read_json
from models.data.readers.lsp import lsp


def person_at(path, *points, size_wh=(40, 60)):
    rows = np.full((17, 2), np.nan, np.float32)
    rows[: len(points)] = np.reshape(points, (-1, 2))
    return PersonLabels(path, rows, np.ones(17, np.float32), "test/1", size_wh)


@pytest.fixture
def picture(make_lsp):
    return make_lsp(people=1) / "images" / "00001.jpg"


def test_missing_pictures_are_counted_in_the_error(make_lsp):
    folder = make_lsp()
    for name in ("00003", "00007"):
        (folder / "images" / f"{name}.jpg").unlink()
    with pytest.raises(InputError, match=r"2 of 8 pictures are missing.*00003\.jpg"):
        lsp(folder)


def test_folder_without_pictures_is_refused(make_lsp):
    folder = make_lsp()
    (folder / "images").rename(folder / "pics")
    with pytest.raises(InputError, match="8 of 8 pictures are missing"):
        lsp(folder)


def test_damaged_picture_is_refused_on_access(make_lsp):
    folder = make_lsp()
    (folder / "images" / "00001.jpg").write_bytes(b"no picture")
    people = lsp(folder)
    with pytest.raises(InputError, match=r"lspet/00001: .*00001\.jpg"):
        people[0]
    assert people[1].image.shape == (60, 40, 3)


def test_picture_of_another_size_is_refused(picture):
    people = collect("test", COCO17, [person_at(picture, (1, 1), (9, 9), size_wh=(80, 120))])
    with pytest.raises(InputError, match="40×60 pixels, but its labels are for 80×120"):
        people[0]


def test_labels_outside_of_the_picture_are_dropped_and_counted(picture):
    inside = [(x, 10) for x in range(10)]
    people = collect("test", COCO17, [person_at(picture, *inside, (50, 10), (-9, 4))])
    assert people[0].labelled.sum() == 10
    assert people.note == "test: 1 people; left out: 2 labels outside of their picture"


def test_a_label_on_the_edge_stays(picture):
    people = collect("test", COCO17, [person_at(picture, (40.5, 61), (-0.5, 3))])
    assert people[0].labelled.sum() == 2


def test_labels_of_other_pictures_are_refused(picture):
    with pytest.raises(InputError, match="2 of 3 labels lie outside"):
        collect("test", COCO17, [person_at(picture, (5, 5), (80, 10), (90, 4))])


def test_people_without_labels_are_left_out_and_counted(picture):
    people = collect("test", COCO17, [person_at(picture), person_at(picture, (1, 1), (5, 5))])
    assert len(people) == 1
    assert people.note.endswith("left out: 1 people with fewer than two labelled keypoints")
    with pytest.raises(InputError, match="none of 1 people has two labelled keypoints"):
        collect("test", COCO17, [person_at(picture)])
    with pytest.raises(InputError, match="expected labelled people, got none"):
        collect("test", COCO17, [])


def test_slice_stays_lazy_and_keeps_its_note(make_lsp):
    people = lsp(make_lsp())
    some = people[2:4]
    assert len(some) == 2
    assert some[0].source == "lspet/00003"
    assert people[-1].source == "lspet/00008"


def test_the_fingerprint_changes_with_labels_and_pictures(make_lsp):
    people = lsp(make_lsp())
    before = people.fingerprint
    assert lsp(people.people[0].path.parents[1]).fingerprint == before
    assert people[1:].fingerprint != before
    path = people.people[0].path
    path.write_bytes(path.read_bytes() + b" ")
    assert people.fingerprint != before


def test_points_are_exact_and_have_no_depth(picture):
    labels = person_at(picture, (1.25, 2.5), (30, 40))
    person = collect("test", COCO17, [replace(labels, source="a/1")])[0]
    np.testing.assert_array_equal(person.points_px[0, 0, :2], (1.25, 2.5))
    assert np.isnan(person.points_px[..., 2]).all()
    assert person.visibility[0, 0] == 1
    assert np.isnan(person.visibility[0, 2])


def test_read_json_of_other_content_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_json(tmp_path / "none.json", "test")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        read_json(tmp_path / "broken.json", "test")
