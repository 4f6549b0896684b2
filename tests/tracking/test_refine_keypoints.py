"""Nodes `keypoint_rois` and `refine_keypoints`: a disc is found again in the crop around it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.align.crop import Crop
from blazetrack.backends import FakeModel
from blazetrack.errors import ModelError
from blazetrack.geometry import apply, invert
from blazetrack.heads.displacement import encode
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.tracking.refine_keypoints import KeypointRois, RefineKeypoints
from blazetrack.types import Frame, Landmarks, Rois

THREE = Skeleton("three", ("a", "b", "c"))
PLACES = np.array(
    [[[90.0, 60.0], [150.0, 120.0], [70.0, 140.0]], [[230, 70], [260, 130], [215, 160]]]
)


def info(kind: str = "refinement", skeleton: Skeleton = THREE) -> ModelInfo:
    named = {"displacements": "displacements"}
    return ModelInfo(
        "mine",
        kind,
        (64, 64),
        (0, 1),
        "zero",
        named,
        skeleton,
        head="displacement",
        head_options={"region_percent": 40},
    )


def towards_light(pixels: np.ndarray) -> dict[str, Any]:
    """The displacement to the mean bright pixel, in all rows."""
    y, x = np.nonzero(pixels[..., 0] > 127)
    away = np.array([x.mean(), y.mean()]) - 32 if len(x) else np.zeros(2)
    return encode(np.tile(away, (3, 1)), info())


@pytest.fixture
def frame() -> Frame:
    image = np.zeros((200, 320, 3), np.uint8)
    for x, y in PLACES.reshape(-1, 2):
        cv2.circle(image, (int(x), int(y)), 3, (255, 255, 255), -1)
    return Frame(image)


def landmarks_near(places: np.ndarray, to_image: np.ndarray, off: np.ndarray) -> Landmarks:
    people, keypoints = places.shape[:2]
    xyz = np.zeros((people, keypoints, 3))
    xyz[..., :2] = apply(invert(to_image), places) + off
    ones = np.ones((people, keypoints))
    return Landmarks(xyz, xyz * 0, ones, ones, np.ones(people), np.arange(people), skeleton=THREE)


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.0])
@pytest.mark.parametrize("people", [0, 1, 2])
def test_refined_keypoints_lie_on_the_discs(frame: Frame, angle: float, people: int) -> None:
    rois = Rois(
        center_px=np.array([[105.0, 105.0], [235.0, 115.0]])[:people],
        size_px=np.full((people, 2), 150.0),
        angle_rad=np.full(people, angle),
        ids=np.zeros(people, np.int64),
    )
    crops, model = Crop(size=(100, 100))(frame, rois), FakeModel(info(), towards_light)
    off = np.random.default_rng(1).uniform(-6, 6, (people, 3, 2))
    found = landmarks_near(PLACES[:people], crops.to_image, off)
    around = KeypointRois(model)(found, crops)
    assert len(around) == 3 * people
    np.testing.assert_allclose(around.size_px, 60)
    refined = RefineKeypoints(model)(found, crops, Crop(model)(frame, around))
    assert model.runs == 3 * people
    got = apply(crops.to_image, refined.xyz_crop[..., :2])
    np.testing.assert_allclose(got, PLACES[:people], atol=1.0)
    if people:
        assert np.abs(apply(crops.to_image, found.xyz_crop[..., :2]) - PLACES[:people]).max() > 3


def test_refine_keypoints_uses_the_row_of_the_keypoint(frame: Frame) -> None:
    def rows(pixels: np.ndarray) -> dict[str, Any]:
        return encode(np.array([[1.0, 0], [0, 2], [3, 3]]), info())

    rois = Rois(np.array([[100.0, 100.0]]), np.full((1, 2), 160.0), np.zeros(1), np.zeros(1, int))
    crops, model = Crop(size=(160, 160))(frame, rois), FakeModel(info(), rows)
    found = landmarks_near(PLACES[:1], crops.to_image, np.zeros((1, 3, 2)))
    refined = RefineKeypoints(model)(
        found, crops, Crop(model)(frame, KeypointRois(model)(found, crops))
    )
    np.testing.assert_allclose(
        (refined.xyz_crop - found.xyz_crop)[0, :, :2], [[1, 0], [0, 2], [3, 3]], atol=1e-6
    )


@pytest.mark.parametrize("node", [KeypointRois, RefineKeypoints])
def test_model_of_another_kind_is_error(node: Any) -> None:
    with pytest.raises(ModelError, match=r"expected a refinement model, got mine \(landmarks\)"):
        node(FakeModel(info("landmarks"), towards_light))


def test_model_of_other_keypoints_is_error(frame: Frame) -> None:
    rois = Rois(np.array([[100.0, 100.0]]), np.full((1, 2), 160.0), np.zeros(1), np.zeros(1, int))
    crops = Crop(size=(160, 160))(frame, rois)
    found = landmarks_near(PLACES[:1], crops.to_image, np.zeros((1, 3, 2)))
    model = FakeModel(info(skeleton=BLAZEPOSE33), towards_light)
    around = Crop(model)(frame, KeypointRois(model)(found, crops))
    with pytest.raises(ModelError, match="mine refines 33 keypoints, got 3"):
        RefineKeypoints(model)(found, crops, around)
