"""MPII annotations."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import MPII16
from models.data.readers.mpii import mpii


@pytest.fixture
def make_mpii(tmp_path):
    def make(**changes):
        (tmp_path / "images").mkdir()
        (tmp_path / "annot").mkdir()
        cv2.imwrite(str(tmp_path / "images" / "1.jpg"), np.zeros((60, 40, 3), np.uint8))
        entry = {
            "image": "1.jpg",
            "joints": [[i + 1.0, 2 * i + 1.0] for i in range(15)] + [[-1, -1]],
            "joints_vis": [1] * 14 + [0, 1],
            "center": [20, 30],
            "scale": 0.3,
        }
        path = tmp_path / "annot" / "train.json"
        path.write_text(json.dumps([{**entry, **changes}]))
        return path

    return make


def test_joints_count_from_1_and_may_be_missing(make_mpii):
    person = mpii(make_mpii())[0]
    assert person.skeleton is MPII16
    np.testing.assert_array_equal(person.points_px[0, 3, :2], (3, 6))
    assert person.labelled.sum() == 14
    assert np.isnan(person.visibility).all()
    assert person.source == "mpii_train/00000"


def test_small_people_can_be_left_out(make_mpii):
    path = make_mpii()
    assert len(mpii(path, min_side_px=50)) == 1
    with pytest.raises(InputError, match="1 people smaller than 70 pixels"):
        mpii(path, min_side_px=70)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"joints": [[1, 2]]}, "expected image, joints"),
        ({"joints_vis": None}, "expected image, joints"),
        ({"scale": "big"}, "expected an object"),
        ({"image": "2.jpg"}, "1 of 1 pictures are missing"),
        ({"joints_vis": [0] * 16}, "none of 1 people has two labelled keypoints"),
    ],
)
def test_broken_entry_is_refused(make_mpii, changes, message):
    with pytest.raises(InputError, match=message):
        mpii(make_mpii(**changes))


def test_file_of_another_layout_is_refused(tmp_path):
    path = tmp_path / "train.json"
    path.write_text("{}")
    with pytest.raises(InputError, match="expected a list of people"):
        mpii(path)
    path.write_text("[{}]")
    with pytest.raises(InputError, match="expected the pictures in 'images'"):
        mpii(path)
