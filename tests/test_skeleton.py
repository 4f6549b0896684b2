"""Keypoint sets."""

from __future__ import annotations

import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import (
    BLAZEPOSE33,
    COCO17,
    COCO18,
    LSP14,
    MPII16,
    SKELETONS,
    Skeleton,
    get_skeleton,
)

ALL = pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=list(SKELETONS))


@ALL
def test_skeleton_name_ends_with_its_number_of_keypoints(skeleton) -> None:
    assert skeleton.name.endswith(str(len(skeleton)))
    assert len(set(skeleton.names)) == len(skeleton)


@ALL
def test_edges_join_two_different_keypoints_once(skeleton) -> None:
    pairs = {frozenset(edge) for edge in skeleton.edges}
    assert len(pairs) == len(skeleton.edges)
    assert all(len(pair) == 2 and max(pair) < len(skeleton) for pair in pairs)


@ALL
def test_skeleton_every_keypoint_has_an_edge(skeleton) -> None:
    assert {point for edge in skeleton.edges for point in edge} == set(range(len(skeleton)))


@ALL
def test_partners_twice_is_identity(skeleton) -> None:
    partners = skeleton.partners
    assert [partners[partners[i]] for i in range(len(skeleton))] == list(range(len(skeleton)))


@ALL
def test_partners_differ_for_left_and_right_only(skeleton) -> None:
    for name, partner in zip(skeleton.names, skeleton.partners, strict=True):
        sided = {"left", "right"} & set(name.split("_"))
        assert (skeleton.names[partner] != name) == bool(sided)


@ALL
def test_partners_keep_the_edges(skeleton) -> None:
    partners = skeleton.partners
    flipped = {frozenset((partners[a], partners[b])) for a, b in skeleton.edges}
    assert flipped == {frozenset(edge) for edge in skeleton.edges}


@ALL
def test_torso_is_shoulders_then_hips(skeleton) -> None:
    names = [skeleton.names[i] for i in skeleton.torso]
    assert names == ["left_shoulder", "right_shoulder", "left_hip", "right_hip"]


def test_map_to_pairs_by_name() -> None:
    pairs = COCO17.map_to(BLAZEPOSE33)
    assert len(pairs) == 17
    assert all(COCO17.names[a] == BLAZEPOSE33.names[b] for a, b in pairs)
    assert len(LSP14.map_to(BLAZEPOSE33)) == 12  # all but neck and head top
    assert len(LSP14.map_to(MPII16)) == 14
    assert len(COCO18.map_to(BLAZEPOSE33)) == 17  # all but the neck


def test_blazepose_has_the_published_order() -> None:
    assert BLAZEPOSE33.index("nose") == 0
    assert BLAZEPOSE33.index("left_wrist") == 15
    assert BLAZEPOSE33.index("right_foot_index") == 32


def test_index_unknown_keypoint_is_an_error_with_a_hint() -> None:
    with pytest.raises(InputError, match="no keypoint 'left_wirst'; did you mean 'left_wrist'"):
        BLAZEPOSE33.index("left_wirst")


def test_get_skeleton_unknown_name_is_an_error_with_a_hint() -> None:
    assert get_skeleton("coco17") is COCO17
    with pytest.raises(InputError, match="no skeleton 'mpii61'; did you mean 'mpii16'"):
        get_skeleton("mpii61")


def test_partners_follow_names_unless_swaps_are_given() -> None:
    names = ("left_ear", "right_ear", "nose")
    assert Skeleton("own", names).partners == (1, 0, 2)
    assert Skeleton("own", names, swaps=()).partners == (0, 1, 2)
    assert Skeleton("own", names, swaps=((0, 2),)).partners == (2, 1, 0)
