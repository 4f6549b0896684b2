"""The live view: what is mirrored, what stands beside the picture, what is written on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blazetrack.render import draw_poses
from blazetrack.types import Poses
from blazetrack.views.live import draw_live, mirrored

KEYS = [("h", "this list"), ("q", "quit")]


def picture(height: int = 480, width: int = 640) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.integers(90, 110, (height, width, 3), np.uint8)


def test_draw_live_by_default_equals_draw_poses(people: Any) -> None:
    poses = people((200, 300, 90), ids=[1])
    assert (draw_live(picture(), poses) == draw_poses(picture(), poses)).all()


def test_mirrored_flips_image_and_people(people: Any) -> None:
    poses = people((200, 300, 90), ids=[1])
    image, there = mirrored(picture(), poses)
    assert (image[:, 0] == picture()[:, -1]).all()
    assert (there.landmarks_px[..., 0] == 639 - 200).all()
    assert (there.alignment_px[..., 0] == 639 - 200).all()
    assert there.radius_px == pytest.approx(poses.radius_px)
    image, back = mirrored(image, there)
    assert (image == picture()).all()
    assert (back.landmarks_px == poses.landmarks_px).all()


def test_draw_live_mirror_keeps_colours_and_text(people: Any) -> None:
    poses = people((200, 300, 90), ids=[1])
    words = draw_live(picture(), Poses.empty(), mirror=True, notes=["30 FPS"])[:24]
    unmirrored = draw_live(picture(), Poses.empty(), notes=["30 FPS"])[:24]
    assert ((words.min(axis=2) > 200) == (unmirrored.min(axis=2) > 200)).mean() > 0.999
    drawn = draw_live(picture(), poses, mirror=True)
    there = mirrored(picture(), poses)
    assert (drawn == draw_poses(*there)).all()


def test_draw_live_enlarges_small_image(people: Any) -> None:
    drawn = draw_live(picture(120, 160), people((40, 60, 20), ids=[1]))
    assert drawn.shape == (480, 640, 3)
    inked = np.abs(drawn.astype(int) - 100).max(axis=2) > 40
    assert inked[230:250, 150:170].any()  # four times 40, 60
    assert not inked[400:].any()


def test_draw_live_world_view_is_beside_the_image(people: Any) -> None:
    poses = people((200, 300, 90), ids=[1])
    drawn = draw_live(picture(), poses, turn_rad=0.0)
    assert drawn.shape[0] == 480
    assert drawn.shape[1] > 640
    assert (drawn[:, :640] == draw_live(picture(), poses)).all()


def test_draw_live_note_colours_show_urgency() -> None:
    for note, channels in (("plain", (1, 1, 1)), ("!REC", (1, 0, 0)), ("~paused", (1, 1, 0))):
        strip = draw_live(picture(), Poses.empty(), notes=[note])[:30].reshape(-1, 3).astype(int)
        brightest = strip[strip.sum(axis=1).argmax()]
        assert tuple(int(value > 170) for value in brightest) == channels


@pytest.mark.parametrize("size", [(480, 640), (1, 1), (30, 2000), (2000, 30), (1080, 1920)])
def test_draw_live_any_size(size: tuple[int, int], people: Any) -> None:
    poses = people((20, 10, 9), (40, 10, 9), ids=[1, 2])
    drawn = draw_live(
        picture(*size),
        poses,
        mirror=True,
        boxes=True,
        turn_rad=0.4,
        notes=["a note that is rather long for a small picture", "!REC 0:10"],
        keys=KEYS,
    )
    assert drawn.shape[0] >= 480
    assert drawn.shape[1] / drawn.shape[0] > size[1] / size[0]


def test_input_is_not_modified(people: Any) -> None:
    image = picture()
    image.setflags(write=False)
    poses = people((200, 300, 90), ids=[1])
    before = replace(poses, landmarks_px=poses.landmarks_px.copy())
    draw_live(image, poses, mirror=True, notes=["x"], keys=KEYS)
    assert (image == picture()).all()
    assert (poses.landmarks_px == before.landmarks_px).all()
