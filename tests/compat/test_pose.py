"""`Pose`: MediaPipe's arguments and results over the legacy parity graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from blazetrack import PoseTracker, open_source
from blazetrack.compat.mediapipe import solutions
from blazetrack.compat.mediapipe.solutions import pose as mp_pose
from blazetrack.errors import InputError, MissingAttribute
from blazetrack.store import Store


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    with open_source("synthetic?frames=3") as source:
        return [frame.image for frame in source]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The arguments that reach the tracker."""
    taken: dict[str, Any] = {}

    def track(model: str, **options: Any) -> object:
        taken.update(options, model=model)
        return object()

    monkeypatch.setattr(mp_pose, "PoseTracker", track)
    return taken


def test_landmark_names_and_connections_are_those_of_mediapipe() -> None:
    assert mp_pose.PoseLandmark.LEFT_KNEE == mp_pose.PoseLandmark.LEFT_KNEE.value == 25
    assert [one.name for one in mp_pose.PoseLandmark][::16] == [
        "NOSE", "RIGHT_WRIST", "RIGHT_FOOT_INDEX",
    ]  # fmt: skip
    assert len(mp_pose.POSE_CONNECTIONS) == 35
    assert (11, 12) in mp_pose.POSE_CONNECTIONS


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"model": "full", "static": False, "masks": False, "smoothing": None}),
        ((True, 2, False), {"model": "heavy", "static": True, "smoothing": "off"}),
        (
            (False, 0, True, True, True, 0.7, 0.6),
            {"model": "lite", "masks": True, "min_detection": 0.7, "min_tracking": 0.6},
        ),
        (  # before 0.8.8
            (False, 1, True, 0.7, 0.6),
            {"model": "full", "masks": False, "min_detection": 0.7, "min_tracking": 0.6},
        ),
        (  # before 0.8.4: upper_body_only in the second place
            (False, False, True, 0.7, 0.6),
            {"model": "full", "masks": False, "min_detection": 0.7, "min_tracking": 0.6},
        ),
    ],
)
def test_pose_takes_positional_arguments_of_every_release(
    given: dict[str, Any], arguments: tuple[Any, ...], expected: dict[str, Any]
) -> None:
    mp_pose.Pose(*arguments)
    assert given["graph"] == "mediapipe_legacy"
    assert {key: given[key] for key in expected} == expected


def test_pose_refuses_another_complexity() -> None:
    with pytest.raises(InputError, match="model_complexity: expected 0, 1 or 2, got 3"):
        mp_pose.Pose(model_complexity=3)


def test_process_gives_the_numbers_of_the_legacy_graph(
    weights: Store, frames: list[np.ndarray]
) -> None:
    height, width, _ = frames[0].shape
    size = np.array([width, height, width])
    with mp_pose.Pose() as pose, PoseTracker("full", graph="mediapipe_legacy") as tracker:
        for index, image in enumerate(frames):
            results = pose.process(image)
            poses = tracker.process(image, index / 30)
            found = results.pose_landmarks.landmark
            unit = np.array([(one.x, one.y, one.z) for one in found])
            metres = [(one.x, one.y, one.z) for one in results.pose_world_landmarks.landmark]
            assert np.array_equal(unit, (poses.landmarks_px[0] / size).astype(np.float32))
            assert np.array_equal(metres, poses.world_landmarks_m[0].astype(np.float32))
            assert [one.visibility for one in found] == list(poses.visibility[0].astype(np.float32))
            assert not found[0].HasField("presence")
            assert results.segmentation_mask is None


def test_process_without_person_gives_none_and_reset_starts_anew(
    weights: Store, frames: list[np.ndarray]
) -> None:
    with mp_pose.Pose(enable_segmentation=True) as pose:
        assert pose.process(np.full((100, 100, 3), 255, np.uint8)) == (None, None, None)
        first = pose.process(frames[0])
        assert first.segmentation_mask.shape == frames[0].shape[:2]
        assert first.segmentation_mask.dtype == np.float32
        pose.process(frames[1])
        pose.reset()
        assert pose.process(frames[0]).pose_landmarks == first.pose_landmarks


def test_process_of_static_images_carries_nothing_over(
    weights: Store, frames: list[np.ndarray]
) -> None:
    with mp_pose.Pose(static_image_mode=True) as pose:
        first = pose.process(frames[0]).pose_landmarks
        pose.process(frames[2])
        assert pose.process(frames[0]).pose_landmarks == first


def test_process_with_upper_body_only_gives_25_landmarks(
    weights: Store, frames: list[np.ndarray]
) -> None:
    with mp_pose.Pose(False, True) as pose:
        results = pose.process(frames[0])
    assert len(results.pose_landmarks.landmark) == 25
    assert max(map(max, mp_pose.UPPER_BODY_POSE_CONNECTIONS)) < 25


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "expected an image, got NoneType"),
        (np.zeros((3, 3, 4), np.uint8), "Input image must contain three channel rgb data"),
        (np.zeros((3, 3), np.uint8), "Input image must contain three channel rgb data"),
        (np.zeros((3, 3, 3)), "uint8"),
    ],
)
def test_process_refuses_what_is_no_rgb_image(weights: Store, image: Any, message: str) -> None:
    with mp_pose.Pose() as pose, pytest.raises(InputError, match=message):
        pose.process(image)


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        (solutions, "holistic", "solutions.holistic is not in blazetrack, which has"),
        (solutions, "poses", "did you mean 'pose'"),
        (mp_pose, "PoseLandmarks", "did you mean 'PoseLandmark'"),
        (solutions.drawing_utils, "draw_landmark", "did you mean 'draw_landmarks'"),
    ],
)
def test_unknown_name_gives_an_error_that_names_the_page(
    module: Any, name: str, message: str
) -> None:
    with pytest.raises(MissingAttribute, match=message) as error:
        getattr(module, name)
    assert "docs/from_mediapipe.md" in str(error.value)
