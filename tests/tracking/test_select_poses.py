"""Choice among the poses of several looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from blazetrack.tracking.select_poses import confirm_poses, select_poses
from blazetrack.types import Poses

MakePeople = Callable[..., Poses]


def scored(poses: Poses, *scores: float) -> Poses:
    return replace(poses, scores=np.array(scores, np.float64))


@pytest.mark.parametrize(("score", "raised"), [(0.0, 0.0), (0.5, 0.6), (0.8, 6 / 7), (1.0, 1.0)])
def test_confirm_poses_same_pose_raises_the_odds_by_half(
    people: MakePeople, score: float, raised: float
) -> None:
    one = scored(people((50, 50, 20)), score)
    assert confirm_poses(one, one).scores == pytest.approx([raised])


def test_confirm_poses_score_falls_with_the_distance(people: MakePeople) -> None:
    first = scored(people((50, 50, 20)), 0.5)
    same, near, far = (
        confirm_poses(scored(people((50 + d, 50, 20)), 0.5), first).scores[0] for d in (0, 1, 4)
    )
    assert same > near > 0.5 > far > 0


def test_confirm_poses_uses_the_nearest_first_pose(people: MakePeople) -> None:
    first = people((150, 50, 20), (50, 50, 20))
    poses = scored(people((50, 50, 20)), 0.5)
    assert confirm_poses(poses, first).scores == pytest.approx([0.6])


@pytest.mark.parametrize(("poses", "first"), [(0, 0), (0, 1), (1, 0)])
def test_confirm_poses_without_people_is_empty(people: MakePeople, poses: int, first: int) -> None:
    circle = (50, 50, 20)
    assert len(confirm_poses(people(*[circle] * poses), people(*[circle] * first))) == 0


def test_select_poses_best_score_in_one_place(people: MakePeople) -> None:
    new = scored(people((50, 50, 20), (120, 50, 20)), 0.5, 0.6)
    turned = scored(people((52, 50, 22)), 0.55)
    kept = select_poses(new, turned, max_people=5)
    assert kept.scores.tolist() == [0.6, 0.55]


def test_select_poses_largest_of_the_sure_comes_first(people: MakePeople) -> None:
    new = scored(people((50, 50, 20), (120, 50, 30), (220, 50, 50)), 0.95, 0.8, 0.6)
    kept = select_poses(new, max_people=5, min_sure_score=0.7)
    assert kept.radius_px.tolist() == [30, 20, 50]
    assert select_poses(new, min_sure_score=0.7).radius_px.tolist() == [30]


def test_select_poses_drops_low_scores(people: MakePeople) -> None:
    new = scored(people((50, 50, 20), (120, 50, 30)), 0.4, 0.3)
    assert select_poses(new, max_people=5, min_score=0.35).scores.tolist() == [0.4]
    assert len(select_poses(new, min_score=0.5)) == 0


def test_select_poses_without_people_is_empty(people: MakePeople) -> None:
    assert len(select_poses(people(keypoints=17), people(keypoints=17))) == 0
    assert select_poses(people(keypoints=17)).landmarks_px.shape == (0, 17, 3)


def test_select_poses_turned_people_alone(people: MakePeople) -> None:
    assert select_poses(people(), people((50, 50, 20))).radius_px.tolist() == [20]
