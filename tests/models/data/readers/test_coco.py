"""COCO files: people, pictures, and broken files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import COCO17
from models.data.readers.coco import CocoImages, coco, coco_people, read_coco


def test_the_keypoint_set_is_read_from_the_file(make_coco):
    person = coco(make_coco())[0]
    skeleton = person.skeleton
    assert skeleton.name == "kite"
    assert skeleton.names == ("tip", "left_wing", "right_wing", "tail", "knot")
    assert skeleton.edges == ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4))
    assert skeleton.partners == (0, 2, 1, 3, 4)
    assert skeleton.torso is None
    assert person.source == "kites/11"


def test_hidden_points_are_labelled_with_visibility_0(make_coco):
    person = coco(make_coco())[0]
    np.testing.assert_array_equal(person.visibility, [[1, 1, 0, 1, 1]])
    assert person.labelled.all()


def test_partners_can_be_given_by_name(make_coco):
    path = make_coco()
    skeleton = coco(path, partners=[("tip", "tail")])[0].skeleton
    assert skeleton.partners == (3, 1, 2, 0, 4)
    assert coco(path, partners=[])[0].skeleton.partners == (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("partners", "message"),
    [
        ([("left_wing", "rigth_wing")], "did you mean 'right_wing'"),
        ([("tip", "tip")], "expected two names"),
        ([("tip", "tail"), ("tail", "knot")], "'tail' has two partners"),
    ],
)
def test_wrong_partner_is_refused(make_coco, partners, message):
    with pytest.raises(InputError, match=message):
        coco(make_coco(), partners=partners)


def test_axis_gives_the_upright(make_coco):
    path = make_coco()
    center, rim = coco(path, axis=("tip", "knot"))[0].alignment_px[0]
    np.testing.assert_allclose(rim - center, (0, 25), atol=0.1)
    with pytest.raises(InputError, match="no keypoint 'top'"):
        coco(path, axis=("top", "knot"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": []}, "expected labelled people, got none"),
        ({"annotations": 3}, "expected a COCO file"),
        ({"categories": []}, "none of its 0 categories names keypoints"),
        ({"categories__keypoints": ["a", "a"]}, "'a' is named twice"),
        ({"categories__skeleton": [[0, 1]]}, "edge 0-1: expected keypoints 1 to 5"),
        ({"categories__skeleton": [[1, 6]]}, "edge 1-6"),
        ({"categories__skeleton": [7]}, "not a COCO keypoint file"),
        ({"annotations__image_id": 5}, "image_id 5 is none of the file's 2 images"),
        ({"annotations__keypoints": [1, 2, 2]}, "expected 5 keypoints .* got 3 values"),
        ({"annotations__keypoints": [9, 9, 7] * 5}, "v of 0, 1 or 2"),
        ({"annotations__keypoints": ["x"] * 15}, "not a COCO keypoint file"),
        ({"images__file_name": "none.png"}, "1 of 2 pictures are missing"),
        ({"images__id": "one"}, "not a COCO keypoint file"),
    ],
)
def test_broken_file_is_refused_in_one_line(make_coco, changes, message):
    with pytest.raises(InputError, match=message) as error:
        coco(make_coco(**changes))
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(("kites", "skeleton kite"))


def test_picture_without_a_name_is_refused(make_coco):
    path = make_coco()
    content = json.loads(path.read_text())
    del content["images"][0]["file_name"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="no 'file_name'"):
        coco(path)


def test_unusable_people_are_left_out_and_counted(make_coco):
    zeros = [0] * 15
    path = make_coco(annotations__keypoints=zeros)
    people = coco(path)
    assert len(people) == 1
    assert people.skipped["people with fewer than 2 labelled keypoints"] == 1
    path.write_text(path.read_text().replace('"image_id": 2', '"iscrowd": 1, "image_id": 2'))
    with pytest.raises(InputError, match=r"got none; left out: 1 .*; left out: 1 crowds"):
        coco(path)


def test_small_ones_can_be_left_out(make_coco):
    path = make_coco(annotations__bbox=[0, 0, 10, 30])
    people = coco(path, min_side_px=40)
    assert [person.source for person in people] == ["kites/12"]


def test_other_categories_are_left_out(make_coco):
    path = make_coco(annotations__category_id=3)
    assert len(coco(path)) == 1
    assert len(coco(path, category="kite")) == 1
    with pytest.raises(InputError, match=r"no category 'kit' .* did you mean 'kite'"):
        coco(path, category="kit")


def test_pictures_may_lie_elsewhere(make_coco, tmp_path):
    path = make_coco()
    (path.parent / "images").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="2 of 2 pictures are missing"):
        coco(path)
    assert len(coco(path, tmp_path / "elsewhere")) == 2


def test_a_folder_may_be_named_if_it_has_one_file_of_labels(make_coco, tmp_path):
    path = make_coco()
    assert coco(path.parent).name == "kites"
    with pytest.raises(InputError, match=r"expected one \.json file in .*images, found none"):
        coco(path.parent / "images")
    (path.parent / "more.json").write_text("{}")
    with pytest.raises(InputError, match=r"found kites\.json, more\.json"):
        coco(path.parent)
    with pytest.raises(InputError, match="cannot read"):
        coco(tmp_path / "nowhere.json")


def test_read_coco_keeps_all_annotations(make_coco):
    file = read_coco(make_coco(annotations__bbox=[1, 2, 10, 20], annotations__iscrowd=1))
    np.testing.assert_array_equal(file.annotations[0].box_px, [1, 2, 11, 22])
    assert file.annotations[0].crowd
    assert np.isnan(file.annotations[1].box_px).all()
    assert sorted(path.name for path in file.pictures.values()) == ["1.png", "2.png"]


def test_coco_images_hold_all_people_with_their_keypoints(make_coco):
    full = [20, 5, 2, 10, 20, 2, 30, 20, 1, 20, 45, 2, 20, 55, 2]
    one_point = [0] * 12 + [9, 8, 2]
    annotations = [
        {"id": number, "image_id": 1, "category_id": 7, "keypoints": keypoints, "bbox": box,
         "iscrowd": int(number == 4)}
        for number, (keypoints, box) in enumerate(
            [(full, [5, 6, 7, 8]), (one_point, [1, 2, 3, 4]), (full, None), ([0] * 15, None),
             (full, [30, 30, 5, 5])]
        )
    ]  # fmt: skip
    images = CocoImages(read_coco(make_coco(annotations=annotations)))
    assert [len(image) for image in images] == [2, 0]
    first = images[0]
    assert first.sources == ("kites/0", "kites/2")
    points = np.reshape(full, (5, 3))
    np.testing.assert_array_equal(first.points_px[..., :2], [points[:, :2]] * 2)
    np.testing.assert_array_equal(first.visibility, [points[:, 2] - 1] * 2)
    np.testing.assert_array_equal(first.boxes_px, [[5, 5, 30, 55], [10, 5, 30, 55]])
    np.testing.assert_array_equal(first.ignore_px, [[1, 2, 9, 8], [10, 5, 35, 55]])
    assert images[1].ignore_px.shape == (0, 4)


def test_coco_images_leave_out_pictures(make_coco):
    file = read_coco(make_coco())
    assert [len(CocoImages(file)), len(CocoImages(file, {1})), len(CocoImages(file, {1, 2}))] == [
        2,
        1,
        0,
    ]


def test_cut_out_people_are_chosen_by_source(make_coco):
    folder = make_coco().parent
    (folder / "images").rename(folder / "people")
    (folder / "people" / "1.png").rename(folder / "people" / "00000.jpg")
    (folder / "people" / "2.png").rename(folder / "people" / "00002.jpg")
    keypoints = np.zeros((3, 17, 3), np.float32)
    keypoints[:, :2] = (5, 6, 2), (20, 40, 1)
    arrays = {"keypoints_px": keypoints, "size_wh": np.array([[40, 60]] * 3)}
    names, source = np.array(COCO17.names), np.array(["still", "other", "film"])
    np.savez(folder / "people.npz", names=names, source=source, **arrays)
    people = coco_people(folder, sources=["still", "film"], unknown_visibility=["film"])
    assert [person.source for person in people] == ["kites/00000", "kites/00002"]
    assert np.isfinite(people[0].visibility).sum() == 2
    assert not np.isfinite(people[1].visibility).any()
    assert people[1].labelled.sum() == 2
    assert len(coco_people(folder, leave_out={1, 2})) == 1
    with pytest.raises(InputError, match="no source 'films'; did you mean 'film'"):
        coco_people(folder, sources=["films"])


def test_cut_out_people_are_read(make_coco, tmp_path):
    folder = make_coco().parent
    (folder / "images").rename(folder / "people")
    for i in (1, 2):
        (folder / "people" / f"{i}.png").rename(folder / "people" / f"{i - 1:05d}.jpg")
    keypoints = np.zeros((2, 17, 3), np.float32)
    keypoints[:, :2] = (5, 6, 2), (20, 40, 1)
    arrays = {"keypoints_px": keypoints, "size_wh": np.array([[40, 60]] * 2)}
    np.savez(folder / "people.npz", names=np.array(COCO17.names), **arrays)
    people = coco_people(folder)
    assert people[1].source == "kites/00001"
    np.testing.assert_array_equal(people[1].visibility[0, :3], [1, 0, np.nan])
    np.savez(folder / "people.npz", names=np.array(COCO17.names[::-1]), **arrays)
    with pytest.raises(InputError, match="expected the 17 keypoints of coco17"):
        coco_people(folder)
    np.savez(folder / "people.npz", **arrays)
    with pytest.raises(InputError, match="lacks names"):
        coco_people(folder)
    with pytest.raises(InputError, match=r"people\.npz, found no such file"):
        coco_people(tmp_path)


def test_the_shared_people_are_read(shared_data):
    people = coco_people(shared_data / "coco_train")
    assert len(people) == 3738
    assert people[5].skeleton is COCO17
