"""The drawn person: same seed same pixels, and the truth lies where the paint lies."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np
import pytest

from blazetrack.errors import InputError, SourceError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import open_source
from blazetrack.sources.synthetic import SCENES, SyntheticSource
from blazetrack.synthetic.body import Build, Place, solve
from blazetrack.synthetic.motion import EXERCISES, Stance, exercise, sidestep, stand

SIZES = [(64, 64), (320, 240), (480, 640), (1280, 720), (1001, 333), (64, 640)]


def test_same_seed_gives_same_pixels() -> None:
    one, two = (SyntheticSource(frames=40, size=(320, 240), seed=3) for _ in range(2))
    assert np.array_equal(one.frame(17).image, two.frame(17).image)


def test_another_seed_gives_another_picture() -> None:
    one, two = (SyntheticSource(frames=9, size=(320, 240), seed=seed) for seed in (1, 2))
    assert not np.array_equal(one.frame(5).image, two.frame(5).image)
    assert not np.array_equal(one.truth(5).landmarks_px, two.truth(5).landmarks_px)


@pytest.mark.parametrize("scene", ["exercises", "still"])
def test_any_frame_can_be_drawn_first(scene: str) -> None:
    inorder = list(SyntheticSource(scene, frames=6, size=(160, 120)))
    source = SyntheticSource(scene, frames=6, size=(160, 120))
    for index in (5, 0, 3):
        assert np.array_equal(source.frame(index).image, inorder[index].image)


def test_iteration_gives_exactly_the_frames_asked_for_and_starts_over() -> None:
    with SyntheticSource(frames=7, size=(160, 120), fps=25.0) as source:
        for _ in range(2):
            frames = list(source)
            assert [frame.index for frame in frames] == list(range(7))
            assert [frame.time_s for frame in frames] == [index / 25.0 for index in range(7)]
        assert source.info.frames == 7
        assert source.info.kind == "synthetic"


@pytest.mark.parametrize("size", SIZES)
def test_the_person_stays_whole_inside_pictures_of_any_size(size: tuple[int, int]) -> None:
    source = SyntheticSource(frames=400, size=size, seed=4)
    assert source.frame(0).image.shape == (size[1], size[0], 3)
    for index in range(0, 400, 5):
        truth = source.truth(index)
        assert truth.landmarks_px.shape == (1, 33, 2)
        assert truth.whole.all()
        assert truth.visible.all()
        assert truth.ids.tolist() == [1]


def test_who_faces_the_camera_has_the_left_side_on_the_right_of_the_picture() -> None:
    truth = SyntheticSource(frames=1).truth(0)
    x = truth.landmarks_px[0, :, 0]
    for name in ("shoulder", "hip", "ear", "eye", "ankle"):
        left, right = BLAZEPOSE33.index(f"left_{name}"), BLAZEPOSE33.index(f"right_{name}")
        assert x[left] > x[right]


@pytest.mark.parametrize("seed", range(4))
def test_skin_is_painted_where_the_truth_says_skin_is(seed: int) -> None:
    source = SyntheticSource("raises", frames=60, size=(640, 480), seed=seed)
    empty = SyntheticSource("raises", frames=60, size=(640, 480), seed=seed)
    actor = source._stage(0).actors[0]
    for index in (0, 15, 30):
        image, truth = source.frame(index).image.astype(int), source.truth(index)
        behind = empty._stage(0).room.astype(int)
        for name in ("left_index", "right_index", "left_ear", "left_thumb", "nose"):
            x, y = np.rint(truth.landmarks_px[0, BLAZEPOSE33.index(name)]).astype(int)
            around = image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3)
            near = np.abs(around - actor.look.skin).max(1).min()
            assert near < 50, (name, index)
            assert np.abs(image[y, x] - behind[y, x]).max() > 8, (name, index)


def test_one_who_leaves_is_gone_for_a_while_and_comes_back_whole() -> None:
    source = SyntheticSource("leaves", frames=300, size=(640, 480))
    truths = [source.truth(index) for index in range(300)]
    states = ["away" if not len(t) else "whole" if t.whole[0] else "partly" for t in truths]
    runs = [(state, len(list(run))) for state, run in groupby(states)]
    assert [state for state, _ in runs] == ["whole", "partly", "away", "partly", "whole"]
    assert dict(runs[2:3])["away"] > 30
    partly = next(t for t, state in zip(truths, states, strict=True) if state == "partly")
    assert not partly.whole.any()


def test_while_away_nothing_of_the_person_is_painted() -> None:
    source = SyntheticSource("leaves", frames=300, size=(320, 240))
    index = next(i for i in range(300) if not len(source.truth(i)))
    room = source._stage(0).room.astype(int)
    noise = (source.frame(index).image.astype(int) - room)[:200]  # below may lie a shadow
    assert noise.min() >= 0
    assert noise.max() <= 8


def test_nobody_is_in_an_empty_room() -> None:
    truth = SyntheticSource("empty", frames=2).truth(1)
    assert len(truth) == 0
    assert truth.landmarks_px.shape == (0, 33, 2)
    assert truth.visible.shape == (0, 33)


def test_stills_show_another_person_in_every_frame() -> None:
    source = SyntheticSource("still", frames=12)
    looks = {source._stage(index).actors[0].look for index in range(12)}
    assert len(looks) == 12
    assert all(source.truth(index).whole[0] for index in range(12))


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_begins_and_ends_at_rest(name: str) -> None:
    move, seconds = EXERCISES[name]
    rest = solve(Build(), stand()).points
    for u in (0.0, 1.0):
        assert np.abs(solve(Build(), move(u)).points - rest).max() < 1e-9
    assert np.abs(solve(Build(), move(1e-3)).points - rest).max() < 1e-3
    assert np.isfinite(solve(Build(), exercise(0.4 * seconds, name)).points).all()


def test_limbs_keep_their_length() -> None:
    build = Build()
    for time_s in np.arange(0.0, 13.0, 0.1):
        xyz = solve(build, exercise(float(time_s))).points
        for a, b, length in (
            *((11, 13, build.upper_arm), (14, 16, build.forearm), (23, 25, build.leg)),
            *((24, 26, build.leg), (25, 27, build.leg), (26, 28, build.leg)),
        ):
            assert np.linalg.norm(xyz[a] - xyz[b]) == pytest.approx(length)


@pytest.mark.parametrize("name", EXERCISES)
def test_movements_have_no_jump_in_speed(name: str) -> None:
    seconds = EXERCISES[name][1]
    times = np.arange(-0.1, seconds + 0.1, 1 / 600)
    xyz = np.stack([solve(Build(), exercise(float(t), name)).points for t in times])
    assert np.abs(np.diff(xyz, 2, axis=0)).max() * 600**2 < 26.0  # body heights per s²


@pytest.mark.parametrize("move", [*(move for move, _ in EXERCISES.values()), sidestep])
def test_the_legs_reach_where_the_feet_are_put(move: Callable[[float], Stance]) -> None:
    rest = solve(Build(), stand()).points[27:29]
    for u in np.linspace(0.0, 1.0, 60):
        stance = move(float(u))
        assert np.abs(solve(Build(), stance).points[27:29] - rest - stance.feet).max() < 1e-9


def test_projection_puts_the_ground_point_at_its_place() -> None:
    joints = Place(200.0, 400.0, 300.0).project(solve(Build(), stand()))
    feet = joints.points[29:33, :2]
    assert feet[:, 0].mean() == pytest.approx(200.0)
    assert np.abs(feet[:, 1] - 400.0).max() < 12.0
    assert joints.points[0, 1] < joints.points[11, 1] < joints.points[23, 1] < 400.0


@pytest.mark.parametrize(
    ("text", "name", "size", "fps", "frames"),
    [
        ("synthetic", "synthetic:exercises", (640, 480), 30.0, 300),
        ("synthetic:squats", "synthetic:squats", (640, 480), 30.0, 300),
        ("synthetic:wave?frames=5", "synthetic:wave", (640, 480), 30.0, 5),
        (
            "synthetic?frames=9&size=1280x720&seed=1&scene=leaves&fps=25",
            *("synthetic:leaves", (1280, 720), 25.0, 9),
        ),
    ],
)
def test_a_text_opens_it(
    text: str, name: str, size: tuple[int, int], fps: float, frames: int
) -> None:
    info = open_source(text).info
    got = (info.name, (info.width, info.height), info.fps, info.frames)
    assert got == (name, size, fps, frames)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("synthetic:squat", "did you mean 'squats'"),
        ("synthetic:", "no scene ''"),
        ("synthetic?scene=waev", "did you mean 'wave'"),
        ("synthetic?frame=3", "did you mean 'frames'"),
        ("synthetic:wave?scene=squats", "given twice"),
        ("synthetic?frames=ten", "expected a whole number, got 'ten'"),
        ("synthetic?frames=0", "frames: expected 1 or more, got 0"),
        ("synthetic?size=640", "expected WIDTHxHEIGHT"),
        ("synthetic?size=1x1", "sides of 64 to 4096"),
        ("synthetic?fps=nan", "fps: expected over 0"),
        ("synthetic?seed=-1", "seed: expected 0 or more"),
    ],
)
def test_a_wrong_text_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        SyntheticSource.from_text(text)
    assert "\n" not in str(caught.value)


def test_a_frame_outside_the_clip_is_refused() -> None:
    source = SyntheticSource(frames=3)
    for index in (-1, 3):
        with pytest.raises(InputError, match="expected a frame of 0 to 2"):
            source.frame(index)


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_draws(scene: str) -> None:
    frames = list(SyntheticSource(scene, frames=3, size=(128, 96)))
    assert len(frames) == 3
    assert frames[0].image.std() > 5.0
