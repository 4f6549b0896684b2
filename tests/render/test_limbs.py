"""Which keypoints are drawn."""

from __future__ import annotations

import numpy as np

from blazetrack.render.limbs import attached_keypoints
from blazetrack.skeleton import BLAZEPOSE33, LSP14


def visible(*names: str) -> np.ndarray:
    out = np.zeros(33, bool)
    out[[BLAZEPOSE33.index(name) for name in names]] = True
    return out


def test_attached_keypoints_whole_body_keeps_all() -> None:
    assert attached_keypoints(np.ones(33, bool), BLAZEPOSE33).all()
    assert not attached_keypoints(np.zeros(33, bool), BLAZEPOSE33).any()


def test_attached_keypoints_hidden_knee_drops_foot() -> None:
    body = visible("nose", "left_shoulder", "left_hip")
    foot = visible("left_ankle", "left_heel", "left_foot_index")
    kept = attached_keypoints(body | foot, BLAZEPOSE33)
    np.testing.assert_array_equal(kept, body)


def test_attached_keypoints_face_alone_stays() -> None:
    face = visible("nose", "left_eye_inner", "mouth_left", "mouth_right", "left_shoulder")
    np.testing.assert_array_equal(attached_keypoints(face, BLAZEPOSE33), face)


def test_attached_keypoints_without_torso_keeps_largest_part() -> None:
    leg = visible("left_knee", "left_ankle", "left_heel")
    hand = visible("right_wrist", "right_thumb")
    np.testing.assert_array_equal(attached_keypoints(leg | hand, BLAZEPOSE33), leg)


def test_attached_keypoints_both_trunk_halves_stay() -> None:
    halves = visible("left_shoulder", "left_elbow", "right_hip", "right_knee")
    np.testing.assert_array_equal(attached_keypoints(halves, BLAZEPOSE33), halves)


def test_attached_keypoints_other_skeleton_uses_its_own_edges() -> None:
    seen = np.ones(14, bool)
    seen[LSP14.index("right_knee")] = False
    kept = attached_keypoints(seen, LSP14)
    assert not kept[LSP14.index("right_ankle")]
    assert kept.sum() == 12
