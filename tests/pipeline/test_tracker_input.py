"""Which pictures and times a tracker takes, on toy networks."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.errors import InputError

KNOWN = ("mediapipe_legacy", "mediapipe_tasks", "pose", "pose_image", "pose_multi")


def test_process_without_time_uses_clock(toy: Any) -> None:
    ticks = iter([50.0, 50.1, 50.3])
    with toy.tracker(clock=lambda: next(ticks)) as tracker:
        for _ in range(3):
            assert len(tracker.process(toy.picture((100, 80)))) == 1
        assert tracker.time_faults == 0


@pytest.mark.parametrize(
    "image",
    [
        None,
        [[0]],
        np.zeros((240, 320), np.uint8),
        np.zeros((240, 320, 4), np.uint8),
        np.zeros((240, 320, 3), np.float32),
        np.zeros((240, 320, 3), np.int64),
        np.zeros((0, 320, 3), np.uint8),
        np.zeros((1, 240, 320, 3), np.uint8),
    ],
    ids=["none", "list", "grey", "rgba", "float", "int64", "empty", "batch"],
)
def test_process_wrong_array_is_an_error(toy: Any, image: Any) -> None:
    with toy.tracker() as tracker:
        with pytest.raises(InputError, match=r"Frame.image: expected"):
            tracker.process(image)
        assert len(tracker.process(toy.picture((100, 80)))) == 1


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -math.inf])
def test_process_non_finite_time_is_an_error(toy: Any, time_s: float) -> None:
    with toy.tracker() as tracker, pytest.raises(InputError, match="expected finite seconds"):
        tracker.process(toy.picture((100, 80)), time_s)


def test_process_array_layout_does_not_matter(toy: Any) -> None:
    image = toy.picture((100, 80))
    read_only = image.copy()
    read_only.setflags(write=False)
    wide = np.zeros((toy.height, 2 * toy.width, 3), np.uint8)
    wide[:, ::2] = image
    backward = np.ascontiguousarray(image[::-1, :, ::-1])[::-1, :, ::-1]
    with toy.tracker(graph="pose_image") as tracker:
        want = tracker.process(image, 0.0).landmarks_px
        for same in (read_only, wide[:, ::2], np.asfortranarray(image), backward):
            assert (tracker.process(same, 0.0).landmarks_px == want).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (10, 10000)])
@pytest.mark.parametrize("graph", KNOWN)
def test_process_odd_shapes_give_empty_results(
    toy: Any, graph: str, shape: tuple[int, int]
) -> None:
    with toy.tracker(graph=graph) as tracker:
        assert len(tracker.process(np.zeros((*shape, 3), np.uint8))) == 0


def test_process_accepts_changing_image_size(toy: Any) -> None:
    with toy.tracker() as tracker:
        tracker(toy.frame(0, (300, 200)))
        small = np.zeros((100, 80, 3), np.uint8)
        cv2.circle(small, (40, 50), toy.radius, (255, 255, 255), -1)
        poses = tracker.process(small, 1.0)
    np.testing.assert_allclose(poses.alignment_px[:, 0], [(40, 50)], atol=0.7)


def test_process_non_increasing_times_are_counted(toy: Any) -> None:
    with toy.tracker() as tracker:
        for time_s in (0.0, 0.0, -1.0, 0.5, 0.25, 1.0):
            poses = tracker.process(toy.picture((100, 80)), time_s)
            assert poses.ids.tolist() == [1]
            np.testing.assert_allclose(toy.places(poses), [(100, 80)], atol=1)
        assert tracker.time_faults == 3


def test_tracker_call_with_an_array_names_process(toy: Any) -> None:
    with toy.tracker() as tracker, pytest.raises(InputError, match=r"tracker\.process\(image_rgb"):
        tracker(toy.picture((100, 80)))


def test_poses_keypoint_without_a_person_names_the_form(toy: Any) -> None:
    with toy.tracker() as tracker:
        poses = tracker.process(toy.picture((100, 80)))
    with pytest.raises(InputError, match=r"poses\[0\]\['left_knee'\]"):
        poses["left_knee"]
