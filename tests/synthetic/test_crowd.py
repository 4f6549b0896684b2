"""Scenes of several drawn people: crossing, occlusion, leaving and returning, ids."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import SourceError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import open_source
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.synthetic import Truth, motion
from blazetrack.synthetic.body import Build, solve
from blazetrack.synthetic.paths import FAR, NEAR, Floor, Route
from blazetrack.synthetic.shapes import covered, paint

SIZE = (1280, 720)
SQUARE = np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])


def clip(scene: str, **options: Any) -> SyntheticSource:
    return SyntheticSource(scene, **{"size": SIZE, **options})


def tracks(source: SyntheticSource, every: int = 6) -> tuple[Any, list[Truth]]:
    """Middle of the hips per person and sampled frame, `(N, T, 2)`, NaN while away."""
    assert source.info.frames is not None
    truths = [source.truth(index) for index in range(0, source.info.frames, every)]
    paths = np.full((len(source.clip.scene(0).actors), len(truths), 2), np.nan)
    for column, truth in enumerate(truths):
        paths[truth.ids - 1, column] = truth.landmarks_px[:, 23:25].mean(axis=1)
    return paths, truths


def swaps(paths: Any) -> int:
    """Number of times that two visible people change sides."""
    off = np.stack([a[:, 0] - b[:, 0] for a, b in combinations(paths, 2)])
    return int(np.sum(off[:, 1:] * off[:, :-1] < 0))


@pytest.mark.parametrize("scene", ["crowd", "crossing"])
def test_crowd_frames_do_not_depend_on_their_order(scene: str) -> None:
    options = {"frames": 40, "size": (320, 180), "seed": 2, "people": 3}
    inorder = list(SyntheticSource(scene, **options))
    source = SyntheticSource(scene, **options)
    for index in (39, 0, 17):
        assert np.array_equal(source.frame(index).image, inorder[index].image)
        again = SyntheticSource(scene, **options).truth(index)
        assert np.array_equal(source.truth(index).landmarks_px, again.landmarks_px)


def test_crowd_truth_does_not_depend_on_later_frames() -> None:
    near, far = (clip("crowd", frames=900, seed=5) for _ in range(2))
    far.truth(899)
    assert np.array_equal(near.truth(400).landmarks_px, far.truth(400).landmarks_px)


@pytest.mark.parametrize("people", range(1, 7))
def test_crowd_with_people_option_has_that_many_actors(people: int) -> None:
    actors = clip("crowd", people=people, seed=people).clip.scene(0).actors
    assert sorted(actor.id for actor in actors) == list(range(1, people + 1))
    assert len({actor.look.shirt for actor in actors}) == people


def test_crowd_default_is_two_to_six_people_and_crossing_two() -> None:
    counts = {len(clip("crowd", seed=seed).clip.scene(0).actors) for seed in range(30)}
    assert counts == {2, 3, 4, 5, 6}
    assert len(clip("crossing").clip.scene(0).actors) == 2
    assert len(clip("crossing", people=4).clip.scene(0).actors) == 4


@pytest.mark.parametrize("seed", range(6))
def test_crowd_people_cross_without_jumps(seed: int) -> None:
    paths, truths = tracks(clip("crowd", seed=seed, people=2 + seed % 5), every=3)
    assert swaps(paths) >= 2
    assert max(len(truth) for truth in truths) == len(paths)
    step = np.linalg.norm(np.diff(paths, axis=1), axis=2)
    assert np.nanmax(step) < 0.76 * SIZE[1] * 1.6 * 3 / 30  # body heights per second


def test_crowd_person_who_returns_keeps_the_id() -> None:
    returned = 0
    for seed in range(6):
        paths, _ = tracks(clip("crowd", seed=seed), every=10)
        here = ~np.isnan(paths[:, :, 0])
        returned += any(
            (np.diff(np.flatnonzero(row)) > 1).any()  # seen, then not, then seen
            for row in here
        )
    assert returned >= 4


@pytest.mark.parametrize("seed", range(4))
def test_crowd_nearer_people_are_larger_and_lower(seed: int) -> None:
    source = clip("crowd", seed=seed, people=6)
    for index in (0, 100, 200, 299):
        places = [actor.pose(index)[0] for actor in source.clip.scene(0).actors]
        heights, grounds = [p.height_px for p in places], [p.y_px for p in places]
        assert heights == sorted(heights)
        assert grounds == sorted(grounds)
        assert all(0.40 * SIZE[1] < tall < 0.75 * SIZE[1] for tall in heights)


@pytest.mark.parametrize("seed", range(8))
def test_crossing_people_are_apart_before_and_after(seed: int) -> None:
    source = clip("crossing", seed=seed)
    boxes = []
    for index in (*range(0, 31, 10), *range(269, 300, 10)):
        truth = source.truth(index)
        assert truth.ids.tolist() == [1, 2]
        assert truth.whole.all()
        assert truth.visible.all()
        x = truth.landmarks_px[:, :, 0]
        left = x[:, 0].argmin()
        assert x[left].max() < x[1 - left].min()
        boxes.append(left)
    assert boxes == [boxes[0]] * 4 + [1 - boxes[0]] * 4
    hidden = [(~source.truth(index).visible).sum() for index in range(60, 240, 3)]
    assert max(hidden) >= 5


def test_crossing_front_person_varies_with_the_seed() -> None:
    scenes = [clip("crossing", seed=seed).clip.scene(0) for seed in range(12)]
    assert {scene.actors[-1].id for scene in scenes} == {1, 2}


def test_covered_finds_the_points_inside_shapes() -> None:
    points = np.array([(5.0, 5.0), (15.0, 5.0), (10.0, 3.0), (-0.1, 5.0), (24.0, 24.0)])
    shapes = [(SQUARE, (0, 0, 0)), (SQUARE + 20.0, (0, 0, 0))]
    assert covered(points, shapes).tolist() == [True, False, True, False, True]
    assert not covered(points, []).any()
    triangle = [(SQUARE[:3], (0, 0, 0))]  # inside its box is not inside it
    assert covered(np.array([(8.0, 2.0), (2.0, 8.0)]), triangle).tolist() == [True, False]


@pytest.mark.parametrize("seed", [0, 3])
def test_truth_joints_under_a_nearer_person_are_hidden(seed: int) -> None:
    source = clip("crossing", seed=seed)
    far, near = source.clip.scene(0).actors
    index = max(range(60, 240, 5), key=lambda i: int((~source.truth(i).visible).sum()))
    truth = source.truth(index)
    rows = {int(number): row for row, number in enumerate(truth.ids)}
    assert truth.visible[rows[near.id]].all()
    hidden = ~truth.visible[rows[far.id]]
    assert hidden.any()
    over = np.zeros((*SIZE[::-1], 3), np.uint8)
    paint(over, [(corners, (255, 255, 255)) for corners, _ in near.pose(index)[2]])
    x, y = np.rint(truth.landmarks_px[rows[far.id]]).astype(int).T
    assert (over[y, x, 0] > 0)[hidden].all()
    assert (over[y, x, 0] < 255)[~hidden].all()


def test_truth_without_the_nearer_person_is_visible() -> None:
    source = clip("crossing", seed=0)
    scene = source.clip.scene(0)
    index = max(range(60, 240, 5), key=lambda i: int((~source.truth(i).visible).sum()))
    source.clip.scene = lambda number: replace(scene, actors=scene.actors[:1])  # type: ignore[assignment,method-assign]
    assert source.truth(index).visible.all()


@pytest.mark.parametrize("size", [(64, 64), (320, 240), (480, 640), (1001, 333), (64, 640)])
@pytest.mark.parametrize("scene", ["crowd", "crossing"])
@pytest.mark.parametrize("frames", [1, 20])
def test_crowd_at_any_size_and_length_draws(scene: str, size: tuple[int, int], frames: int) -> None:
    source = SyntheticSource(scene, frames=frames, size=size, people=6, seed=1)
    for index in {0, frames - 1}:
        truth = source.truth(index)
        assert source.frame(index).image.shape == (size[1], size[0], 3)
        assert np.isfinite(truth.landmarks_px).all()
        assert truth.visible.shape == (len(truth), 33)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("synthetic:crowd?people=7", "people: expected 1 to 6 in 'crowd', got 7"),
        ("synthetic:crowd?people=0", "people: expected 1 to 6 in 'crowd', got 0"),
        ("synthetic:crossing?people=1", "people: expected 2 to 6 in 'crossing', got 1"),
        ("synthetic:squats?people=2", "expected 1 in 'squats' (try 'crowd'), got 2"),
        ("synthetic?people=2", "expected 1 in 'exercises' (try 'crowd'), got 2"),
        ("synthetic:empty?people=1", "expected 0 in 'empty' (try 'crowd'), got 1"),
        ("synthetic:crowd?people=many", "expected a whole number, got 'many'"),
    ],
)
def test_open_source_with_a_wrong_number_of_people_is_refused(text: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(text)
    assert message in str(caught.value)


def test_walk_planted_foot_does_not_slide() -> None:
    step = 0.36
    for part in np.linspace(0.0, 0.35, 8):  # of the stride, until the heel is lifted
        foot = motion.walk(float(part), step).feet[0]
        start = motion.walk(0.0, step).feet[0]
        assert foot[2] + 2 * step * part == pytest.approx(start[2])
        assert foot[1] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("step", [0.25, 0.42])
def test_walk_feet_stay_on_the_ground(step: float) -> None:
    rest = solve(Build(), motion.stand()).points
    for phase in np.linspace(0.0, 1.0, 50):
        stance = motion.walk(float(phase), step)
        points = solve(Build(), stance).points
        assert np.abs(points[27:29] - rest[27:29] - stance.feet).max() < 0.012
        assert points[29:33, 1].min() > -0.02
        assert points[29:33, 1].min() < 0.04


def test_walk_without_vigour_equals_stand() -> None:
    for field in ("pelvis", "feet", "arms", "trunk", "soles"):
        walked, stood = motion.walk(0.3, 0.4, 0.0), motion.stand()
        assert np.abs(getattr(walked, field) - getattr(stood, field)).max() < 1e-12


def test_solve_with_heading_turns_the_whole_body() -> None:
    build = Build()
    ahead = solve(build, motion.stand()).points
    assert np.array_equal(solve(build, replace(motion.stand(), heading=0.0)).points, ahead)
    right = solve(build, replace(motion.stand(), heading=np.pi / 2)).points
    nose, ear = BLAZEPOSE33.index("nose"), BLAZEPOSE33.index("left_ear")
    assert right[nose, 0] > right[ear, 0] + 0.04
    assert np.abs(right[:, 1] - ahead[:, 1]).max() < 1e-12
    lengths = [np.linalg.norm(p[:, None] - p, axis=2) for p in (ahead, right)]
    assert np.abs(lengths[0] - lengths[1]).max() < 1e-12


def test_route_speed_is_continuous_and_ends_at_rest() -> None:
    floor = Floor(*SIZE)
    route = Route(floor.spot(0.2, NEAR), 0.0)
    route.stay(0.5)
    route.walk(floor.spot(0.8, FAR), 0.9, 0.2)
    route.exercise("wave")
    times = np.arange(0.0, 12.0, 0.01)
    spots = np.array([route.leg(t).spot(t) for t in times])
    speeds = np.linalg.norm(np.diff(spots, axis=0), axis=1) / 0.01
    assert speeds.max() == pytest.approx(0.9, abs=0.01)
    assert np.abs(np.diff(speeds)).max() / 0.01 < 2.4
    assert spots[-1].tolist() == list(floor.spot(0.8, FAR))
    headings = [route.leg(t).stance(t).heading for t in times]
    assert np.abs(np.diff(headings)).max() / 0.01 < 4.5
    assert headings[0] == 0.0
    assert headings[-1] == 0.2
