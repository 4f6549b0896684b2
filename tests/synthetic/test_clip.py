"""Scenes of one drawn person: equal seeds give equal pixels, and the truth lies on the paint."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.synthetic import SCENES

SIZES = [(64, 64), (320, 240), (480, 640), (1280, 720), (1001, 333), (64, 640)]


def test_clip_with_equal_seeds_gives_equal_pixels() -> None:
    one, two = (SyntheticSource(frames=40, size=(320, 240), seed=3) for _ in range(2))
    assert np.array_equal(one.frame(17).image, two.frame(17).image)


def test_clip_with_other_seeds_gives_other_pixels() -> None:
    one, two = (SyntheticSource(frames=9, size=(320, 240), seed=seed) for seed in (1, 2))
    assert not np.array_equal(one.frame(5).image, two.frame(5).image)
    assert not np.array_equal(one.truth(5).landmarks_px, two.truth(5).landmarks_px)


@pytest.mark.parametrize("scene", ["exercises", "still"])
def test_clip_frames_do_not_depend_on_their_order(scene: str) -> None:
    inorder = list(SyntheticSource(scene, frames=6, size=(160, 120)))
    source = SyntheticSource(scene, frames=6, size=(160, 120))
    for index in (5, 0, 3):
        assert np.array_equal(source.frame(index).image, inorder[index].image)


@pytest.mark.parametrize("size", SIZES)
def test_exercises_at_any_size_show_the_whole_person(size: tuple[int, int]) -> None:
    source = SyntheticSource(frames=400, size=size, seed=4)
    assert source.frame(0).image.shape == (size[1], size[0], 3)
    for index in range(0, 400, 5):
        truth = source.truth(index)
        assert truth.landmarks_px.shape == (1, 33, 2)
        assert truth.whole.all()
        assert truth.visible.all()
        assert truth.ids.tolist() == [1]


def test_truth_of_a_frontal_person_has_left_joints_on_the_right() -> None:
    truth = SyntheticSource(frames=1).truth(0)
    x = truth.landmarks_px[0, :, 0]
    for name in ("shoulder", "hip", "ear", "eye", "ankle"):
        left, right = BLAZEPOSE33.index(f"left_{name}"), BLAZEPOSE33.index(f"right_{name}")
        assert x[left] > x[right]


@pytest.mark.parametrize("seed", range(4))
def test_truth_of_bare_joints_lies_on_skin_pixels(seed: int) -> None:
    source = SyntheticSource("raises", frames=60, size=(640, 480), seed=seed)
    empty = SyntheticSource("raises", frames=60, size=(640, 480), seed=seed)
    actor = source.clip.scene(0).actors[0]
    for index in (0, 15, 30):
        image, truth = source.frame(index).image.astype(int), source.truth(index)
        behind = empty.clip.scene(0).room.astype(int)
        for name in ("left_index", "right_index", "left_ear", "left_thumb", "nose"):
            x, y = np.rint(truth.landmarks_px[0, BLAZEPOSE33.index(name)]).astype(int)
            around = image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3)
            near = np.abs(around - actor.look.skin).max(1).min()
            assert near < 50, (name, index)
            assert np.abs(image[y, x] - behind[y, x]).max() > 8, (name, index)


def test_leaves_truth_is_whole_then_empty_then_whole() -> None:
    source = SyntheticSource("leaves", frames=300, size=(640, 480))
    truths = [source.truth(index) for index in range(300)]
    states = ["away" if not len(t) else "whole" if t.whole[0] else "partly" for t in truths]
    runs = [(state, len(list(run))) for state, run in groupby(states)]
    assert [state for state, _ in runs] == ["whole", "partly", "away", "partly", "whole"]
    assert dict(runs[2:3])["away"] > 30
    partly = next(t for t, state in zip(truths, states, strict=True) if state == "partly")
    assert not partly.whole.any()


def test_leaves_without_truth_paints_no_person() -> None:
    source = SyntheticSource("leaves", frames=300, size=(320, 240))
    index = next(i for i in range(300) if not len(source.truth(i)))
    room = source.clip.scene(0).room.astype(int)
    noise = (source.frame(index).image.astype(int) - room)[:200]  # below may lie a shadow
    assert noise.min() >= 0
    assert noise.max() <= 8


def test_empty_scene_has_empty_truth() -> None:
    truth = SyntheticSource("empty", frames=2).truth(1)
    assert len(truth) == 0
    assert truth.landmarks_px.shape == (0, 33, 2)
    assert truth.visible.shape == (0, 33)


def test_still_changes_the_person_every_frame() -> None:
    source = SyntheticSource("still", frames=12)
    looks = {source.clip.scene(index).actors[0].look for index in range(12)}
    assert len(looks) == 12
    assert all(source.truth(index).whole[0] for index in range(12))


@pytest.mark.parametrize("scene", SCENES)
def test_scene_draws(scene: str) -> None:
    frames = list(SyntheticSource(scene, frames=3, size=(128, 96)))
    assert len(frames) == 3
    assert frames[0].image.std() > 5.0
