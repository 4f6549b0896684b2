"""`Poses` as people: names, tables, other libraries' types, pictures."""

from __future__ import annotations

import json
import pickle

import cv2
import numpy as np
import pytest

from blazetrack.angles import joint_angles
from blazetrack.errors import InputError
from blazetrack.results import PersonPose
from blazetrack.skeleton import BLAZEPOSE33, COCO17
from blazetrack.types import Poses
from tests.conftest import MakePeople


@pytest.fixture
def two(people: MakePeople) -> Poses:
    return people((40.0, 30.0, 20.0), (80.0, 35.0, 15.0), ids=(3, 5))


def test_repr_is_short(two: Poses) -> None:
    assert repr(two) == f"Poses(3: {two.scores[0]:.2f}, 5: {two.scores[1]:.2f})"
    assert repr(Poses.empty()) == "Poses(no people)"
    many = Poses.joined([two] * 9)
    assert len(repr(many)) < 100


def test_iteration_and_index_give_people(two: Poses) -> None:
    assert [person.id for person in two] == [3, 5]
    assert two[-1].id == two[1].id == 5
    assert list(Poses.empty()) == []
    with pytest.raises(IndexError, match="no person 2; there are 2"):
        _ = two[2]


def test_slice_mask_and_array_give_poses(two: Poses) -> None:
    for rows in (slice(1, 2), np.array([False, True]), np.array([1])):
        assert isinstance(two[rows], Poses)
        assert two[rows].ids.tolist() == [5]


def test_person_has_keypoints_by_name(two: Poses) -> None:
    knee, person = BLAZEPOSE33.index("left_knee"), two[1]
    point = person["left_knee"]
    assert point.xy == tuple(two.landmarks_px[1, knee, :2])
    assert point.world == tuple(two.world_landmarks_m[1, knee])
    assert point.visibility == two.visibility[1, knee]
    assert person[knee] == point
    assert np.shares_memory(person.xy, two.landmarks_px)
    assert person.world.shape == (33, 3)
    assert "id 5" in repr(person)
    with pytest.raises(InputError, match="did you mean 'left_knee'"):
        person["left_kne"]


def test_person_angle_is_that_of_joint_angles(two: Poses) -> None:
    world = np.random.default_rng(0).normal(size=two.world_landmarks_m.shape)
    two.world_landmarks_m[:] = world
    assert two[0].angle("left_knee") == joint_angles(world, BLAZEPOSE33)[0, 0]
    with pytest.raises(InputError, match="expected a joint with two limbs, got 'nose'"):
        two[0].angle("nose")


def test_to_dict_is_json_with_names(two: Poses) -> None:
    values = json.loads(json.dumps(two.to_dict()))
    assert values["skeleton"] == "blazepose33"
    nose = values["people"][1]["keypoints"]["nose"]
    assert [nose["x"], nose["y"]] == two.landmarks_px[1, 0, :2].tolist()


def test_to_pandas_has_a_row_per_person_and_keypoint(two: Poses) -> None:
    pytest.importorskip("pandas")
    table = two.to_pandas()
    assert len(table) == 66
    one = table[(table.id == 5) & (table.keypoint == "left_knee")].iloc[0]
    assert one.y_px == two[1]["left_knee"].y
    assert one.z_m == two[1]["left_knee"].world[2]
    assert len(Poses.empty().to_pandas()) == 0


def test_to_coco_has_the_keypoints_of_coco(two: Poses) -> None:
    results = two.to_coco(7)
    assert [one["image_id"] for one in results] == [7, 7]
    points = np.array(results[1]["keypoints"]).reshape(17, 3)
    knee = COCO17.index("left_knee")
    assert points[knee, :2].tolist() == list(two[1]["left_knee"].xy)
    assert Poses.empty().to_coco() == []


def test_to_coco_results_are_read_by_pycocotools(two: Poses) -> None:
    coco = pytest.importorskip("pycocotools.coco").COCO()
    coco.dataset = {"images": [{"id": 7}], "annotations": [], "categories": [{"id": 1}]}
    coco.createIndex()
    read = coco.loadRes(two.to_coco(7))
    assert len(read.anns) == 2


def test_to_coco_of_a_set_without_them_is_refused(people: MakePeople) -> None:
    few = people((40.0, 30.0, 20.0), keypoints=14)
    with pytest.raises(InputError, match="to_coco: skeleton lsp14 has no nose"):
        few.to_coco()


def test_to_supervision_has_points_and_ids(two: Poses) -> None:
    pytest.importorskip("supervision")
    points = two.to_supervision()
    assert np.array_equal(points.xy, two.landmarks_px[..., :2].astype(np.float32))
    assert points.data["tracker_id"].tolist() == [3, 5]


def test_draw_draws_on_a_copy(two: Poses) -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    drawn = two.draw(image)
    assert drawn.any()
    assert not image.any()


def test_notebook_picture_shows_people_and_none(two: Poses) -> None:
    for poses in (two, Poses.empty(), two[:1]):
        data = np.frombuffer(poses._repr_png_(), np.uint8)
        assert cv2.imdecode(data, cv2.IMREAD_COLOR) is not None
        assert poses._repr_html_().count("<tr>") == 1 + len(poses)


def test_person_is_a_view_and_poses_can_be_pickled(two: Poses) -> None:
    assert isinstance(two[0], PersonPose)
    again = pickle.loads(pickle.dumps(two))
    assert np.array_equal(again.landmarks_px, two.landmarks_px)
