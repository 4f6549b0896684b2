"""Keypoint sets as text."""

from __future__ import annotations

import json

import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.store.skeleton_text import SkeletonText, read_skeleton, skeleton_text

KITE = Skeleton("kite", ("a", "b", "left_c"), ((0, 1),), None, ((0, 2),))


@pytest.mark.parametrize("skeleton", [BLAZEPOSE33, COCO17, KITE])
def test_skeleton_survives_json(skeleton: Skeleton) -> None:
    plain = json.loads(json.dumps(SkeletonText.of(skeleton).model_dump(mode="json")))
    assert SkeletonText.model_validate(plain).skeleton == skeleton


@pytest.mark.parametrize("skeleton", [BLAZEPOSE33, KITE])
def test_skeleton_text_is_a_name_where_it_can_be(skeleton: Skeleton) -> None:
    text = skeleton_text(skeleton)
    assert isinstance(text, str) == (skeleton is BLAZEPOSE33)
    assert read_skeleton(text) == skeleton


def test_read_skeleton_with_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="no skeleton 'coco_17'; did you mean 'coco17'"):
        read_skeleton("coco_17")
