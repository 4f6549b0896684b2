"""Optical flow between network runs: accuracy, counted runs, failures, options."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack import PoseTracker
from blazetrack.errors import InputError
from blazetrack.sources import open_source
from blazetrack.store import Store
from blazetrack.tracking.flow import Flow, merge_poses, needs_landmarks, parse_every
from blazetrack.types import Frame, Poses
from tests.conftest import MakePeople

NOISE = cv2.GaussianBlur(
    np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8), (0, 0), 6
)
NOISE = cv2.normalize(NOISE, None, 0, 255, cv2.NORM_MINMAX)


def moved(index: int, x: float = 0.0, y: float = 0.0) -> Frame:
    """A textured image, moved by so many pixels."""
    to = np.array([[1, 0, x], [0, 1, y]], np.float64)
    image = cv2.warpAffine(NOISE, to, (640, 480), borderMode=cv2.BORDER_REFLECT)
    return Frame(image, index, index / 30)


def spread(people: MakePeople, *circles: tuple[float, float, float]) -> Poses:
    """People whose keypoints are spread over their circles."""
    poses = people(*circles, ids=range(1, len(circles) + 1))
    angle = np.linspace(0, 2 * np.pi, 33, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    poses.landmarks_px[:] += 0.5 * poses.radius_px[:, None, None] * ring
    return poses


def shifted(poses: Poses, x: float, y: float) -> Poses:
    """The same people elsewhere."""
    shift = np.array([x, y])
    landmarks_px = poses.landmarks_px + np.array([x, y, 0])
    return replace(poses, landmarks_px=landmarks_px, alignment_px=poses.alignment_px + shift)


def test_flow_moves_points_and_region_by_the_motion_of_the_image(people: MakePeople) -> None:
    flow, poses = Flow(2), spread(people, (200, 240, 90), (450, 240, 90))
    assert flow(moved(0)) is None
    assert flow(moved(1), shifted(poses, -7, 4)) is None  # both people are new
    flowed = flow(moved(2, 7, -4), poses)
    assert flowed is not None
    assert np.allclose(flowed.landmarks_px, poses.landmarks_px + np.array([7, -4, 0]), atol=0.5)
    assert np.allclose(flowed.alignment_px, poses.alignment_px + np.array([7, -4]), atol=0.5)
    for name in ("ids", "visibility", "presence", "scores", "world_landmarks_m"):
        assert (getattr(flowed, name) == getattr(poses, name)).all()


@pytest.mark.parametrize("every", [1, 2, 3])
def test_flow_every_n_runs_the_network_in_every_nth_frame(people: MakePeople, every: int) -> None:
    flow, poses = Flow(every), spread(people, (300, 240, 90))
    flow(moved(0), poses)
    due = [flow(moved(i), poses) is None for i in range(1, 13)]
    assert due == ([False] * (every - 1) + [True]) * (12 // every)


def test_flow_auto_is_at_most_three_frames_in_a_row(people: MakePeople) -> None:
    flow, poses = Flow("auto"), spread(people, (300, 240, 90))
    flow(moved(0), poses)
    due = [flow(moved(i), poses) is None for i in range(1, 9)]
    assert due == [False, False, False, True] * 2


@pytest.mark.parametrize(("every", "passed"), [(2, 4), (3, 4), (7, 6), ("auto", 3)])
def test_flow_after_early_network_runs_more_frames_pass_without_it(
    people: MakePeople, every: int | str, passed: int
) -> None:
    flow, poses = Flow(every), spread(people, (300, 240, 90))
    flow(moved(0), poses)
    for i in range(1, 9):  # nothing is found again
        noise = np.random.default_rng(i).integers(0, 256, NOISE.shape, dtype=np.uint8)
        assert flow(Frame(noise, i, i / 30), poses) is None
    assert flow(moved(9), poses) is None
    due = [flow(moved(i), poses) is None for i in range(10, 11 + passed)]
    assert due == [False] * passed + [True]


@pytest.mark.parametrize("every", [4, "auto"])
def test_flow_new_scene_or_size_or_people_needs_the_network(
    people: MakePeople, every: int | str
) -> None:
    flow, poses = Flow(every), spread(people, (300, 240, 90))
    other = Frame(np.random.default_rng(2).integers(0, 256, NOISE.shape, dtype=np.uint8), 1)
    small = Frame(np.ascontiguousarray(NOISE[:100]), 1)
    flow(moved(0), poses)
    assert flow(other, poses) is None
    assert flow(small, poses) is None
    flow.reset()
    assert flow(moved(0), poses) is None
    assert flow(moved(1), poses) is not None
    assert flow(moved(2), spread(people, (300, 240, 90), (100, 240, 90))) is None
    assert flow(moved(3), poses.take([])) is None
    assert flow(moved(4), None) is None


def test_flow_keypoint_outside_of_the_image_moves_with_the_others(people: MakePeople) -> None:
    flow, poses = Flow(2), spread(people, (300, 240, 90))
    poses.landmarks_px[0, 3, :2] = -50, 900
    flow(moved(0), shifted(poses, -5, -3))
    flowed = flow(moved(1, 5, 3), poses)
    assert flowed is not None
    assert np.allclose(flowed.landmarks_px[0, 3, :2], (-45, 903), atol=0.5)


def test_flow_keypoints_that_do_not_move_on_as_before_need_the_network(people: MakePeople) -> None:
    poses = spread(people, (300, 240, 90))
    for count, due in ((2, False), (12, True)):  # of 33 keypoints
        before = poses.landmarks_px.copy()
        before[0, :count, 0] -= 40  # fast hands, which the image does not show
        flow = Flow(2)
        flow(moved(0))
        flow(moved(1), replace(poses, landmarks_px=before))
        assert (flow(moved(2), poses) is None) == due


def test_flow_tiny_image_needs_the_network(people: MakePeople) -> None:
    flow, poses = Flow(2), people((0, 0, 1), ids=[1])
    dot = Frame(np.zeros((1, 1, 3), np.uint8))
    assert [flow(dot, poses) for _ in range(3)] == [None] * 3


def test_merge_poses_prefers_flowed_people(people: MakePeople) -> None:
    one, two = people((9, 9, 9)), people((5, 5, 5))
    assert merge_poses(one, two) is two
    assert merge_poses(one, None) is merge_poses(one, two.take([])) is one
    assert merge_poses(None, None) is None
    assert needs_landmarks(None)
    assert needs_landmarks(one.take([]))
    assert not needs_landmarks(one)


@pytest.mark.parametrize("wrong", [0, -2, "0", "often", "1.5", ""])
def test_parse_every_wrong_value_is_one_line(wrong: int | str) -> None:
    with pytest.raises(InputError, match="every: expected a number of frames from 1, or auto"):
        parse_every(wrong)


def test_parse_every_number_or_auto() -> None:
    assert [parse_every(value) for value in (1, "3", " 2 ", "auto")] == [1, 3, 2, "auto"]


def tracked(clip: str, store: Store, **options: Any) -> tuple[list[Poses], int]:
    """The poses of each frame, and the number of runs of the landmark network on tracked people."""
    with open_source(clip) as source, PoseTracker(store=store, **options) as tracker:
        return [tracker(frame) for frame in source], tracker.runs["tracked_landmarks"]


@pytest.mark.parametrize(("people", "scene"), [(1, "squats"), (2, "crowd")])
def test_tracker_every_is_near_the_result_of_every_frame(
    weights: Store, people: int, scene: str
) -> None:
    extra = "&people=2" if scene == "crowd" else ""
    clip = f"synthetic:{scene}?size=640x480&frames=60{extra}"
    want, all_runs = tracked(clip, weights, people=people)
    for every, max_share in (("2", 0.7), ("auto", 0.8)):
        got, runs = tracked(clip, weights, people=people, every=every)
        assert runs <= max_share * all_runs
        near = [share_near(one, other) for one, other in zip(want, got, strict=True)]
        assert np.mean(near) >= 0.97


def share_near(want: Poses, got: Poses) -> float:
    """Share of the points of `want` within 0.1 torso in `got`; the same people in both."""
    assert want.ids.tolist() == got.ids.tolist()
    xy = want.landmarks_px[..., :2]
    torso = np.hypot(*(xy[:, [11, 12]] - xy[:, [24, 23]]).T).max(axis=0)
    error = np.hypot(*(xy - got.landmarks_px[..., :2]).T).T
    return float((error <= 0.1 * torso[:, None]).mean()) if len(want) else 1.0


def test_tracker_every_one_is_the_default_to_the_bit(weights: Store) -> None:
    clip = "synthetic?size=320x240&frames=6"
    (want, runs), (got, same_runs) = tracked(clip, weights), tracked(clip, weights, every=1)
    assert runs == same_runs == 5
    for one, other in zip(want, got, strict=True):
        assert (one.landmarks_px == other.landmarks_px).all()
