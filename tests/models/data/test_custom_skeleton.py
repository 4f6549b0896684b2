"""Keypoint sets of a user's own."""

from __future__ import annotations

import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import COCO17
from models.data.custom_skeleton import build_skeleton


def test_build_skeleton_known_names_give_the_known_set():
    assert build_skeleton("person", COCO17.names) is COCO17


def test_build_skeleton_finds_the_torso():
    names = ["left_hip", "tail", "right_hip", "left_shoulder", "right_shoulder"]
    assert build_skeleton("cat", names).torso == (3, 4, 0, 2)


def test_no_names_are_refused():
    with pytest.raises(InputError, match="expected keypoint names"):
        build_skeleton("kite", [])
