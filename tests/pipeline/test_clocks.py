"""Wrong times, second clips and cuts, seen from the tracker and in a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from blazetrack.sinks import open_sink
from blazetrack.types import Frame, Poses

COUNT = 40
TIMES = [i / 30 for i in range(COUNT)]
STAMPS = {
    "ahead": [3600.0 if i == 10 else time_s for i, time_s in enumerate(TIMES)],
    "behind": [-3600.0 if i == 10 else time_s for i, time_s in enumerate(TIMES)],
    "second clip": TIMES[:20] * 2,
    "set back": [time_s if i < 20 else time_s - 3600 for i, time_s in enumerate(TIMES)],
    "set ahead": [time_s if i < 20 else time_s + 1e9 for i, time_s in enumerate(TIMES)],
}


def stamped(toy: Any, stamps: Sequence[float], *discs: tuple[float, float]) -> list[Frame]:
    """Frames of people who are still but for a pixel of noise."""
    rng = np.random.default_rng(0)
    frames = []
    for index, time_s in enumerate(stamps):
        noisy = [(x + rng.integers(-1, 2), y + rng.integers(-1, 2)) for x, y in discs]
        frames.append(replace(toy.frame(index, *noisy), time_s=time_s))
    return frames


def movement(seen: list[Poses]) -> float:
    """Mean distance in pixels from frame to frame, of the last 15 frames."""
    places = np.array([poses.landmarks_px[0, 0, :2] for poses in seen[-16:]])
    return float(np.hypot(*np.diff(places, axis=0).T).mean())


@pytest.mark.parametrize("name", STAMPS)
@pytest.mark.parametrize("options", [{}, {"people": 2}, {"follow": "largest"}])
def test_tracker_wrong_times_keep_ids_and_smoothing(
    toy: Any, name: str, options: dict[str, Any]
) -> None:
    seen = {}
    for stamps in (TIMES, STAMPS[name]):
        with toy.tracker(**options) as tracker:
            poses = [tracker(frame) for frame in stamped(toy, stamps, (100, 80))]
        assert {tuple(one.ids.tolist()) for one in poses} == {(1,)}
        seen[stamps is TIMES] = movement(poses)
    assert seen[False] <= 1.5 * seen[True] + 0.01


@pytest.mark.parametrize("name", ["ahead", "behind"])
def test_tracker_wrong_time_keeps_a_hidden_person(toy: Any, name: str) -> None:
    with toy.tracker(people=2) as tracker:
        for index, frame in enumerate(stamped(toy, STAMPS[name], (80, 80), (240, 160))):
            hidden = 8 <= index < 14
            image = toy.picture((80, 80)) if hidden else frame.image
            poses = tracker(replace(frame, image=image))
    assert sorted(poses.ids.tolist()) == [1, 2]


@pytest.mark.parametrize("name", STAMPS)
def test_film_of_wrong_times_is_as_long_as_its_frames(toy: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / "film.mp4"
    with open_sink(path) as sink:
        for frame in stamped(toy, STAMPS[name], (100, 80)):
            sink.write(frame, Poses.empty())
    with av.open(str(path)) as film:
        times = [frame.time for frame in film.decode(video=0)]
    assert np.diff(times) == pytest.approx(1 / 30, abs=0.02)
    assert times[-1] == pytest.approx(TIMES[-1], abs=0.05)


def room(toy: Any, seed: int, *discs: tuple[float, float]) -> np.ndarray:
    """A dark room, unlike that of another seed, with people in it."""
    small = np.random.default_rng(seed).integers(0, 100, (6, 8, 3)).astype(np.uint8)
    image: np.ndarray = cv2.resize(small, (toy.width, toy.height), interpolation=cv2.INTER_CUBIC)
    return np.maximum(np.minimum(image, 100), toy.picture(*discs))


@pytest.mark.parametrize(("people", "place"), [(1, (100, 80)), (2, (104, 84)), (1, (220, 150))])
def test_tracker_cut_to_another_scene_gives_new_ids(
    toy: Any, people: int, place: tuple[int, int]
) -> None:
    images = [room(toy, 1, (100, 80))] * 10 + [room(toy, 2, place)] * 10
    with toy.tracker(people=people) as tracker:
        ids = [tracker.process(image, i / 30).ids.tolist() for i, image in enumerate(images)]
    assert ids == [[1]] * 10 + [[2]] * 10


def test_tracker_cut_follows_the_largest_of_the_new_scene(toy: Any) -> None:
    images = [room(toy, 1, (100, 80))] * 5 + [room(toy, 2, (220, 150))] * 5
    with toy.tracker(follow="largest") as tracker:
        found = [len(tracker.process(image, i / 30)) for i, image in enumerate(images)]
    assert found == [1] * 10
