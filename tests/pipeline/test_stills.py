"""Single pictures in a tracker: each is treated on its own, on toy networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack import open_source
from blazetrack.errors import InputError

PLACES = [(60.0, 60.0), (100.0, 80.0), (290.0, 200.0)]


@pytest.fixture
def pictures(toy: Any, tmp_path: Path) -> Path:
    """A folder of pictures with one disc each."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, place in enumerate(PLACES):
        cv2.imwrite(str(folder / f"{number}.png"), toy.picture(place))
    return folder


def test_tracker_folder_of_pictures_equals_pose_image(toy: Any, pictures: Path) -> None:
    with toy.tracker() as tracker, toy.tracker(graph="pose_image") as single:
        for frame in open_source(pictures):
            assert frame.still
            poses, want = tracker(frame), single(frame)
            assert poses.ids.tolist() == want.ids.tolist() == [1]
            assert (poses.landmarks_px == want.landmarks_px).all()
        assert tracker.detector_runs == single.detector_runs == len(PLACES)
        assert tracker.time_faults == 0


def test_tracker_still_leaves_clip_untouched(toy: Any) -> None:
    clip = [toy.frame(i, (100 + 5 * i, 80)) for i in range(4)]
    with toy.tracker() as tracker:
        want = [tracker(frame).landmarks_px for frame in clip]
    with toy.tracker() as tracker:
        for frame, expected in zip(clip, want, strict=True):
            assert (tracker(frame).landmarks_px == expected).all()
            tracker(replace(toy.frame(0, (290, 200)), still=True))


@pytest.mark.parametrize("graph", [None, "pose", "pose_multi", "mediapipe_legacy"])
def test_tracker_still_of_any_graph_is_independent(toy: Any, graph: str | None) -> None:
    with toy.tracker(graph=graph) as tracker:
        want = tracker.process(toy.picture((100, 80)), still=True)
        tracker.process(toy.picture((90, 80)), still=True)
        again = tracker.process(toy.picture((100, 80)), still=True)
        assert again.ids.tolist() == want.ids.tolist() == [1]
        assert (again.landmarks_px == want.landmarks_px).all()
        assert tracker.detector_runs >= 3


def test_tracker_static_uses_pose_image(toy: Any) -> None:
    with toy.tracker(static=True, people=2, tiles=1) as tracker:
        assert tracker.graph.name == "pose_image"
        for place in PLACES:
            poses = tracker.process(toy.picture(place))
            assert poses.ids.tolist() == [1]
            np.testing.assert_allclose(toy.places(poses), [place], atol=1)


def test_tracker_options_apply_to_stills(toy: Any) -> None:
    with toy.tracker(min_detection=0.99) as tracker:
        assert len(tracker.process(toy.picture((100, 80)), still=True)) == 0
    with toy.tracker(
        options={
            "detect.min_score": 0.99,
            "orientations": [0],  # other orientations have a detector node of their own
            "smooth.preset": "mediapipe_tasks",
        }
    ) as tracker:
        assert len(tracker.process(toy.picture((100, 80)), still=True)) == 0
    with toy.tracker(people=2) as tracker:
        assert len(tracker.process(toy.picture((60, 60), (290, 200)), still=True)) == 2
        tracker.follow("largest")
        assert len(tracker.process(toy.picture((60, 60), (290, 200)), still=True)) == 1


def test_process_fps_makes_runs_equal(toy: Any) -> None:
    runs = []
    for _ in range(2):
        with toy.tracker(fps=25) as tracker:
            runs.append([tracker.process(toy.picture((100 + i, 80))) for i in range(15)])
    with toy.tracker() as tracker:
        runs.append([tracker.process(toy.picture((100 + i, 80)), i / 25) for i in range(15)])
    for first, *others in zip(*runs, strict=True):
        assert all((one.landmarks_px == first.landmarks_px).all() for one in others)


def test_process_loop_without_times_warns_once(toy: Any) -> None:
    tracker, image = toy.tracker(), toy.picture((100, 80))
    with pytest.warns(UserWarning, match=r"pass time_s=i/fps") as caught:
        loop = [tracker.process(image) for _ in range(40)]
    assert len(loop) == 40
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_process_with_times_or_stills_does_not_warn(toy: Any) -> None:
    with toy.tracker() as tracker:  # warnings are errors
        for i in range(40):
            tracker.process(toy.picture((100, 80)), i / 30)
            tracker.process(toy.picture((100, 80)), still=True)


@pytest.mark.parametrize("fps", [0, -1, 1001, float("nan")])
def test_tracker_fps_out_of_range_is_refused(toy: Any, fps: float) -> None:
    with pytest.raises(InputError, match="fps: expected over 0 and up to 1000"):
        toy.tracker(fps=fps)


def test_tracker_next_file_begins_anew(toy: Any) -> None:
    clips = [[toy.frame(i, (x + 5 * i, y)) for i in range(4)] for x, y in ((100, 80), (200, 160))]
    with toy.tracker() as tracker:
        alone = [tracker(frame) for frame in clips[1]]
    with toy.tracker() as tracker:
        for clip, name in zip(clips, ("a.mp4", "b.mp4"), strict=True):
            found = [tracker(replace(frame, file=name)) for frame in clip]
        assert tracker.time_faults == 0
    for one, other in zip(found, alone, strict=True):
        assert (one.landmarks_px == other.landmarks_px).all()
        assert one.ids.tolist() == other.ids.tolist() == [1]
